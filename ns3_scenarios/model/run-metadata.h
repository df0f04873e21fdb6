// SPDX-License-Identifier: GPL-2.0-only
#ifndef TANDEM_RUN_METADATA_H
#define TANDEM_RUN_METADATA_H

#include <cstdint>
#include <string>
#include <vector>

namespace ns3::tandem
{

class AccessCell;
class AgentLink;
class Backhaul;
class OptionTable;
class UserPaths;
struct InferenceConfig;
struct ObservedUser;

/** Tell the agent what does not change in a run: options, sites, cells, users, topology. */
void DescribeRun(AgentLink& link,
                 const InferenceConfig& config,
                 const OptionTable& options,
                 const std::vector<const AccessCell*>& cells,
                 const std::vector<ObservedUser>& users,
                 const UserPaths& paths,
                 const Backhaul& backhaul);

} // namespace ns3::tandem

#endif // TANDEM_RUN_METADATA_H
