// SPDX-License-Identifier: GPL-2.0-only
#ifndef TANDEM_USER_PATHS_H
#define TANDEM_USER_PATHS_H

#include "access/access-cell.h"
#include "model/option-table.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ns3::tandem
{

/** An interface of a user: the cell that it is in, and its place there. */
struct UserAccess
{
    uint32_t cell{0};  //!< index into the cells
    uint32_t index{0}; //!< the user's index in that cell
};

/** The interfaces of a user, the first one in the cell that places it. */
using UserAccesses = std::vector<UserAccess>;

/**
 * The paths that a request can take, and who has which.
 *
 * A path is a kind of access network; the paths are the kinds in the order of the cells. Where
 * every user has one interface there is nothing to choose, and there are no paths.
 */
class UserPaths
{
  public:
    UserPaths() = default;

    /**
     * @param cells of the scenario
     * @param users the interfaces of each user, no two of one user in cells of a kind
     */
    UserPaths(const std::vector<const AccessCell*>& cells, const std::vector<UserAccesses>& users);

    /** @return the paths' names; empty where there is nothing to choose */
    const std::vector<std::string>& GetNames() const;

    /** @return which of the user's interfaces is on the path; nothing if none is */
    std::optional<uint32_t> Find(uint32_t user, uint32_t path) const;

    /** @return which of the user's interfaces an option takes; of a device option, the first one */
    std::optional<uint32_t> Find(uint32_t user, const InferenceOption& option) const;

  private:
    std::vector<std::string> m_names;
    std::vector<std::vector<std::optional<uint32_t>>> m_access; //!< by user and path
};

} // namespace ns3::tandem

#endif // TANDEM_USER_PATHS_H
