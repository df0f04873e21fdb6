// SPDX-License-Identifier: MIT
/**
 * @file
 * Random sizes, most of them near powers of two, where sums and products wrap around: the layout is
 * what 128-bit arithmetic says, or it is refused.
 */
#ifndef TANDEM_CHANNEL_SIZES_CHECKS_H
#define TANDEM_CHANNEL_SIZES_CHECKS_H

#include "channel/segment.h"
#include "checks.h"

#include <cstdint>
#include <random>
#include <vector>

namespace tandem::checks
{

using namespace tandem::channel;

__extension__ using Wide = unsigned __int128;

/** @return what a size is that 64 bits may not hold */
inline std::uint64_t
Expected(Wide exact)
{
    return exact > TOO_LARGE ? TOO_LARGE : static_cast<std::uint64_t>(exact);
}

inline Wide
Padded(Wide bytes, Wide unit)
{
    return (bytes + unit - 1) / unit * unit;
}

/** A size of any magnitude: small, anything, or a power of two and its neighbours. */
class RandomSizes
{
  public:
    std::uint64_t Next()
    {
        const std::uint64_t power = 1ULL << (m_random() % 64);
        switch (m_random() % 4)
        {
        case 0:
            return m_random() % 70;
        case 1:
            return m_random() & (power | (power - 1));
        case 2:
            return power + m_random() % 5 - 2;
        default:
            return 0 - (m_random() & (power - 1)) % (1ULL << 20);
        }
    }

  private:
    std::mt19937_64 m_random{1};
};

/** The layout of these sizes against the exact one. @return whether a segment can have them */
inline bool
CheckLayout(const Sizes& sizes)
{
    const SegmentHeader header = MakeHeader(sizes);
    const Wide slotOffset =
        Padded(Padded(sizeof(SegmentHeader), CACHE_LINE) + sizes.schemaBytes, PAGE);
    const Wide observation = Padded(sizeof(SlotHeader), CACHE_LINE);
    const Wide action = Padded(observation + sizes.observationBytes, CACHE_LINE);
    const Wide records = Padded(action + sizes.actionBytes, CACHE_LINE);
    const Wide stride = Padded(records + sizes.recordBytes, PAGE);
    const Wide total = slotOffset + stride * sizes.slots;
    if (total > MAX_SEGMENT_BYTES || sizes.slots == 0)
    {
        CHECK(header.totalBytes > MAX_SEGMENT_BYTES || sizes.slots == 0);
        CHECK(Throws([&] { Segment().Create(sizes, ""); }, "lower their sizes"));
        return false;
    }
    CHECK(header.totalBytes == total);
    CHECK(header.slotOffset == slotOffset);
    CHECK(header.slotStride == stride);
    CHECK(header.observationOffset == observation);
    CHECK(header.actionOffset == action);
    CHECK(header.recordOffset == records);
    return true;
}

/** Sums, products, shapes and layouts of random sizes. */
inline void
CheckSizes()
{
    constexpr int ROUNDS = 100000;
    RandomSizes random;
    int possible = 0;
    for (int round = 0; round < ROUNDS; ++round)
    {
        const std::uint64_t a = random.Next();
        const std::uint64_t b = random.Next();
        const std::uint64_t c = random.Next();
        CHECK(SafeSum(a, b) == Expected(Wide{a} + b));
        CHECK(SafeProduct(a, b) == Expected(Wide{a} * b));
        for (const std::uint64_t unit : {std::uint64_t{CACHE_LINE}, std::uint64_t{PAGE}})
        {
            const Wide padded = Padded(a, unit);
            CHECK(RoundUp(a, unit) == Expected(padded));
        }
        const Wide cells = Expected(Wide{b} * RECORD_CELL_BYTES);
        const Wide rows = Expected(cells * a);
        CHECK(TableBytes(a, b) == Expected(rows + RECORD_HEADER_BYTES));
        const std::vector<std::uint32_t> shape{static_cast<std::uint32_t>(a),
                                               static_cast<std::uint32_t>(b),
                                               static_cast<std::uint32_t>(c)};
        Wide count = 1;
        for (const std::uint32_t axis : shape)
        {
            count *= axis;
        }
        CHECK(SafeCount(shape) == Expected(count));
        const auto slots = static_cast<std::uint32_t>(random.Next());
        possible += CheckLayout({slots, a, b, c, random.Next()});
        possible += CheckLayout({slots % 300, a % PAGE, b % (1ULL << 30), c % 1000, b});
    }
    CHECK(possible > ROUNDS / 10);
    CHECK(possible < ROUNDS);
}

} // namespace tandem::checks

#endif // TANDEM_CHANNEL_SIZES_CHECKS_H
