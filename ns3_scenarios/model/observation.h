// SPDX-License-Identifier: GPL-2.0-only
#ifndef TANDEM_OBSERVATION_H
#define TANDEM_OBSERVATION_H

#include "access/access-cell.h"
#include "agent-link/typed-observation.h"
#include "model/core-pool.h"
#include "model/request.h"
#include "model/tcp-probe.h"

#include "ns3/nstime.h"
#include "ns3/ptr.h"

#include <cstdint>
#include <optional>
#include <vector>

namespace ns3::tandem
{

class AgentLink;
class InferenceClient;
class InferenceServer;
class RequestLedger;

/** A user as the observation sees it. */
struct ObservedUser
{
    Ptr<InferenceClient> client;
    uint32_t cell{0};        //!< index into the cells
    uint32_t indexInCell{0}; //!< the user's index in that cell
    bool weak{false};        //!< has the extra delay
};

/** Counters of a user that the observation shows differences of. */
struct UserCounters
{
    RadioCounters radio;
    uint64_t tcpRetransmissions{0};
};

/** What a row of the block `users` is made of. */
struct UserView
{
    const ObservedUser* user{nullptr};
    const AccessCell* cell{nullptr};
    RadioSample radio;
    TcpSample toEdge;
    TcpSample toCloud;
    uint64_t backlogBytes{0}; //!< upload bytes not yet acknowledged, both sites
    UserCounters before;      //!< as of the last decision
    UserCounters now;
    double goodputBps{0};
    uint32_t unfinished{0};
    double distanceM{0};
    Request last; //!< that ended last; all zero before the first one
};

/** What a row of the block `sites` is made of. */
struct SiteView
{
    const CorePool* cores;
    CoreCounters before; //!< as of the last decision
    CoreCounters now;
    double elapsedS; //!< since the last decision

    /** @return a share of the core time since the last decision */
    double Share(double coreS) const;
};

/** What a row of the block `cells` is made of. */
struct CellView
{
    const AccessCell* cell;
    CellCounters before; //!< as of the last decision
    CellCounters now;
    double elapsedS; //!< since the last decision

    /** @return an amount since the last decision, per second */
    double PerSecond(double amount) const;
};

/**
 * Fills the observation blocks `users`, `sites` and `cells` from what the cells, the clients and
 * the servers tell. Counters appear as differences since the last decision.
 */
class Observation
{
  public:
    /** Everything pointed to must outlive the observation. */
    Observation(std::vector<ObservedUser> users,
                std::vector<const AccessCell*> cells,
                Ptr<InferenceServer> edge,
                Ptr<InferenceServer> cloud,
                const RequestLedger& ledger);

    /** Declare the three blocks. */
    void Declare(AgentLink& link);

    /** Let differences count from now on; at the start of an episode. */
    void BeginEpisode();

    /** Write what holds now; at each decision. */
    void Fill();

  private:
    UserCounters CountUser(uint32_t index) const;
    void FillUser(uint32_t index);
    void FillSite(uint32_t index, double elapsedS);
    void FillCell(uint32_t index, double elapsedS);

    std::vector<ObservedUser> m_users;
    std::vector<const AccessCell*> m_cells;
    std::vector<Ptr<InferenceServer>> m_sites;
    const RequestLedger& m_ledger;
    std::optional<TypedObservation<UserView>> m_userBlock; //!< the blocks are empty until declared
    std::optional<TypedObservation<SiteView>> m_siteBlock;
    std::optional<TypedObservation<CellView>> m_cellBlock;

    // As of the last decision.
    Time m_lastTime;
    std::vector<UserCounters> m_lastUsers;
    std::vector<CoreCounters> m_lastSites;
    std::vector<CellCounters> m_lastCells;
};

} // namespace ns3::tandem

#endif // TANDEM_OBSERVATION_H
