// SPDX-License-Identifier: MIT
/**
 * @file
 * Two opaque blocks in shared memory, one for each way: what structs, vectors and messages of
 * foreign interfaces travel in. The schema'd channel is in layout.h; the mailboxes are the same.
 *
 *     DuplexHeader | block to the agent | block to the simulator
 *
 * The agent creates the memory and the simulator opens it. A block is written between SendBegin()
 * and SendEnd(), and read between ReceiveBegin() and ReceiveEnd(); a sender waits until its last
 * block was taken. Blocks are large and sparse: pages never written cost nothing.
 */
#ifndef TANDEM_CHANNEL_DUPLEX_H
#define TANDEM_CHANNEL_DUPLEX_H

#include "kernel.h"
#include "layout.h"
#include "wait.h"

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <string>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace tandem::channel
{

/** "TANDUPLX": another kind of segment than layout.h's. */
constexpr std::uint64_t DUPLEX_MAGIC = 0x584c5055444e4154ULL;
/** Raised with every change of the structures below; both sides refuse another version. */
constexpr std::uint32_t DUPLEX_VERSION = 2;
/** Bytes that a block can hold unless its creator asks for more. */
constexpr std::uint64_t DUPLEX_BLOCK_BYTES = 64ULL << 20;

/** What the blocks hold. */
enum class DuplexKind : std::uint32_t
{
    STRUCT = 1,   //!< one C++ object each
    VECTOR = 2,   //!< arrays of C++ objects
    MESSAGES = 3, //!< byte strings
    TURNS = 4     //!< the first one alone, which both sides write by turns (turns.h)
};

/** One way: `written` is the sender's, `taken` the receiver's. */
struct Way
{
    Mailbox written;
    Mailbox taken;
    /** Items in the block; written by the sender of the block and, for vectors, whoever resizes. */
    alignas(CACHE_LINE) std::atomic<std::uint64_t> count;
};

struct DuplexHeader
{
    std::uint64_t magic;
    std::uint32_t version;
    DuplexKind kind;
    std::uint64_t totalBytes;
    std::uint64_t blockBytes; //!< of each block
    std::uint64_t toAgentItemBytes;
    std::uint64_t toSimulatorItemBytes;
    /** Who is at the ends; 0 while not known. The launcher or the simulator sets simulatorPid. */
    alignas(CACHE_LINE) std::atomic<std::int32_t> agentPid;
    std::atomic<std::int32_t> simulatorPid;
    std::atomic<std::uint32_t> finished; //!< the simulator has no more to send
    std::atomic<std::uint32_t> run;      //!< simulators started so far; written by the agent
    /** Set by the agent, cleared by the simulator that connects: there is one at a time. */
    std::atomic<std::uint32_t> accepting;
    alignas(CACHE_LINE) Way toAgent;
    Way toSimulator;
};

/** The process at the other end has ended without an answer. */
struct PeerDied : std::runtime_error
{
    using std::runtime_error::runtime_error;
};

/** The sizes that both sides must agree on. */
struct DuplexItems
{
    DuplexKind kind;
    std::uint64_t toAgentItemBytes;
    std::uint64_t toSimulatorItemBytes;
};

/** Forget all messages, so that another simulator can start; the blocks' contents stay. */
inline void
RestartHeader(DuplexHeader& header)
{
    header.finished.store(0);
    header.simulatorPid.store(0);
    for (Way* way : {&header.toAgent, &header.toSimulator})
    {
        way->written.sequence.store(0);
        way->taken.sequence.store(0);
    }
    header.run.fetch_add(1, std::memory_order_release);
    header.accepting.store(1);
}

/** A mapped duplex segment. Copies are not allowed: objects in the blocks keep their addresses. */
class DuplexSegment
{
  public:
    DuplexSegment() = default;
    DuplexSegment(const DuplexSegment&) = delete;
    DuplexSegment& operator=(const DuplexSegment&) = delete;

    ~DuplexSegment()
    {
        Unmap();
    }

    /**
     * Lay out and map new memory; the caller is the agent.
     *
     * @param fd empty memory, still the caller's
     * @param items what the blocks hold
     * @param blockBytes capacity of each block
     */
    void Create(int fd, const DuplexItems& items, std::uint64_t blockBytes = DUPLEX_BLOCK_BYTES)
    {
        const std::uint64_t block = RoundUp(blockBytes, PAGE);
        const std::uint64_t total = SafeSum(BlockOffset(), SafeProduct(2, block));
        if (total > MAX_SEGMENT_BYTES)
        {
            throw std::runtime_error("blocks of " + std::to_string(blockBytes) +
                                     " bytes are too large: a segment has at most " +
                                     std::to_string(MAX_SEGMENT_BYTES));
        }
        if (ftruncate(fd, static_cast<off_t>(total)) != 0)
        {
            throw std::runtime_error("cannot size the segment to " + std::to_string(total) +
                                     " bytes: " + ExplainRefusal(errno));
        }
        Map(fd, total);
        m_header->magic = DUPLEX_MAGIC;
        m_header->version = DUPLEX_VERSION;
        m_header->kind = items.kind;
        m_header->totalBytes = total;
        m_header->blockBytes = block;
        m_blockBytes = block;
        m_header->toAgentItemBytes = items.toAgentItemBytes;
        m_header->toSimulatorItemBytes = items.toSimulatorItemBytes;
        m_header->agentPid.store(getpid());
        m_header->accepting.store(1);
    }

    /**
     * Map memory that an agent has laid out.
     *
     * @param fd its file descriptor, still the caller's
     * @param items what the caller takes the blocks to hold
     * @throws std::runtime_error if it is laid out for something else
     */
    void Open(int fd, const DuplexItems& items)
    {
        struct stat info{};
        if (fstat(fd, &info) != 0 ||
            static_cast<std::uint64_t>(info.st_size) < sizeof(DuplexHeader))
        {
            throw std::runtime_error("the segment is empty or gone");
        }
        Map(fd, static_cast<std::uint64_t>(info.st_size));
        if (m_header->magic != DUPLEX_MAGIC || m_header->version != DUPLEX_VERSION ||
            m_header->totalBytes != m_bytes)
        {
            throw std::runtime_error("the segment is of another version: rebuild simulator and "
                                     "Python module with `tandem build --compat`");
        }
        // A copy: what was checked cannot change any more, whatever writes to the memory.
        m_blockBytes = m_header->blockBytes;
        if (m_bytes < BlockOffset() || m_blockBytes > m_bytes ||
            2 * m_blockBytes != m_bytes - BlockOffset())
        {
            throw std::runtime_error("the segment's header contradicts itself");
        }
        Check("kind of interface (1 struct, 2 vector, 3 Gym, 4 block of ns3-ai 1.x)",
              static_cast<std::uint64_t>(m_header->kind),
              static_cast<std::uint64_t>(items.kind));
        Check("bytes of the C++ to Python type",
              m_header->toAgentItemBytes,
              items.toAgentItemBytes);
        Check("bytes of the Python to C++ type",
              m_header->toSimulatorItemBytes,
              items.toSimulatorItemBytes);
    }

    DuplexHeader& Header() const
    {
        return *m_header;
    }

    unsigned char* ToAgentBlock() const
    {
        return reinterpret_cast<unsigned char*>(m_header) + BlockOffset();
    }

    unsigned char* ToSimulatorBlock() const
    {
        return ToAgentBlock() + m_blockBytes;
    }

    /** @return capacity of each block */
    std::uint64_t BlockBytes() const
    {
        return m_blockBytes;
    }

    /**
     * @param way one of this segment's
     * @return bytes of the message in its block, for blocks that hold bytes
     * @throws std::runtime_error if the sender claims more than the block holds
     */
    std::uint64_t MessageBytes(const Way& way) const
    {
        const std::uint64_t bytes = way.count.load();
        if (bytes > m_blockBytes)
        {
            throw std::runtime_error("a message of " + std::to_string(bytes) +
                                     " bytes on a channel of " + std::to_string(m_blockBytes));
        }
        return bytes;
    }

    void Restart()
    {
        RestartHeader(*m_header);
    }

  private:
    static constexpr std::uint64_t BlockOffset()
    {
        return RoundUp(sizeof(DuplexHeader), PAGE);
    }

    static void Check(const char* what, std::uint64_t theirs, std::uint64_t ours)
    {
        if (theirs != ours)
        {
            throw std::runtime_error(std::string("simulator and Python disagree on the ") + what +
                                     ": " + std::to_string(ours) + " here, " +
                                     std::to_string(theirs) +
                                     " there; use the same types and settings on both sides and "
                                     "rebuild them together with `tandem build --compat`");
        }
    }

    void Unmap()
    {
        if (m_header != nullptr)
        {
            munmap(m_header, m_bytes);
            m_header = nullptr;
        }
    }

    void Map(int fd, std::uint64_t bytes)
    {
        Unmap();
        void* base = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        if (base == MAP_FAILED)
        {
            throw std::runtime_error("cannot map " + std::to_string(bytes) +
                                     " bytes of shared memory: " + ExplainRefusal(errno));
        }
        m_header = static_cast<DuplexHeader*>(base);
        m_bytes = bytes;
    }

    DuplexHeader* m_header{nullptr};
    std::uint64_t m_bytes{0};
    std::uint64_t m_blockBytes{0};
};

/**
 * One process's end of one way, as sender or as receiver.
 *
 * Each wait takes a function `idle` that is called after every slice of fruitless waiting: it
 * returns true once the peer is dead, and may throw to end the wait for reasons of its own.
 */
class WayEnd
{
  public:
    explicit WayEnd(double spinUs = DEFAULT_SPIN_US)
        : m_waiter(spinUs)
    {
    }

    void Attach(Way& way)
    {
        m_way = &way;
        Restart();
    }

    /** Forget what was sent and received, as DuplexSegment::Restart() does for the memory. */
    void Restart()
    {
        m_begun = 0;
    }

    /**
     * Wait until the last block that was sent has been taken.
     *
     * @throws PeerDied if it never will be
     */
    template <typename Idle>
    void SendBegin(Idle idle)
    {
        if (m_begun > 0)
        {
            Await(m_way->taken, m_begun - 1, idle);
        }
        ++m_begun;
    }

    void SendEnd()
    {
        Post(m_way->written);
    }

    /**
     * Wait for the next block.
     *
     * @throws PeerDied if none will come
     */
    template <typename Idle>
    void ReceiveBegin(Idle idle)
    {
        Await(m_way->written, m_begun, idle);
        ++m_begun;
    }

    void ReceiveEnd()
    {
        Post(m_way->taken);
    }

    /** @return true if SendBegin() would not wait */
    bool CanSend() const
    {
        return m_begun == 0 || m_way->taken.sequence.load(std::memory_order_acquire) != m_begun - 1;
    }

    /** @return true if ReceiveBegin() would not wait */
    bool HasMessage() const
    {
        return m_way->written.sequence.load(std::memory_order_acquire) != m_begun;
    }

  private:
    template <typename Idle>
    void Await(Mailbox& mailbox, std::uint32_t seen, Idle idle)
    {
        while (!m_waiter.Wait(mailbox, seen, [] { return false; }))
        {
            // The peer's last message may have arrived before its end.
            if (idle() && mailbox.sequence.load(std::memory_order_acquire) == seen)
            {
                throw PeerDied("the process at the other end has ended");
            }
        }
    }

    Way* m_way{nullptr};
    Waiter m_waiter;
    std::uint32_t m_begun{0}; //!< messages begun here
};

} // namespace tandem::channel

#endif // TANDEM_CHANNEL_DUPLEX_H
