// SPDX-License-Identifier: GPL-2.0-only
#ifndef TANDEM_WARM_UP_H
#define TANDEM_WARM_UP_H

#include "access/access-cell.h"

#include "ns3/nstime.h"

#include <functional>
#include <vector>

namespace ns3::tandem
{

/**
 * Run the simulation until something is so: for a time in which it normally becomes so, and then
 * on for 20 s at most, because a far station may lose the frames of its association.
 *
 * @param usual how long to run at least
 * @param ready whether it is so
 * @return ready() at the end
 */
bool RunUntil(Time usual, const std::function<bool()>& ready);

/**
 * Connect the stations of cells, and let rate control learn what their places allow.
 *
 * @return whether all stations are connected
 */
bool WarmUp(const std::vector<AccessCell*>& cells);

} // namespace ns3::tandem

#endif // TANDEM_WARM_UP_H
