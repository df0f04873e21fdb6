// SPDX-License-Identifier: MIT
/**
 * @file
 * Checks of whole float64 blocks, two values at a time. Left to itself GCC takes such loops one
 * by one: at -O2, and for want of a 64-bit integer comparison in SSE2 also at -O3.
 */
#ifndef TANDEM_CHANNEL_VALUES_H
#define TANDEM_CHANNEL_VALUES_H

#include "layout.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

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

/** Values of one cache line: what goes from one core to another at a time. */
constexpr std::size_t LINE_VALUES = CACHE_LINE / sizeof(double);
/**
 * Of blocks of as many values, the lines that change are written past the cache. The other core has
 * read them, so each would first be fetched from there, only to be overwritten.
 */
constexpr std::size_t STREAMED_VALUES = 512;

/** Copies values, whole cache lines at a time, and sees whether they lie between bounds. */
template <bool STREAMED>
class LineWriter
{
  public:
    LineWriter(double low, double high)
        : m_low(low),
          m_high(high)
    {
    }

    /** Copy one value. */
    void Write(double* target, const double* value)
    {
        m_all &= *value >= m_low && *value <= m_high;
        *target = *value;
    }

    /** Copy a line; past the cache if that is asked for and the processor can. */
    void WriteLine(double* target, const double* values)
    {
#pragma GCC unroll 4
        for (std::size_t i = 0; i < LINE_VALUES; i += LANES)
        {
            Reals value;
            std::memcpy(&value, values + i, sizeof value);
            Reals clamped = value > m_lows ? value : m_lows; // the bound for NaN
            clamped = clamped < m_highs ? clamped : m_highs;
            Masks before;
            Masks after;
            std::memcpy(&before, &value, sizeof value);
            std::memcpy(&after, &clamped, sizeof clamped);
            m_changed |= before ^ after;
#if defined(__SSE2__)
            if constexpr (STREAMED)
            {
                _mm_stream_pd(target + i, value);
                continue;
            }
#endif
            std::memcpy(target + i, &value, sizeof value);
        }
    }

    /**
     * To be called before the reader is told.
     * @return true if all that was written lies between the bounds, as NaN never does. It is false
     *         as well where -0 meets a bound of 0: look at each value then
     */
    bool End() const
    {
#if defined(__SSE2__)
        if constexpr (STREAMED)
        {
            _mm_sfence(); // what went past the cache is not ordered with what follows
        }
#endif
        return m_all && (m_changed[0] | m_changed[1]) == 0;
    }

  private:
    double m_low;
    double m_high;
    Reals m_lows = Reals{} + m_low;
    Reals m_highs = Reals{} + m_high;
    /** Bits that a clamped value has otherwise: GCC makes branches of masks of comparisons. */
    Masks m_changed{};
    bool m_all{true};
};

/** @return whether all bits of a line's values are equal */
inline bool
IsSameLine(const double* a, const double* b)
{
    Masks different{};
#pragma GCC unroll 4
    for (std::size_t i = 0; i < LINE_VALUES; i += LANES)
    {
        Masks left;
        Masks right;
        std::memcpy(&left, a + i, sizeof left);
        std::memcpy(&right, b + i, sizeof right);
        different |= left ^ right;
    }
    return (different[0] | different[1]) == 0;
}

/** Lines that are compared by one call, which takes the widest registers that the processor has. */
constexpr std::size_t PAGE_LINES = 16;
/** Values of so many lines. */
constexpr std::size_t PAGE_VALUES = PAGE_LINES * LINE_VALUES;

/** @return whether all bits of so many lines' values are equal */
inline bool
IsSamePage(const double* a, const double* b)
{
    return std::memcmp(a, b, PAGE_VALUES * sizeof(double)) == 0;
}

/**
 * Writes a block of values again and again to memory that another core reads. Lines that are there
 * already are not written, so they stay in that core's cache. Where nearly all change each time,
 * looking for them does not pay: then it looks once in a while.
 */
class BlockPublisher
{
  public:
    /** Somebody else writes to the memory, or it is another one. */
    void Forget()
    {
        m_isKnown = false;
    }

    /**
     * Copy values.
     *
     * @param target the same memory each time, or Forget(); aligned for its values
     * @param values to copy
     * @param count of them, the same each time
     * @param low smallest value allowed
     * @param high largest value allowed
     * @return as LineWriter::End()
     */
    bool Publish(double* target, const double* values, std::size_t count, double low, double high)
    {
        const bool look = m_isKnown && m_blind == 0;
        // Where all is written the cache is as fast.
        return look && count >= STREAMED_VALUES
                   ? Write<true>(target, values, count, low, high, look)
                   : Write<false>(target, values, count, low, high, look);
    }

  private:
    /** Writes without looking once nearly all lines had changed. */
    static constexpr std::uint32_t BLIND_WRITES = 15;

    template <bool STREAMED>
    bool Write(double* target,
               const double* values,
               std::size_t count,
               double low,
               double high,
               bool look)
    {
        const std::size_t beyond =
            reinterpret_cast<std::uintptr_t>(target) / sizeof(double) % LINE_VALUES;
        const std::size_t head = std::min(count, beyond == 0 ? 0 : LINE_VALUES - beyond);
        const std::size_t tail = count - (count - head) % LINE_VALUES;
        LineWriter<STREAMED> writer(low, high);
        for (std::size_t i = 0; i < head; ++i)
        {
            writer.Write(target + i, values + i);
        }
        std::size_t same = 0;
        for (std::size_t i = head; i < tail; i += LINE_VALUES)
        {
            if (look && (i - head) % PAGE_VALUES == 0)
            {
                while (i + PAGE_VALUES <= tail && IsSamePage(values + i, m_known.data() + i))
                {
                    same += PAGE_LINES;
                    i += PAGE_VALUES;
                }
                if (i >= tail)
                {
                    break;
                }
            }
            if (look)
            {
                if (IsSameLine(values + i, m_known.data() + i))
                {
                    ++same;
                    continue;
                }
                std::memcpy(m_known.data() + i, values + i, CACHE_LINE);
            }
            writer.WriteLine(target + i, values + i);
        }
        for (std::size_t i = tail; i < count; ++i)
        {
            writer.Write(target + i, values + i);
        }
        const bool all = writer.End();
        if (!all)
        {
            Forget(); // so that bad values are seen again, also if they are the same ones
        }
        else if (look)
        {
            m_blind = same * LINE_VALUES < count / LINE_VALUES ? BLIND_WRITES : 0;
        }
        else if (m_blind > 0)
        {
            --m_blind;
            m_isKnown = false;
        }
        else
        {
            m_known.assign(values, values + count);
            m_isKnown = true;
        }
        return all;
    }

    std::vector<double> m_known; //!< what is in the memory
    bool m_isKnown{false};       //!< m_known holds it
    std::uint32_t m_blind{0};    //!< writes without looking that are left
};

} // namespace tandem::channel

#endif // TANDEM_CHANNEL_VALUES_H
