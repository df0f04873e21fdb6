// SPDX-License-Identifier: GPL-2.0-only
#ifndef TANDEM_WARM_UP_H
#define TANDEM_WARM_UP_H

#include "ns3/nstime.h"

#include <functional>

namespace ns3::tandem
{

/**
 * Run the simulation until everything is connected: to the time by which that is normally so, and
 * then on, for 20 s at most, because a far station may lose the frames of its association.
 *
 * @param until how long to run at least
 * @param ready whether everything is connected
 * @return ready() at the end
 */
bool RunWarmup(Time until, const std::function<bool()>& ready);

} // namespace ns3::tandem

#endif // TANDEM_WARM_UP_H
