// SPDX-License-Identifier: GPL-2.0-only
#ifndef TANDEM_REQUEST_LEDGER_H
#define TANDEM_REQUEST_LEDGER_H

#include "model/request-observer.h"
#include "model/request.h"

#include <functional>
#include <map>
#include <vector>

namespace ns3::tandem
{

class AgentLink;
class RecordTable;

/**
 * The books of all requests: what each is doing, where its time went, and a row in the record
 * table when it ends.
 */
class RequestLedger : public RequestObserver
{
  public:
    /** @return the counters of a user now */
    using Counters = std::function<TransferCounters(uint32_t user)>;

    /**
     * @param options the option table; must outlive the ledger
     * @param cellKinds of each user: 0 wifi, 1 lte
     * @param counters where a user's radio and TCP counters come from
     */
    RequestLedger(const OptionTable& options, std::vector<uint32_t> cellKinds, Counters counters);

    /** Declare the record table `requests`; rows go there from now on. */
    void DeclareRecords(AgentLink& link);

    /** Called after a request has ended and its row is written. */
    std::function<void(const Request&)> onFinished;

    /** Bytes that wait in a user's device now; unset: told as 0. */
    std::function<double(uint32_t user)> countQueuedBytes;
    /** Jobs that wait or are in service at a site now, background included; unset: told as 0. */
    std::function<uint32_t(Site)> countSiteJobs;

    /** A request arrives. */
    const Request& Open(uint32_t user, uint32_t epoch, uint32_t option);
    /** The device's core takes the request up. */
    void DeviceStarted(uint64_t id);
    /** The first byte of the upload is written to the socket. */
    void UploadStarted(uint64_t id);
    /** The connection is gone; the upload begins anew. What was spent counts as uplink. */
    void UploadRestarted(uint64_t id);
    /** The gateway has forwarded all bytes of the upload. */
    void GatewayForwarded(uint64_t id);
    void UploadArrived(const RequestHeader& header) override;
    void SiteStarted(const RequestHeader& header) override;
    void SiteFinished(const RequestHeader& header) override;
    /** The request has ended. */
    void Finish(uint64_t id, RequestStatus status);

    /** @return requests that have arrived and not ended */
    uint32_t GetUnfinished() const;
    /** @return the same for one user */
    uint32_t GetUnfinished(uint32_t user) const;
    /** @return the user's request that ended last; null before the first one */
    const Request* GetLast(uint32_t user) const;
    /** @return bit/s of the user's upload that arrived last, 0 before the first one */
    double GetGoodput(uint32_t user) const;

  private:
    struct UserState
    {
        bool any{false};
        Request last;
        double goodputBps{0};
        uint32_t unfinished{0};
    };

    Request* Find(uint64_t id);
    Request* Find(const RequestHeader& header);
    void Enter(Request& request, Stage stage);
    void CloseStage(Request& request);
    void Write(const Request& request);

    const OptionTable& m_options;
    std::vector<uint32_t> m_cellKinds;
    Counters m_counters;
    RecordTable* m_records{nullptr};
    std::map<uint64_t, Request> m_open;
    std::vector<UserState> m_users;
    uint64_t m_nextId{0};
};

} // namespace ns3::tandem

#endif // TANDEM_REQUEST_LEDGER_H
