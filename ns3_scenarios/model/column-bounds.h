// SPDX-License-Identifier: GPL-2.0-only
/**
 * @file
 * Bounds of the observation's columns: what physics or the protocols allow, with room to spare.
 * Values are clamped, so a bound that is too tight would hide something from the agent.
 */
#ifndef TANDEM_COLUMN_BOUNDS_H
#define TANDEM_COLUMN_BOUNDS_H

namespace ns3::tandem
{

constexpr double MAX_BYTES = 1e9;
constexpr double MAX_BPS = 1e11;
constexpr double MAX_OBSERVED_S = 1e6;
constexpr double MAX_COUNT = 1e9;
constexpr double MAX_INDEX = 1e6;
constexpr double MAX_M = 1e6;
constexpr double MIN_DB = -50;
constexpr double MAX_DB = 100;
constexpr double MAX_MCS = 64;
constexpr double MAX_J = 1e9;

} // namespace ns3::tandem

#endif // TANDEM_COLUMN_BOUNDS_H
