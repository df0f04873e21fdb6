// SPDX-License-Identifier: MIT
/**
 * @file
 * Checks of whole float64 blocks, two values at a time. Left to itself GCC takes such loops one
 * by one: at -O2, and for want of a 64-bit integer comparison in SSE2 also at -O3.
 */
#ifndef TANDEM_CHANNEL_VALUES_H
#define TANDEM_CHANNEL_VALUES_H

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace tandem::channel
{

/**
 * Lanes of a vector: what every x86-64 and ARMv8 has. GCC splits longer ones into single values.
 */
constexpr std::size_t LANES = 2;
using Reals = double __attribute__((vector_size(LANES * sizeof(double))));
using Masks = std::int64_t __attribute__((vector_size(LANES * sizeof(double))));

/** @return whether all values lie in [low, high]; NaN does not */
inline bool
AreWithin(const double* values, std::size_t count, double low, double high)
{
    const Reals lows = Reals{} + low;
    const Reals highs = Reals{} + high;
    Masks within = ~Masks{};
    std::size_t i = 0;
    for (; i + LANES <= count; i += LANES)
    {
        Reals value;
        std::memcpy(&value, values + i, sizeof value);
        within &= (value >= lows) & (value <= highs);
    }
    bool all = (within[0] & within[1]) != 0;
    for (; i < count; ++i)
    {
        all &= values[i] >= low && values[i] <= high;
    }
    return all;
}

/**
 * Copy values.
 *
 * @return true if all of them lie in [low, high], as NaN never does. It is false as well where -0
 *         meets a bound of 0: look at each value then
 */
inline bool
CopyWithin(double* target, const double* values, std::size_t count, double low, double high)
{
    const Reals lows = Reals{} + low;
    const Reals highs = Reals{} + high;
    // Bits that a clamped value has otherwise: GCC makes branches of masks of comparisons.
    Masks changed{};
    std::size_t i = 0;
    for (; i + LANES <= count; i += LANES)
    {
        Reals value;
        std::memcpy(&value, values + i, sizeof value);
        Reals clamped = value > lows ? value : lows; // the bound for NaN
        clamped = clamped < highs ? clamped : highs;
        Masks before;
        Masks after;
        std::memcpy(&before, &value, sizeof value);
        std::memcpy(&after, &clamped, sizeof clamped);
        changed |= before ^ after;
        std::memcpy(target + i, &value, sizeof value);
    }
    bool all = (changed[0] | changed[1]) == 0;
    for (; i < count; ++i)
    {
        all &= values[i] >= low && values[i] <= high;
        target[i] = values[i];
    }
    return all;
}

} // namespace tandem::channel

#endif // TANDEM_CHANNEL_VALUES_H
