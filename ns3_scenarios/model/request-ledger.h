// SPDX-License-Identifier: GPL-2.0-only
#ifndef TANDEM_REQUEST_LEDGER_H
#define TANDEM_REQUEST_LEDGER_H

#include "model/energy.h"
#include "model/request-records.h"
#include "model/request.h"

#include "ns3/callback.h"

#include <map>
#include <memory>
#include <optional>
#include <vector>

namespace ns3::tandem
{

class AgentLink;
class RequestHeader;

/**
 * The books of all requests: what each is doing, where its time went, and a row in the record
 * table when it ends, or when its episode does.
 */
class RequestLedger
{
  public:
    // The interfaces of a user are counted from 0; most users have one.
    /** Tells the counters of a user, at one of its interfaces, now. */
    using TransferCounter = Callback<TransferCounters, uint32_t, uint32_t>;
    /** Tells the bytes that wait in a user's device, at one of its interfaces, now. */
    using QueueCounter = Callback<double, uint32_t, uint32_t>;
    /** Tells the jobs that wait or are in service at a site now, background included. */
    using JobCounter = Callback<uint32_t, Site>;

    /** The cell of an interface. */
    struct Cell
    {
        uint32_t index; //!< among all cells
        uint32_t kind;  //!< 0 wifi, 1 lte
    };

    /** Those of a user's interfaces. */
    using Cells = std::vector<Cell>;

    /**
     * @param options the option table; must outlive the ledger
     * @param cells of each user
     * @param countTransfers where a user's radio and TCP counters come from
     */
    RequestLedger(const OptionTable& options,
                  std::vector<Cells> cells,
                  TransferCounter countTransfers);

    /** Without one, met_queue_bytes is 0. */
    void SetQueueCounter(QueueCounter countBytes);
    /** Without one, met_site_jobs is 0. */
    void SetJobCounter(JobCounter countJobs);

    /** Tells which AP or eNB serves a user at one of its interfaces. */
    using ServingFinder = Callback<uint32_t, uint32_t, uint32_t>;

    /** Record which AP or eNB serves users, where that can change; before DeclareRecords(). */
    void WatchServing(ServingFinder find);

    /**
     * Watch the energy of requests; before DeclareRecords().
     * @param config what draws how much
     * @param radios what the radio of each user's interfaces draws
     */
    void WatchEnergy(const EnergyConfig& config, std::vector<std::vector<RadioPower>> radios);

    /**
     * Declare the record table `requests`; rows go there from now on.
     * @param sites names of the remote sites
     * @param paths names of the paths, where there is a choice
     */
    void DeclareRecords(AgentLink& link,
                        const std::vector<std::string>& sites,
                        const std::vector<std::string>& paths = {});

    /** A request arrives that takes one of the user's interfaces. */
    const Request& Open(uint32_t user, uint32_t epoch, uint32_t option, uint32_t access = 0);
    /** The device's core takes the request up. */
    void DeviceStarted(uint64_t id);
    /** The device has done its part of a split request. */
    void DeviceFinished(uint64_t id);
    /** The first byte of the upload is written to the socket. */
    void UploadStarted(uint64_t id);
    /** The connection is gone; the upload begins anew. What was spent counts as uplink. */
    void UploadRestarted(uint64_t id);
    /** The gateway has forwarded all bytes of the upload. */
    void GatewayForwarded(uint64_t id);
    /** The site has the last byte of the upload. */
    void UploadArrived(const RequestHeader& header);
    /** A core of the site takes the request up. */
    void SiteStarted(const RequestHeader& header);
    /** The result is there. */
    void SiteFinished(const RequestHeader& header);
    /** The request has ended: write its row. @return it; nothing if it is not open */
    std::optional<Request> Finish(uint64_t id, RequestStatus status);
    /** The episode ends: write a row of each request that is open. They stay open. */
    void RecordOpen();

    /** @return requests that have arrived and not ended */
    uint32_t GetUnfinished() const;
    /** @return the same for one user */
    uint32_t GetUnfinished(uint32_t user) const;
    /** @return the user's request that ended last; null before the first one */
    const Request* GetLast(uint32_t user) const;
    /** @return bit/s of the user's upload that arrived last, 0 before the first one */
    double GetGoodput(uint32_t user) const;
    /** @return the same of the last one over one of its interfaces */
    double GetGoodput(uint32_t user, uint32_t access) const;

  private:
    struct UserState
    {
        bool any{false};
        Request last;
        double goodputBps{0};
        std::vector<double> goodputsBps; //!< by interface
        uint32_t unfinished{0};
    };

    Request* Find(uint64_t id);
    Request* Find(const RequestHeader& header);
    void Enter(Request& request, Stage stage);
    void CloseStage(Request& request);
    void Close(Request& request, RequestStatus status);

    const OptionTable& m_options;
    std::vector<Cells> m_cells;
    /** Of each user's interfaces; empty unless energy is watched. */
    std::vector<std::vector<RadioPower>> m_radios;
    EnergyConfig m_energy;
    ServingFinder m_findServing; //!< null unless users can be handed over
    TransferCounter m_countTransfers;
    QueueCounter m_countQueuedBytes;
    JobCounter m_countSiteJobs;
    std::unique_ptr<TypedRecords<Request>> m_records; //!< null until declared
    std::map<uint64_t, Request> m_open;
    std::vector<UserState> m_users;
    uint64_t m_nextId{0};
};

} // namespace ns3::tandem

#endif // TANDEM_REQUEST_LEDGER_H
