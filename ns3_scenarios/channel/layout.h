// SPDX-License-Identifier: MIT
/**
 * @file
 * The shared memory that a simulator and its agent have in common: the ONE definition of its
 * layout, compiled into both sides.
 *
 *     SegmentHeader | schema (JSON) | slot 0 | slot 1 | … | slot k
 *     slot: SlotHeader | observation block | action block | record tables
 *
 * Slot 0 belongs to the running episode, slots 1…k to the counterfactual branches forked from it,
 * so that a forked child only switches slot and nothing has to be passed to it. Every word has one
 * writer: the simulator writes toAgent, SimulatorWords, observations and records; the agent writes
 * toSimulator, AgentWords and actions (but where it asks for the action of a policy).
 */
#ifndef TANDEM_CHANNEL_LAYOUT_H
#define TANDEM_CHANNEL_LAYOUT_H

#include "sizes.h"

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace tandem::channel
{

/** "TANDEM" and the byte order, so that foreign memory is recognised as such. */
constexpr std::uint64_t MAGIC = 0x01004d45444e4154ULL;
/** Raised with every change of the structures below; both sides refuse another version. */
constexpr std::uint32_t LAYOUT_VERSION = 6;
/** One cache line: words written by different sides never share one. */
constexpr std::size_t CACHE_LINE = 64;
/** Slots start on pages, so that the pages of slots never used are never touched. */
constexpr std::size_t PAGE = 4096;
/** A record table starts with its row count, padded to one cache line. */
constexpr std::size_t RECORD_HEADER_BYTES = CACHE_LINE;
/** A record's cell is an int64 or a float64. */
constexpr std::size_t RECORD_CELL_BYTES = 8;

/** What the agent asks for. */
enum class Command : std::uint32_t
{
    NONE = 0,
    STEP = 1,     //!< run one epoch with the action block of slot 0
    BRANCH = 2,   //!< fork branchCount copies. Each has slots in a row, one for each of its epochs,
                  //!< with the action of that epoch; how many, says branchEpochs of the first
    CONTINUE = 3, //!< the records were taken (answer to Status::FLUSH)
    CLOSE = 4,    //!< end the episode
    ASK = 5,      //!< fill the action block of slot 0 as the policy of that number would
    FORK = 6      //!< fork a simulator of its own that goes on from this decision
};

/** Why the simulator woke the agent. */
enum class Status : std::uint32_t
{
    NONE = 0,
    DECISION = 1,   //!< an observation is published, an action is awaited
    TRUNCATED = 2,  //!< last observation: the limit of epochs is reached
    TERMINATED = 3, //!< last observation: the scenario ended the episode
    FLUSH = 4,      //!< a record table is full in mid-epoch: take the records, then CONTINUE
    BRANCHED = 5,   //!< all branches have ended, their slots are filled
    ABANDONED = 6,  //!< a branch that was ended, or not begun, because another one had died
    ANSWERED = 7,   //!< the action block is filled (answer to Command::ASK)
    FORKED = 8      //!< it is, or cannot be: a control message says which (answer to Command::FORK)
};

/** A sequence number that one side advances and the other waits for. */
struct alignas(CACHE_LINE) Mailbox
{
    std::atomic<std::uint32_t> sequence; //!< messages posted so far
    std::atomic<std::uint32_t> sleepers; //!< non-zero while the reader sleeps in the kernel
};

/** Words of a slot that only the simulator writes. */
struct alignas(CACHE_LINE) SimulatorWords
{
    std::atomic<std::int32_t> owner; //!< pid of the process that owns the slot, 0 if none
    std::atomic<std::uint32_t> status;
    std::uint32_t epoch;          //!< decisions taken before this observation
    std::int32_t exitStatus;      //!< wait status of a finished branch, in its first slot
    std::uint64_t droppedRecords; //!< rows that did not fit (branches cannot flush)
    double simulatedTimeS;        //!< ns-3's clock at the observation
    std::uint64_t clippedValues;  //!< of the observation: set beyond the bounds of their column
    std::uint32_t clippedBlock;   //!< of the first of them: number of its block
    std::uint32_t clippedColumn;  //!< and of its column
    double clippedValue;          //!< and what it was set to
};

/** Words of a slot that only the agent writes. */
struct alignas(CACHE_LINE) AgentWords
{
    std::uint32_t command;
    std::uint32_t branchCount;
    std::uint32_t branchParallel; //!< branches that run at the same time
    std::uint32_t branchEpochs;   //!< in the first slot of a branch: how many slots it has
    std::uint32_t
        future; //!< of branches and forks: 0: they draw what the episode would, else other
    std::uint32_t policy;  //!< number of the scenario's policy that is asked
    std::uint32_t crowded; //!< non-zero: more processes compute than there are processors
};

struct SlotHeader
{
    Mailbox toAgent;
    Mailbox toSimulator;
    SimulatorWords simulator;
    AgentWords agent;
};

struct SegmentHeader
{
    std::uint64_t magic;
    std::uint32_t layoutVersion;
    std::uint32_t slots;      //!< 1 + the number of branch slots
    std::uint64_t totalBytes; //!< of the whole segment
    std::uint64_t schemaOffset;
    std::uint64_t schemaBytes;
    std::uint64_t slotOffset; //!< of slot 0
    std::uint64_t slotStride;
    // Offsets within a slot.
    std::uint64_t observationOffset;
    std::uint64_t observationBytes;
    std::uint64_t actionOffset;
    std::uint64_t actionBytes;
    std::uint64_t recordOffset;
    std::uint64_t recordBytes;
};

static_assert(std::atomic<std::uint32_t>::is_always_lock_free,
              "a mailbox in shared memory needs lock-free atomics");
static_assert(sizeof(Mailbox) == CACHE_LINE, "one mailbox, one cache line");

/** What a segment has to hold, in bytes and slots. */
struct Sizes
{
    std::uint32_t slots;
    std::uint64_t schemaBytes;
    std::uint64_t observationBytes;
    std::uint64_t actionBytes;
    std::uint64_t recordBytes;
};

/** @return the bytes of a record table: its row count and its rows */
constexpr std::uint64_t
TableBytes(std::uint64_t rows, std::uint64_t columns)
{
    return SafeSum(RECORD_HEADER_BYTES, SafeProduct(rows, SafeProduct(columns, RECORD_CELL_BYTES)));
}

/** @return the header of a segment of these sizes; totalBytes is TOO_LARGE if there is none */
inline SegmentHeader
MakeHeader(const Sizes& sizes)
{
    SegmentHeader h{};
    h.magic = MAGIC;
    h.layoutVersion = LAYOUT_VERSION;
    h.slots = sizes.slots;
    h.schemaOffset = RoundUp(sizeof(SegmentHeader), CACHE_LINE);
    h.schemaBytes = sizes.schemaBytes;
    h.slotOffset = RoundUp(SafeSum(h.schemaOffset, h.schemaBytes), PAGE);
    h.observationOffset = RoundUp(sizeof(SlotHeader), CACHE_LINE);
    h.observationBytes = sizes.observationBytes;
    h.actionOffset = RoundUp(SafeSum(h.observationOffset, h.observationBytes), CACHE_LINE);
    h.actionBytes = sizes.actionBytes;
    h.recordOffset = RoundUp(SafeSum(h.actionOffset, h.actionBytes), CACHE_LINE);
    h.recordBytes = sizes.recordBytes;
    h.slotStride = RoundUp(SafeSum(h.recordOffset, h.recordBytes), PAGE);
    h.totalBytes = SafeSum(h.slotOffset, SafeProduct(h.slotStride, h.slots));
    return h;
}

} // namespace tandem::channel

#endif // TANDEM_CHANNEL_LAYOUT_H
