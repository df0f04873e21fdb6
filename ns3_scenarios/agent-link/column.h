// SPDX-License-Identifier: GPL-2.0-only
#ifndef TANDEM_COLUMN_H
#define TANDEM_COLUMN_H

#include <cstdint>
#include <string>
#include <vector>

namespace ns3::tandem
{

/** One column (last axis) of an observation or action block. Bounds are inclusive. */
struct Column
{
    std::string name;
    std::string unit; //!< SI where there is one, "" for counts and ratios
    double low;       //!< an observation below is raised to it, an action below is refused
    double high;      //!< an observation above is lowered to it, an action above is refused
    std::string help; //!< one sentence for the user's tables and documentation
};

/**
 * @param block what has the shape, for messages
 * @param shape extents of the axes
 * @return number of values, at least 1; none, or more than memory can hold, is a fatal error
 */
size_t CountValues(const std::string& block, const std::vector<uint32_t>& shape);

/** @return number of values in a row; a block without axes has one value */
size_t RowLength(const std::vector<uint32_t>& shape);

} // namespace ns3::tandem

#endif // TANDEM_COLUMN_H
