// SPDX-License-Identifier: GPL-2.0-only
#ifndef TANDEM_REACH_H
#define TANDEM_REACH_H

#include <string>

namespace ns3::tandem
{

/** How far a radio reaches, and what that depends on; in the words of an error message. */
struct Reach
{
    double distanceM{0}; //!< by the median path loss
    std::string limit;   //!< what ends there, with the values that it follows from
    std::string remedy;  //!< which arguments move it, e.g. "more --txPower or less --channelWidth"
};

/**
 * End the program if a cell's radius is beyond its reach.
 * @param prefix of the cell's arguments, as for Arguments
 * @param radiusM the value of its argument `radius`
 */
void CheckRadius(const std::string& prefix, double radiusM, const Reach& reach);

} // namespace ns3::tandem

#endif // TANDEM_REACH_H
