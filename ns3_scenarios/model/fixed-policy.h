// SPDX-License-Identifier: GPL-2.0-only
#ifndef TANDEM_FIXED_POLICY_H
#define TANDEM_FIXED_POLICY_H

#include "model/option-table.h"

#include "ns3/ptr.h"
#include "ns3/random-variable-stream.h"

#include <cstdint>
#include <string>
#include <vector>

namespace ns3::tandem
{

class ActionBlock;

/**
 * What plays when there is no agent: every user takes the first option at one site, or each takes
 * any option at random.
 */
class FixedPolicy
{
  public:
    /**
     * @param name device, a remote site's name or random; ends the program when it is something
     *        else or when the table has no option at that site
     */
    FixedPolicy(const std::string& name,
                const OptionTable& options,
                const std::vector<std::string>& sites);

    /** Fill the action of a decision. */
    void Act(ActionBlock& action);

    /** @return the number of streams used */
    int64_t AssignStreams(int64_t first);

  private:
    uint32_t m_count;
    bool m_random{false};
    uint32_t m_option{0};
    Ptr<UniformRandomVariable> m_draw;
};

} // namespace ns3::tandem

#endif // TANDEM_FIXED_POLICY_H
