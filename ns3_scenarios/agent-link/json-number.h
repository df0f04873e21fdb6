// SPDX-License-Identifier: GPL-2.0-only
#ifndef TANDEM_JSON_NUMBER_H
#define TANDEM_JSON_NUMBER_H

#include <cmath>

namespace ns3::tandem
{

/** JSON has no infinity. @return value, or ±1e308 for an infinite one */
inline double
JsonNumber(double value)
{
    constexpr double INFINITE_AS = 1e308;
    return std::isinf(value) ? std::copysign(INFINITE_AS, value) : value;
}

} // namespace ns3::tandem

#endif // TANDEM_JSON_NUMBER_H
