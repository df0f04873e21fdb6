// SPDX-License-Identifier: GPL-2.0-only
#include "access/reach.h"

#include "agent-link/argument-check.h"

#include <algorithm>
#include <cmath>

namespace ns3::tandem
{

namespace
{
constexpr double MIN_RADIUS_M = 1;
/** The distance is told with two decimals, cut off, so that what is told is allowed. */
constexpr double TOLD_STEPS_PER_M = 100;
} // namespace

void
CheckRadius(const std::string& prefix, double radiusM, const Reach& reach)
{
    const std::string argument = "--" + ArgumentName(prefix, "radius");
    // Written so that NaN fails too.
    if (radiusM >= MIN_RADIUS_M && radiusM <= reach.distanceM)
    {
        return;
    }
    const double told = std::floor(reach.distanceM * TOLD_STEPS_PER_M) / TOLD_STEPS_PER_M;
    Fail(argument + "=" + FormatNumber(radiusM) + " m is outside [" + FormatNumber(MIN_RADIUS_M) +
         ", " + FormatNumber(told) + "] m: " + reach.limit + "; give a smaller radius, or " +
         reach.remedy);
}

} // namespace ns3::tandem
