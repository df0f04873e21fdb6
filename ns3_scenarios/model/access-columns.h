// SPDX-License-Identifier: GPL-2.0-only
/** @file The columns of the observation about one of a user's interfaces. */
#ifndef TANDEM_ACCESS_COLUMNS_H
#define TANDEM_ACCESS_COLUMNS_H

#include "access/access-cell.h"
#include "agent-link/typed-observation.h"
#include "model/tcp-probe.h"

#include <cstdint>
#include <string>
#include <vector>

namespace ns3::tandem
{

/** What one of a user's interfaces looks like. */
struct AccessView
{
    const AccessCell* cell{nullptr};
    RadioSample radio;
    std::vector<TcpSample> toSites; //!< one per remote site
    RadioCounters before;           //!< as of the last decision
    RadioCounters now;
    double goodputBps{0}; //!< of the last upload over it
    double distanceM{0};
    uint32_t serving{0}; //!< AP or eNB of the cell
};

using AccessField = ObservationField<AccessView>;

/** What the radio looks like now. */
std::vector<AccessField> RadioColumns();

/** Of the TCP connection to each of some sites. */
std::vector<AccessField> ConnectionColumns(const std::vector<std::string>& sites);

AccessField RetransmissionsColumn();
AccessField AirtimeColumn();
AccessField DistanceColumn();

/** For cells in which users can be handed over. */
AccessField ServingColumn();

} // namespace ns3::tandem

#endif // TANDEM_ACCESS_COLUMNS_H
