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
                         const UserPaths& paths,
                         const std::vector<std::string>& sites)
    : m_options(options),
      m_paths(paths),
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
    m_site = static_cast<Site>(named - choices.begin());
    bool any = false;
    for (uint32_t i = 0; i < options.GetCount(); ++i)
    {
        any = any || options.Get(i).site == m_site;
    }
    if (!any)
    {
        Fail("--policy=" + name + ": the options file has no option at that site");
    }
}

std::vector<uint32_t>
FixedPolicy::Options(uint32_t user) const
{
    std::vector<uint32_t> found;
    for (uint32_t i = 0; i < m_options.GetCount(); ++i)
    {
        const InferenceOption& option = m_options.Get(i);
        if (m_paths.Find(user, option) && (m_random || option.site == m_site))
        {
            found.push_back(i);
        }
    }
    return found;
}

void
FixedPolicy::Act(ActionBlock& action)
{
    NS_LOG_FUNCTION(this);
    for (size_t i = 0; i < action.GetSize(); ++i)
    {
        const std::vector<uint32_t> options = Options(static_cast<uint32_t>(i));
        const auto last = static_cast<uint32_t>(options.size()) - 1;
        const uint32_t place = m_random ? m_draw->GetInteger(0, last) : 0;
        action.Set(i, static_cast<int32_t>(options.at(place)));
    }
}

int64_t
FixedPolicy::AssignStreams(int64_t first)
{
    m_draw->SetStream(first);
    return 1;
}

} // namespace ns3::tandem
