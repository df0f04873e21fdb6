// SPDX-License-Identifier: MIT
/**
 * @file
 * What one process does with the channel's memory: blocks, bad values, corrupt headers, messages.
 */
#ifndef TANDEM_CHANNEL_MEMORY_CHECKS_H
#define TANDEM_CHANNEL_MEMORY_CHECKS_H

#include "channel/duplex.h"
#include "channel/gym-wire.h"
#include "channel/peer.h"
#include "channel/segment.h"
#include "channel/values.h"
#include "checks.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <random>
#include <utility>
#include <vector>

namespace tandem::checks
{

using namespace tandem::channel;

const Sizes SIZES{3, 17, 5 * sizeof(double), 7 * sizeof(std::int32_t), 1000};
const std::string SCHEMA = "{\"schema\": true }";

/** Blocks of every length around the vector's width, NaN and infinities included. */
inline void
CheckValues()
{
    constexpr double NONE = std::numeric_limits<double>::quiet_NaN();
    constexpr double MOST = std::numeric_limits<double>::infinity();
    constexpr std::size_t SHORT = 3 * LINE_VALUES;
    // Short ones, and some that are written past the cache; at every place within a line.
    for (std::size_t size = 0; size < STREAMED_VALUES + SHORT;
         size += size == SHORT ? STREAMED_VALUES - SHORT : 1)
    {
        for (std::size_t shift = 0; shift < LINE_VALUES; ++shift)
        {
            // Exactly as long as said, so that a look beyond the end is seen.
            std::vector<double> values(size, 0.5);
            std::vector<double> room(size + shift, -1.0);
            double* const target = room.data() + shift;
            BlockPublisher publisher;
            const auto publish = [&] {
                const bool all = publisher.Publish(target, values.data(), size, 0.0, 1.0);
                CHECK(size == 0 || std::memcmp(target, values.data(), size * sizeof(double)) == 0);
                CHECK(AreWithin(values.data(), size, 0.0, 1.0) == all);
                return all;
            };
            CHECK(publish());
            for (std::size_t at = 0; at < size; at += at < SHORT ? 1 : 61)
            {
                for (const double bad : {NONE, MOST, -MOST, 2.0, -2.0})
                {
                    values[at] = bad;
                    CHECK(!publish());
                    CHECK(!publish()); // the same ones once more
                }
                values[at] = 0.25;
                CHECK(publish());
                values[at] = NONE; // found where the rest stays as it was, too
                CHECK(!publish());
                values[at] = 0.75;
                CHECK(publish());
            }
            // All change, for longer than it writes without looking; then nothing does.
            for (int i = 0; i < 40; ++i)
            {
                std::fill(values.begin(), values.end(), i < 35 ? i / 40.0 : 1.0);
                CHECK(publish());
            }
        }
    }
    // What is there already is not written again, until the memory is another one.
    alignas(CACHE_LINE) double line[LINE_VALUES] = {};
    const double values[LINE_VALUES] = {};
    BlockPublisher publisher;
    CHECK(publisher.Publish(line, values, LINE_VALUES, 0.0, 1.0));
    line[1] = 7.0;
    CHECK(publisher.Publish(line, values, LINE_VALUES, 0.0, 1.0));
    CHECK(line[1] == 7.0);
    publisher.Forget();
    CHECK(publisher.Publish(line, values, LINE_VALUES, 0.0, 1.0));
    CHECK(line[1] == 0.0);
}

/** Every byte of every block of every slot can be written, and none belongs to two blocks. */
inline void
CheckBlocks()
{
    Segment ours;
    const int fd = ours.Create(SIZES, SCHEMA);
    Segment theirs;
    theirs.Open(fd);
    close(fd);
    CHECK(std::string(theirs.Schema(), theirs.Header().schemaBytes) == SCHEMA);
    unsigned char mark = 0;
    for (std::uint32_t slot = 0; slot < SIZES.slots; ++slot)
    {
        std::memset(ours.Observation(slot), ++mark, SIZES.observationBytes);
        std::memset(ours.Action(slot), ++mark, SIZES.actionBytes);
        std::memset(ours.Records(slot), ++mark, SIZES.recordBytes);
        ours.Slot(slot).simulator.epoch = ++mark;
    }
    mark = 0;
    for (std::uint32_t slot = 0; slot < SIZES.slots; ++slot)
    {
        const auto holds = [](const unsigned char* block, std::uint64_t bytes, unsigned char each) {
            return std::all_of(block, block + bytes, [each](unsigned char b) { return b == each; });
        };
        CHECK(holds(theirs.Observation(slot), SIZES.observationBytes, ++mark));
        CHECK(holds(theirs.Action(slot), SIZES.actionBytes, ++mark));
        CHECK(holds(theirs.Records(slot), SIZES.recordBytes, ++mark));
        CHECK(theirs.Slot(slot).simulator.epoch == ++mark);
    }
    CHECK(Throws([] { Segment().Create({1, 0, 1ULL << 62, 0, 0}, ""); }, "lower their sizes"));
}

/** @return whether all blocks of an accepted segment lie in its memory, and none on another */
inline bool
IsInside(int fd, std::uint64_t bytes)
{
    Segment segment;
    segment.Open(fd);
    const SegmentHeader& header = segment.Header();
    const char* base = segment.Schema() - header.schemaOffset;
    const auto at = [base](const void* block) { return static_cast<const char*>(block) - base; };
    std::uint64_t end = header.schemaOffset + header.schemaBytes;
    for (std::uint32_t slot = 0; slot < header.slots; ++slot)
    {
        const std::pair<const void*, std::uint64_t> blocks[] = {
            {&segment.Slot(slot),       sizeof(SlotHeader)     },
            {segment.Observation(slot), header.observationBytes},
            {segment.Action(slot),      header.actionBytes     },
            {segment.Records(slot),     header.recordBytes     }
        };
        for (const auto& [block, size] : blocks)
        {
            if (at(block) < static_cast<long>(end))
            {
                return false;
            }
            end = at(block) + size;
        }
    }
    return end <= bytes;
}

/** @return the header of these sizes as a hostile writer lays it out: its sums wrap around */
inline SegmentHeader
MakeWrappedHeader(const Sizes& sizes)
{
    const auto round = [](std::uint64_t value, std::uint64_t unit) {
        return (value + unit - 1) / unit * unit;
    };
    SegmentHeader h = MakeHeader({sizes.slots, 0, 0, 0, 0});
    h.schemaBytes = sizes.schemaBytes;
    h.slotOffset = round(h.schemaOffset + h.schemaBytes, PAGE);
    h.observationBytes = sizes.observationBytes;
    h.actionOffset = round(h.observationOffset + h.observationBytes, CACHE_LINE);
    h.actionBytes = sizes.actionBytes;
    h.recordOffset = round(h.actionOffset + h.actionBytes, CACHE_LINE);
    h.recordBytes = sizes.recordBytes;
    h.slotStride = round(h.recordOffset + h.recordBytes, PAGE);
    h.totalBytes = h.slotOffset + h.slotStride * h.slots;
    return h;
}

/** Every word of the header with every nasty value is refused, or names memory that is there. */
inline void
CheckCorruptHeaders()
{
    Segment ours;
    const int fd = ours.Create(SIZES, SCHEMA);
    const std::uint64_t bytes = ours.Header().totalBytes;
    const auto refused = [fd] { return Throws([fd] { Segment().Open(fd); }, ""); };
    CHECK(!refused());
    const SegmentHeader good = ours.Header();
    for (std::size_t offset = 0; offset < sizeof good; offset += sizeof(std::uint32_t))
    {
        std::uint32_t word = 0;
        std::memcpy(&word, reinterpret_cast<const char*>(&good) + offset, sizeof word);
        for (const std::uint32_t bad :
             {0U, 1U, word + 1, word - 1, ~word, 0x7fffffffU, 0x80000000U, 0xffffffffU})
        {
            CHECK(pwrite(fd, &bad, sizeof bad, static_cast<off_t>(offset)) == sizeof bad);
            // A size may be another that takes as many pages.
            CHECK(refused() ? bad != word : IsInside(fd, bytes));
        }
        CHECK(pwrite(fd, &word, sizeof word, static_cast<off_t>(offset)) == sizeof word);
    }
    // Sizes that only an overflow makes agree with the length of the memory.
    for (const Sizes sizes : {
             Sizes{0,           17,       40,           28, 1000      },
             Sizes{3,           0 - PAGE, 40,           28, 1000      },
             Sizes{3,           17,       0 - 8 * PAGE, 28, 1000      },
             Sizes{0xffffffffU, 17,       40,           28, 0 - PAGE  },
             Sizes{0x80000000U, 17,       1ULL << 63,   28, 1ULL << 63}
    })
    {
        const SegmentHeader header = MakeWrappedHeader(sizes);
        CHECK(ftruncate(fd, static_cast<off_t>(std::min(header.totalBytes, 64 * PAGE))) == 0);
        CHECK(pwrite(fd, &header, sizeof header, 0) == sizeof header);
        CHECK(refused());
    }
    CHECK(ftruncate(fd, static_cast<off_t>(bytes)) == 0);
    CHECK(pwrite(fd, &good, sizeof good, 0) == sizeof good);
    CHECK(!refused());
    // Once opened, the header's later fate does not matter.
    Segment theirs;
    theirs.Open(fd);
    const std::vector<char> noise(sizeof good, '\xff');
    CHECK(pwrite(fd, noise.data(), noise.size(), 0) == static_cast<ssize_t>(noise.size()));
    CHECK(theirs.Observation(2) - theirs.Observation(1) == static_cast<long>(good.slotStride));
    CHECK(ftruncate(fd, sizeof good - 1) == 0);
    CHECK(Throws([fd] { Segment().Open(fd); }, "less than its header"));
    close(fd);
    CHECK(Throws([] { Segment().Open(-1); }, "cannot look"));
}

inline void
CheckCorruptDuplex()
{
    const DuplexItems items{DuplexKind::MESSAGES, 1, 1};
    const int fd = OfferMemory("");
    DuplexSegment ours;
    ours.Create(fd, items, PAGE);
    ours.ToAgentBlock()[0] = 1;
    ours.ToSimulatorBlock()[ours.BlockBytes() - 1] = 2;
    DuplexSegment theirs;
    theirs.Open(fd, items);
    CHECK(theirs.ToSimulatorBlock()[PAGE - 1] == 2);
    DuplexHeader& header = ours.Header();
    for (const std::uint64_t count : {PAGE + 1, ~std::uint64_t{0}})
    {
        header.toAgent.count.store(count);
        CHECK(Throws([&] { theirs.MessageBytes(theirs.Header().toAgent); }, "a message of"));
    }
    for (const std::uint64_t bad : {std::uint64_t{0}, PAGE + 1, std::uint64_t{1} << 63, 0 - PAGE})
    {
        header.blockBytes = bad;
        CHECK(Throws([&] { DuplexSegment().Open(fd, items); }, "contradicts itself"));
    }
    CHECK(theirs.BlockBytes() == PAGE);
    header.blockBytes = PAGE;
    CHECK(Throws([&] { DuplexSegment().Open(fd, {DuplexKind::STRUCT, 1, 1}); }, "disagree"));
    CHECK(Throws([&] { DuplexSegment().Open(fd, {DuplexKind::MESSAGES, 2, 1}); }, "disagree"));
    header.version = 99;
    CHECK(Throws([&] { DuplexSegment().Open(fd, items); }, "another version"));
    CHECK(ftruncate(fd, 8) == 0);
    CHECK(Throws([&] { DuplexSegment().Open(fd, items); }, "empty or gone"));
    close(fd);
}

/** Read a value of unknown type, as both ends do. @return how many values it has */
inline std::uint64_t
ReadValue(WireReader& reader)
{
    const WireReader::Level level(reader);
    const auto type = reader.Get<WireType>();
    const auto count = reader.Get<std::uint32_t>();
    std::uint64_t values = 0;
    switch (type)
    {
    case WireType::DISCRETE:
        reader.Get<std::int64_t>();
        return 1;
    case WireType::BOX: {
        if (count >= static_cast<std::uint32_t>(WireDtype::COUNT))
        {
            throw std::runtime_error("unknown element type on the channel");
        }
        const auto axes = reader.Get<std::uint64_t>();
        for (std::uint64_t axis = 0; axis < axes; ++axis)
        {
            reader.Get<std::uint64_t>();
        }
        values = reader.Get<std::uint64_t>();
        reader.GetArray(values, WIRE_DTYPE_BYTES[count]);
        reader.Align();
        return values;
    }
    case WireType::TUPLE:
    case WireType::DICT:
        for (std::uint32_t i = 0; i < count; ++i)
        {
            if (type == WireType::DICT)
            {
                reader.GetText();
            }
            values += ReadValue(reader);
        }
        return values;
    default:
        return 0;
    }
}

/** Messages of every type, cut off everywhere, with random bytes, nested too deep. */
inline void
CheckWire()
{
    std::vector<unsigned char> block(4 * PAGE);
    WireWriter writer(block.data(), block.size());
    writer.PutType(WireType::DICT, 2);
    writer.PutText("a key");
    writer.PutType(WireType::TUPLE, static_cast<std::uint32_t>(WireDtype::COUNT) + 1);
    for (std::uint32_t type = 0; type < static_cast<std::uint32_t>(WireDtype::COUNT); ++type)
    {
        const std::vector<unsigned char> data(3 * WIRE_DTYPE_BYTES[type], 7);
        writer.PutType(WireType::BOX, type);
        writer.Put(std::uint64_t{1});
        writer.Put(std::uint64_t{3});
        writer.Put(std::uint64_t{3});
        writer.PutBytes(data.data(), data.size());
        writer.Align();
    }
    writer.PutType(WireType::NONE, 0);
    writer.PutText("");
    writer.PutType(WireType::DISCRETE, 0);
    writer.Put(std::int64_t{-1});
    const std::uint64_t bytes = writer.GetBytes();
    const auto read = [](const std::vector<unsigned char>& message) {
        WireReader reader(message.data(), message.size());
        return ReadValue(reader);
    };
    const std::vector<unsigned char> whole(block.begin(), block.begin() + bytes);
    CHECK(read(whole) == 3 * static_cast<std::uint64_t>(WireDtype::COUNT) + 1);
    for (std::uint64_t size = 0; size < bytes; ++size)
    {
        const std::vector<unsigned char> part(whole.begin(), whole.begin() + size);
        CHECK(Throws([&] { read(part); }, "too early"));
    }
    std::mt19937 random(1);
    for (int i = 0; i < 20000; ++i)
    {
        std::vector<unsigned char> damaged = whole;
        for (int change = 0; change < 1 + i % 4; ++change)
        {
            damaged[random() % damaged.size()] = static_cast<unsigned char>(random());
        }
        try
        {
            read(damaged);
        }
        catch (const std::runtime_error&) // anything else, or a look beyond the end, is a failure
        {
        }
    }
    WireWriter deep(block.data(), block.size());
    for (int level = 0; level <= WIRE_MAX_DEPTH; ++level)
    {
        deep.PutType(WireType::TUPLE, 1);
    }
    WireReader reader(block.data(), deep.GetBytes());
    CHECK(Throws([&] { ReadValue(reader); }, "deep"));
    WireWriter small(block.data(), 8);
    small.Put(std::uint64_t{1});
    CHECK(Throws([&] { small.Put('x'); }, "does not fit"));
}

} // namespace tandem::checks

#endif // TANDEM_CHANNEL_MEMORY_CHECKS_H
