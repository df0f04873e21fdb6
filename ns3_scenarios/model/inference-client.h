// SPDX-License-Identifier: GPL-2.0-only
#ifndef TANDEM_INFERENCE_CLIENT_H
#define TANDEM_INFERENCE_CLIENT_H

#include "model/core-pool.h"
#include "model/option-table.h"
#include "model/upload-connection.h"
#include "model/user-paths.h"

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

/** What a client reaches the sites by: an interface of its user. */
struct ClientAccess
{
    std::vector<Ipv4Address> sites; //!< the remote sites' addresses on this way, in their order
    GatewayProbe* gateway{nullptr}; //!< watches the gateway of its cell
};

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
     * @param paths which interface each option takes
     * @param accesses the user's interfaces
     * @param ledger keeps the books
     */
    void Attach(const OptionTable& options,
                const UserPaths& paths,
                std::vector<ClientAccess> accesses,
                RequestLedger& ledger);

    /** End the program with a message if the user has no interface that @p option takes. */
    void Require(uint32_t option) const;

    /** Open the connections to the sites, once; by itself unless ConnectAtStart is false. */
    void Connect();

    /** A request arrives now and is served by @p option; @p epoch is recorded with it. */
    void Issue(uint32_t option, uint32_t epoch);

    /** @return true when the connections to all sites are established */
    bool IsReady() const;

    /** @return the device's processor */
    const CorePool& GetDevice() const;

    /** @return the connection to a remote site over one of the user's interfaces */
    const UploadConnection& GetConnection(Site site, uint32_t access = 0) const;

    /** @return upload bytes not yet acknowledged, all connections */
    uint64_t GetBacklog() const;

    /** @return segments that TCP has sent again, all connections */
    uint64_t CountRetransmissions() const;

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
        size_t connection{0}; //!< of all, the one it goes over
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
    size_t FindConnection(Site site, uint32_t access) const;

    uint32_t m_user; //!< attribute User
    Time m_timeout;  //!< attribute Timeout
    std::vector<ClientAccess> m_accesses;
    const OptionTable* m_options{nullptr};
    const UserPaths* m_paths{nullptr};
    RequestLedger* m_ledger{nullptr};
    CorePool m_device{1};
    std::vector<std::unique_ptr<UploadConnection>> m_connections; //!< by interface and site
    std::map<uint64_t, Pending> m_pending;
    bool m_connectAtStart; //!< attribute ConnectAtStart
    int32_t m_lastOption{-1};
    TracedCallback<const Request&> m_issued;
    TracedCallback<const Request&> m_finished;
};

} // namespace ns3::tandem

#endif // TANDEM_INFERENCE_CLIENT_H
