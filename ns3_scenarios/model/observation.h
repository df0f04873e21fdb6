// SPDX-License-Identifier: GPL-2.0-only
#ifndef TANDEM_OBSERVATION_H
#define TANDEM_OBSERVATION_H

#include "access/access-cell.h"
#include "model/observation-columns.h"

#include "ns3/nstime.h"
#include "ns3/ptr.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ns3::tandem
{

class AgentLink;
class InferenceServer;
class RequestLedger;

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
                std::vector<Ptr<InferenceServer>> sites,
                std::vector<std::string> siteNames,
                const UserPaths& paths,
                const RequestLedger& ledger,
                const EnergyConfig& energy = {});

    /** Declare the three blocks. */
    void Declare(AgentLink& link);

    /** Let differences count from now on; at the start of an episode. */
    void BeginEpisode();

    /** Write what holds now; at each decision. */
    void Fill();

  private:
    UserCounters CountUser(uint32_t index) const;
    void FillUser(uint32_t index, double elapsedS);
    AccessView ViewAccess(uint32_t user, uint32_t access, const UserView& view) const;
    /** What a user drew between two counts; takes it from the battery. */
    UserEnergy Draw(uint32_t index, const UserView& view, double elapsedS);
    void FillSite(uint32_t index, double elapsedS);
    void FillCell(uint32_t index, double elapsedS);

    std::vector<ObservedUser> m_users;
    std::vector<const AccessCell*> m_cells;
    std::vector<Ptr<InferenceServer>> m_sites;
    std::vector<std::string> m_siteNames;
    const UserPaths& m_paths;
    const RequestLedger& m_ledger;
    EnergyConfig m_energy;
    std::vector<double> m_batteriesJ;                      //!< what is left in each user's
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
