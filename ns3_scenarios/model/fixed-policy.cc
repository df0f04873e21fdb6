// SPDX-License-Identifier: GPL-2.0-only
#include "model/fixed-policy.h"

#include "agent-link/agent-link.h"
#include "agent-link/argument-check.h"

#include "ns3/integer.h"
#include "ns3/log.h"
#include "ns3/object-factory.h"

#include <algorithm>

namespace ns3::tandem
{

NS_LOG_COMPONENT_DEFINE("TandemFixedPolicy");

FixedPolicy::FixedPolicy(const std::string& name,
                         const OptionTable& options,
                         const std::vector<std::string>& sites)
    : m_count(options.GetCount()),
      // With a stream given, it takes none of the automatic ones: what is built after it, and so
      // the warm-up, is the same as under an agent, which has no such policy.
      m_draw(CreateObjectWithAttributes<UniformRandomVariable>("Stream", IntegerValue(0)))
{
    std::vector<std::string> choices{"device"}; // in the order of Site
    choices.insert(choices.end(), sites.begin(), sites.end());
    choices.push_back("random");
    CheckChoice("--policy", name, choices);
    if (name == "random")
    {
        m_random = true;
        return;
    }
    const auto named = std::find(choices.begin(), choices.end(), name);
    if (!options.FindFirst(static_cast<Site>(named - choices.begin()), m_option))
    {
        Fail("--policy=" + name + ": the options file has no option at that site");
    }
}

void
FixedPolicy::Act(ActionBlock& action)
{
    NS_LOG_FUNCTION(this);
    for (size_t i = 0; i < action.GetSize(); ++i)
    {
        const uint32_t option = m_random ? m_draw->GetInteger(0, m_count - 1) : m_option;
        action.Set(i, static_cast<int32_t>(option));
    }
}

int64_t
FixedPolicy::AssignStreams(int64_t first)
{
    m_draw->SetStream(first);
    return 1;
}

} // namespace ns3::tandem
