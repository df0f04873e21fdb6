// SPDX-License-Identifier: GPL-2.0-only
#ifndef TANDEM_INFERENCE_CLIENT_H
#define TANDEM_INFERENCE_CLIENT_H

#include "model/core-pool.h"
#include "model/option-table.h"
#include "model/upload-connection.h"

#include "ns3/application.h"
#include "ns3/event-id.h"
#include "ns3/ipv4-address.h"
#include "ns3/nstime.h"
#include "ns3/traced-callback.h"

#include <functional>
#include <map>
#include <memory>
#include <vector>

namespace ns3::tandem
{

class GatewayProbe;
class RequestHeader;
class RequestLedger;
struct Request;
enum class RequestStatus : uint8_t;

/** A request that is not served by then is given up, s. */
constexpr double DEFAULT_TIMEOUT_S = 10.0;

/**
 * The application of one user: serves requests on the device (one core, first in, first out) or
 * sends them to a site, and gives up on those that take too long.
 */
class InferenceClient : public Application
{
  public:
    static TypeId GetTypeId();

    /**
     * Give it what it works with; all of it must outlive the client.
     * @param options what the options mean
     * @param sites the addresses of the remote sites, in their order
     * @param gateway watches the user's gateway
     * @param ledger keeps the books
     */
    void Attach(const OptionTable& options,
                std::vector<Ipv4Address> sites,
                GatewayProbe& gateway,
                RequestLedger& ledger);

    /** Open the connections to the sites, once; by itself unless ConnectAtStart is false. */
    void Connect();

    /** A request arrives now and is served by @p option; @p epoch is recorded with it. */
    void Issue(uint32_t option, uint32_t epoch);

    /** @return true when the connections to all sites are established */
    bool IsReady() const;

    /** @return the device's processor */
    const CorePool& GetDevice() const;

    /** @return the connection to a remote site */
    const UploadConnection& GetConnection(Site site) const;

    /** @return the option of the request issued last, -1 before the first one */
    int32_t GetLastOption() const;

    /**
     * Signature of the trace sources.
     *
     * @param request as the ledger knows it now
     */
    typedef void (*RequestTracedCallback)(const Request& request);

  private:
    struct Pending
    {
        Site site{DEVICE};
        CorePool::Job job{0}; //!< of the device, if it has a part in it
        bool uploads{false};  //!< whether the connection has it
        EventId timeout;
    };

    void DoDispose() override;
    void StartApplication() override;
    /** Work of the device on a request: all of it, or the first part of a split one. */
    CorePool::Job Compute(uint64_t requestId, double serviceS, std::function<void()> onEnd);
    void Upload(const RequestHeader& header);
    void Finish(uint64_t requestId);
    void GiveUp(uint64_t requestId);
    void Close(uint64_t requestId, RequestStatus status);

    uint32_t m_user; //!< attribute User
    Time m_timeout;  //!< attribute Timeout
    std::vector<Ipv4Address> m_sites;
    const OptionTable* m_options{nullptr};
    GatewayProbe* m_gateway{nullptr};
    RequestLedger* m_ledger{nullptr};
    CorePool m_device{1};
    std::vector<std::unique_ptr<UploadConnection>> m_connections; //!< one per remote site
    std::map<uint64_t, Pending> m_pending;
    bool m_connectAtStart; //!< attribute ConnectAtStart
    int32_t m_lastOption{-1};
    TracedCallback<const Request&> m_issued;
    TracedCallback<const Request&> m_finished;
};

} // namespace ns3::tandem

#endif // TANDEM_INFERENCE_CLIENT_H
