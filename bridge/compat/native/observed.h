// SPDX-License-Identifier: MIT
/**
 * @file
 * The element types that observations arrive with in Python: int64 for all integers, float64 for
 * all real numbers, as with ns3-ai and ns3-gym. Scripts compute with them: the difference of two
 * unsigned counters has to be negative where the first is smaller.
 */
#ifndef TANDEM_COMPAT_OBSERVED_H
#define TANDEM_COMPAT_OBSERVED_H

#include "channel/gym-wire.h"

#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <stdexcept>
#include <string>
#include <type_traits>

namespace tandem::compat
{

using channel::WireDtype;

/** @return whether values of this type are whole numbers */
inline bool
IsInteger(WireDtype dtype)
{
    return dtype != WireDtype::FLOAT32 && dtype != WireDtype::FLOAT64;
}

/** @return the type that Python gets for elements of this one in no declared space */
inline WireDtype
GetObservedDtype(WireDtype dtype)
{
    return IsInteger(dtype) ? WireDtype::INT64 : WireDtype::FLOAT64;
}

/** @return whether To holds the value as it is; beyond 2^53 a double is near enough */
template <typename To, typename From>
bool
Holds(From value)
{
    if constexpr (std::is_floating_point_v<To>)
    {
        return true;
    }
    else if constexpr (std::is_floating_point_v<From>)
    {
        constexpr From LIMIT = 9223372036854775808.0; // 2^63
        return value == std::trunc(value) && value >= -LIMIT && value < LIMIT;
    }
    else
    {
        return std::is_signed_v<From> ||
               static_cast<std::uint64_t>(value) <=
                   static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    }
}

/**
 * Convert values from the channel.
 *
 * @param bytes the values, of any alignment
 * @param count how many
 * @param to where they go
 * @return false if To cannot hold a real number of them
 * @throws std::overflow_error if To cannot hold an integer of them
 */
template <typename From, typename To>
bool
ConvertValues(const unsigned char* bytes, std::uint64_t count, To* to)
{
    if constexpr (std::is_same_v<From, To>)
    {
        if (count > 0)
        {
            std::memcpy(to, bytes, count * sizeof(To));
        }
        return true;
    }
    for (std::uint64_t i = 0; i < count; ++i)
    {
        From value;
        std::memcpy(&value, bytes + i * sizeof value, sizeof value);
        if (!Holds<To>(value))
        {
            if constexpr (std::is_floating_point_v<From>)
            {
                return false;
            }
            throw std::overflow_error(
                "the scenario's observation holds " + std::to_string(value) +
                ", integers arrive as int64 up to 9223372036854775807: let the scenario send a "
                "smaller value, or an OpenGymBoxContainer<double>");
        }
        to[i] = static_cast<To>(value);
    }
    return true;
}

/** ConvertValues() from the type that the channel names. */
template <typename To>
bool
ConvertFrom(WireDtype dtype, const unsigned char* bytes, std::uint64_t count, To* to)
{
    switch (dtype)
    {
    case WireDtype::INT8:
        return ConvertValues<std::int8_t>(bytes, count, to);
    case WireDtype::INT16:
        return ConvertValues<std::int16_t>(bytes, count, to);
    case WireDtype::INT32:
        return ConvertValues<std::int32_t>(bytes, count, to);
    case WireDtype::INT64:
        return ConvertValues<std::int64_t>(bytes, count, to);
    case WireDtype::UINT8:
        return ConvertValues<std::uint8_t>(bytes, count, to);
    case WireDtype::UINT16:
        return ConvertValues<std::uint16_t>(bytes, count, to);
    case WireDtype::UINT32:
        return ConvertValues<std::uint32_t>(bytes, count, to);
    case WireDtype::UINT64:
        return ConvertValues<std::uint64_t>(bytes, count, to);
    case WireDtype::FLOAT32:
        return ConvertValues<float>(bytes, count, to);
    default:
        return ConvertValues<double>(bytes, count, to);
    }
}

} // namespace tandem::compat

#endif // TANDEM_COMPAT_OBSERVED_H
