// SPDX-License-Identifier: GPL-2.0-only
/** @file The columns of the observation blocks, and what their values are taken from. */
#ifndef TANDEM_OBSERVATION_COLUMNS_H
#define TANDEM_OBSERVATION_COLUMNS_H

#include "access/access-cell.h"
#include "agent-link/typed-observation.h"
#include "model/access-columns.h"
#include "model/core-pool.h"
#include "model/energy.h"
#include "model/request.h"
#include "model/user-paths.h"

#include "ns3/ptr.h"

#include <cstdint>
#include <string>
#include <vector>

namespace ns3::tandem
{

class InferenceClient;

/** A user as the observation sees it. */
struct ObservedUser
{
    Ptr<InferenceClient> client;
    UserAccesses accesses;
    bool weak{false}; //!< has the extra delay

    /** @return the interface in the cell that places the user */
    const UserAccess& GetHome() const
    {
        return accesses.front();
    }
};

/** Counters of a user that the observation shows differences of. */
struct UserCounters
{
    std::vector<RadioCounters> radios; //!< by interface
    uint64_t tcpRetransmissions{0};
    double deviceBusyS{0}; //!< core-seconds of the device
};

/** What a user's device drew since the last decision, and what its battery holds. */
struct UserEnergy
{
    double radioJ{0};
    double deviceJ{0};
    double batteryJ{0};
};

/** What a row of the block `users` is made of. */
struct UserView
{
    const ObservedUser* user{nullptr};
    std::vector<AccessView> accesses;     //!< the user's interfaces
    std::vector<const AccessView*> paths; //!< the one on each path; null: it has none
    uint64_t backlogBytes{0};             //!< upload bytes not yet acknowledged, all sites
    UserCounters before;                  //!< as of the last decision
    UserCounters now;
    double goodputBps{0};
    uint32_t unfinished{0};
    Request last; //!< that ended last; all zero before the first one
    UserEnergy energy;

    /** @return the interface in the cell that places the user */
    const AccessView& GetHome() const
    {
        return accesses.front();
    }
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
 * @param sites names of the remote sites: some columns exist once for each
 * @param paths names of the paths, where there is a choice: some columns exist once for each
 * @param energy whether energy is watched, and whether there are batteries
 * @param handover whether users can be handed over within their cell
 */
std::vector<ObservationField<UserView>> UserColumns(const std::vector<std::string>& sites,
                                                    const std::vector<std::string>& paths,
                                                    const EnergyConfig& energy,
                                                    bool handover);
std::vector<ObservationField<SiteView>> SiteColumns();
std::vector<ObservationField<CellView>> CellColumns();

} // namespace ns3::tandem

#endif // TANDEM_OBSERVATION_COLUMNS_H
