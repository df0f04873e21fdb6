// SPDX-License-Identifier: GPL-2.0-only
#include "agent-link/column.h"

#include "channel/sizes.h"

#include "ns3/abort.h"

namespace ns3::tandem
{

size_t
CountValues(const std::string& block, const std::vector<uint32_t>& shape)
{
    constexpr size_t MOST = ::tandem::channel::MAX_SEGMENT_BYTES / sizeof(double);
    const size_t count = ::tandem::channel::SafeCount(shape);
    NS_ABORT_MSG_IF(count == 0, block << " has no values");
    NS_ABORT_MSG_IF(count > MOST,
                    block << " has too many values: its shape stands for more than " << MOST);
    return count;
}

size_t
RowLength(const std::vector<uint32_t>& shape)
{
    return shape.empty() ? 1 : shape.back();
}

} // namespace ns3::tandem
