// SPDX-License-Identifier: GPL-2.0-only
#ifndef TANDEM_SEEN_AND_RECORDED_H
#define TANDEM_SEEN_AND_RECORDED_H

#include "agent-link/typed-observation.h"
#include "agent-link/typed-records.h"

#include <vector>

namespace ns3::tandem
{

/**
 * Columns of a record table that tells, beside a few of its own, all that an agent sees.
 *
 * @param own come first
 * @param seen declared once, for the observation
 */
template <typename T>
std::vector<RecordField<T>>
RecordWhatIsSeen(std::vector<RecordField<T>> own, const std::vector<ObservationField<T>>& seen)
{
    for (const ObservationField<T>& field : seen)
    {
        own.emplace_back(field);
    }
    return own;
}

} // namespace ns3::tandem

#endif // TANDEM_SEEN_AND_RECORDED_H
