// SPDX-License-Identifier: MIT
/**
 * @file
 * Arithmetic on the sizes of blocks, tables and slots. Counts come from a user's arguments, so a
 * product may be more than 64 bits hold: instead of wrapping around it stays at TOO_LARGE, which no
 * check lets pass.
 */
#ifndef TANDEM_CHANNEL_SIZES_H
#define TANDEM_CHANNEL_SIZES_H

#include <cstdint>
#include <limits>

namespace tandem::channel
{

/** What sums and products that do not fit become, and stay. */
constexpr std::uint64_t TOO_LARGE = std::numeric_limits<std::uint64_t>::max();
/** No segment is larger: processes have 47 bits of addresses. */
constexpr std::uint64_t MAX_SEGMENT_BYTES = 1ULL << 46;

/** @return a + b */
constexpr std::uint64_t
SafeSum(std::uint64_t a, std::uint64_t b)
{
    return a > TOO_LARGE - b ? TOO_LARGE : a + b;
}

/** @return a * b */
constexpr std::uint64_t
SafeProduct(std::uint64_t a, std::uint64_t b)
{
    if (a == 0 || b == 0)
    {
        return 0;
    }
    return a > TOO_LARGE / b ? TOO_LARGE : a * b;
}

/**
 * @param shape number of values along each axis
 * @return number of values
 */
template <typename Shape>
constexpr std::uint64_t
SafeCount(const Shape& shape)
{
    std::uint64_t count = 1;
    for (const auto axis : shape)
    {
        count = SafeProduct(count, axis);
    }
    return count;
}

/**
 * @param unit a power of two
 * @return value rounded up to a multiple of unit
 */
constexpr std::uint64_t
RoundUp(std::uint64_t value, std::uint64_t unit)
{
    return value > TOO_LARGE - (unit - 1) ? TOO_LARGE : (value + unit - 1) / unit * unit;
}

} // namespace tandem::channel

#endif // TANDEM_CHANNEL_SIZES_H
