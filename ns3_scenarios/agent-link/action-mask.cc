// SPDX-License-Identifier: GPL-2.0-only
#include "agent-link/action-mask.h"

#include "ns3/abort.h"

#include <algorithm>

namespace ns3::tandem
{

namespace
{
/** More would be no choice but a number: declare that without a mask. */
constexpr double MOST_CHOICES = 65536;

/** @return the most choices that a value of the block has */
size_t
CountChoices(const ActionBlock& action)
{
    NS_ABORT_MSG_IF(action.IsReal(),
                    "action block '" << action.GetName()
                                     << "' has real numbers: only integers can have a mask");
    double most = 0;
    for (const auto& column : action.GetColumns())
    {
        most = std::max(most, column.high - column.low + 1);
    }
    NS_ABORT_MSG_IF(most > MOST_CHOICES,
                    "action block '" << action.GetName() << "' has " << most
                                     << " choices, a mask at most " << MOST_CHOICES);
    return static_cast<size_t>(most);
}

std::vector<uint32_t>
MaskShape(const ActionBlock& action)
{
    auto shape = action.GetShape();
    shape.push_back(static_cast<uint32_t>(CountChoices(action)));
    return shape;
}
} // namespace

ActionMask::ActionMask(std::string name, const ActionBlock& action)
    : m_action(action),
      m_choices(CountChoices(action)),
      m_owned(std::make_unique<ObservationBlock>(
          std::move(name),
          MaskShape(action),
          std::vector<Column>{
              {"allowed", "", 0, 1, "whether the choice makes sense (1) or not (0)"}
},
          action.GetRows())),
      m_block(m_owned.get()), m_allowed(action.GetSize() * m_choices)
{
    AllowAll();
}

size_t
ActionMask::Find(size_t index, int32_t choice) const
{
    NS_ABORT_MSG_IF(index >= m_action.GetSize(),
                    "index " << index << " of action block '" << m_action.GetName() << "' of "
                             << m_action.GetSize() << " values");
    const Column& column = m_action.GetColumn(index);
    NS_ABORT_MSG_UNLESS(choice >= column.low && choice <= column.high,
                        "choice " << choice << " of action block '" << m_action.GetName()
                                  << "' at index " << index << ", there are " << column.low << " … "
                                  << column.high);
    return index * m_choices + static_cast<size_t>(choice - column.low);
}

void
ActionMask::Allow(size_t index, int32_t choice, bool allowed)
{
    const size_t at = Find(index, choice);
    m_allowed[at] = allowed;
    if (m_filled)
    {
        m_block->Set(at, allowed ? 1.0 : 0.0);
    }
}

void
ActionMask::AllowAll()
{
    for (size_t i = 0; i < m_action.GetSize(); ++i)
    {
        const Column& column = m_action.GetColumn(i);
        for (auto choice = static_cast<int64_t>(column.low); choice <= column.high; ++choice)
        {
            Allow(i, static_cast<int32_t>(choice), true);
        }
    }
}

bool
ActionMask::IsAllowed(size_t index, int32_t choice) const
{
    return m_allowed[Find(index, choice)];
}

void
ActionMask::Fill()
{
    m_filled = true;
    for (size_t i = 0; i < m_allowed.size(); ++i)
    {
        m_block->Set(i, m_allowed[i] ? 1.0 : 0.0);
    }
}

const std::string&
ActionMask::GetName() const
{
    return m_block->GetName();
}

const ActionBlock&
ActionMask::GetAction() const
{
    return m_action;
}

std::unique_ptr<ObservationBlock>
ActionMask::TakeBlock()
{
    return std::move(m_owned);
}

} // namespace ns3::tandem
