// SPDX-License-Identifier: GPL-2.0-only
#ifndef TANDEM_RUN_OUTPUTS_H
#define TANDEM_RUN_OUTPUTS_H

#include "access/trace-files.h"

#include <vector>

namespace ns3::tandem
{

class AccessCell;
class Backhaul;

/** Trace the links of each cell's gateway, and tell NetAnim what the nodes are. */
void InstallRunOutputs(TraceFiles& files,
                       const std::vector<const AccessCell*>& cells,
                       const Backhaul& backhaul);

} // namespace ns3::tandem

#endif // TANDEM_RUN_OUTPUTS_H
