// SPDX-License-Identifier: GPL-2.0-only
#include "model/user-paths.h"

#include <algorithm>

namespace ns3::tandem
{

UserPaths::UserPaths(const std::vector<const AccessCell*>& cells,
                     const std::vector<UserAccesses>& users)
{
    const bool choice = std::any_of(users.begin(), users.end(), [](const UserAccesses& user) {
        return user.size() > 1;
    });
    if (!choice)
    {
        return;
    }
    std::vector<size_t> pathOf;
    for (const AccessCell* cell : cells)
    {
        const auto found = std::find(m_names.begin(), m_names.end(), cell->GetKind());
        pathOf.push_back(static_cast<size_t>(found - m_names.begin()));
        if (found == m_names.end())
        {
            m_names.push_back(cell->GetKind());
        }
    }
    for (const UserAccesses& user : users)
    {
        auto& accesses = m_access.emplace_back(m_names.size());
        for (uint32_t i = 0; i < user.size(); ++i)
        {
            accesses[pathOf[user[i].cell]] = i;
        }
    }
}

const std::vector<std::string>&
UserPaths::GetNames() const
{
    return m_names;
}

std::optional<uint32_t>
UserPaths::Find(uint32_t user, uint32_t path) const
{
    return m_access.at(user).at(path);
}

std::optional<uint32_t>
UserPaths::Find(uint32_t user, const InferenceOption& option) const
{
    return option.path ? Find(user, *option.path) : 0;
}

} // namespace ns3::tandem
