// SPDX-License-Identifier: GPL-2.0-only
#ifndef TANDEM_FIXED_POLICY_H
#define TANDEM_FIXED_POLICY_H

#include "model/user-paths.h"

#include "ns3/ptr.h"
#include "ns3/random-variable-stream.h"

#include <cstdint>
#include <string>
#include <vector>

namespace ns3::tandem
{

class ActionBlock;

/**
 * What plays when there is no agent: every user takes its first option at one site, or each takes
 * any of its options at random.
 */
class FixedPolicy
{
  public:
    /**
     * @param name device, a remote site's name or random; ends the program when it is something
     *        else or when the table has no option at that site
     * @param options must outlive the policy
     * @param paths which options a user can take; must outlive the policy
     * @param sites names of the remote sites
     */
    FixedPolicy(const std::string& name,
                const OptionTable& options,
                const UserPaths& paths,
                const std::vector<std::string>& sites);

    /** Fill the action of a decision. */
    void Act(ActionBlock& action);

    /** @return the number of streams used */
    int64_t AssignStreams(int64_t first);

  private:
    /** @return the options that a user can take */
    std::vector<uint32_t> Options(uint32_t user) const;

    const OptionTable& m_options;
    const UserPaths& m_paths;
    bool m_random{false};
    Site m_site{DEVICE};
    Ptr<UniformRandomVariable> m_draw;
};

} // namespace ns3::tandem

#endif // TANDEM_FIXED_POLICY_H
