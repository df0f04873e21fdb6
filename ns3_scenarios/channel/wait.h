// SPDX-License-Identifier: MIT
/**
 * @file
 * Posting to a mailbox and waiting for one: spin for a while, then sleep in the kernel (futex).
 *
 * The spin is bounded and backs off. Once one side sleeps, waking it takes 25–50 µs; a spin shorter
 * than that would make the other side sleep too, and both for ever after, so the budget is at
 * least twice that. A spin that fails doubles the number of waits that skip spinning (at most
 * MAX_SKIPPED_SPINS), one that succeeds resets it: full speed across cores, and near futex speed
 * where both sides share a core. Where simulators outnumber cores, a long spin takes the core from
 * one that has something to do: there CROWDED_SPIN_US are the limit.
 */
#ifndef TANDEM_CHANNEL_WAIT_H
#define TANDEM_CHANNEL_WAIT_H

#include "layout.h"

#include <algorithm>
#include <chrono>
#include <climits>
#include <ctime>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__) || defined(__i386__)
#include <immintrin.h>
#endif

namespace tandem::channel
{

/** How long a wait spins by default: twice the wake latency measured on commodity machines. */
constexpr double DEFAULT_SPIN_US = 75.0;
/** How long a wait spins at most while others could use the processor. Measured: with 2 to 20 µs
 *  four simulators on two cores are fastest. */
constexpr double CROWDED_SPIN_US = 10.0;
/** A sleep is cut into slices, after each of which the waiter looks at the peer and at signals. */
constexpr int SLICE_MS = 100;
/** Longest run of waits that skip spinning after failed spins. */
constexpr std::uint32_t MAX_SKIPPED_SPINS = 64;
/** Looks at the mailbox between two looks at the clock (a clock read costs about as much). */
constexpr int LOOKS_PER_CLOCK_READ = 16;

/** One futex system call on a word shared between processes (hence not FUTEX_PRIVATE). */
inline long
Futex(std::atomic<std::uint32_t>& word, int operation, std::uint32_t value, const timespec* timeout)
{
    return syscall(SYS_futex,
                   reinterpret_cast<std::uint32_t*>(&word),
                   operation,
                   value,
                   timeout,
                   nullptr,
                   0);
}

/** Tell the processor that this is a spin loop. */
inline void
CpuRelax()
{
#if defined(__x86_64__) || defined(__i386__)
    _mm_pause();
#elif defined(__aarch64__)
    asm volatile("yield" ::: "memory");
#endif
}

/** Advance a mailbox and wake its reader if it sleeps. */
inline void
Post(Mailbox& mailbox)
{
    // The read-modify-write is a full barrier: it orders the new sequence before the look at
    // `sleepers`, as Waiter orders its `sleepers` before its last look at the sequence. Without
    // it both could miss the other and the reader would sleep on a message already there.
    mailbox.sequence.fetch_add(1, std::memory_order_seq_cst);
    if (mailbox.sleepers.load(std::memory_order_seq_cst) != 0)
    {
        Futex(mailbox.sequence, FUTEX_WAKE, INT_MAX, nullptr);
    }
}

/** One side's state of waiting at one mailbox. Not shared, not thread-safe. */
class Waiter
{
  public:
    /** @param spinUs spin budget in microseconds; 0 sleeps at once */
    explicit Waiter(double spinUs = DEFAULT_SPIN_US)
        : m_spin(FromUs(spinUs)),
          m_limit(m_spin)
    {
    }

    /** @param crowded whether more processes compute than there are processors */
    void SetCrowded(bool crowded)
    {
        m_limit = crowded ? std::min(m_spin, FromUs(CROWDED_SPIN_US)) : m_spin;
    }

    /**
     * Wait until the sequence differs from `seen`, for one slice of sleep at most.
     *
     * @param mailbox where to wait
     * @param seen the sequence already dealt with
     * @param cancelled looked at before sleeping: true returns at once
     * @return true if there is a new message; false if the slice ended, a signal or a late wake-up
     *         for the message before came, or the wait was cancelled: it says nothing of the peer
     */
    template <typename Cancelled>
    bool Wait(Mailbox& mailbox, std::uint32_t seen, Cancelled cancelled)
    {
        if (mailbox.sequence.load(std::memory_order_acquire) != seen || Spin(mailbox, seen))
        {
            return true;
        }
        return Sleep(mailbox, seen, cancelled);
    }

    /** @return how many waits ended in a sleep so far */
    std::uint64_t GetSleeps() const
    {
        return m_sleeps;
    }

  private:
    using Clock = std::chrono::steady_clock;

    static Clock::duration FromUs(double us)
    {
        return std::chrono::duration_cast<Clock::duration>(
            std::chrono::duration<double, std::micro>(us));
    }

    bool Spin(Mailbox& mailbox, std::uint32_t seen)
    {
        if (m_limit <= Clock::duration::zero())
        {
            return false;
        }
        if (m_skipLeft > 0)
        {
            --m_skipLeft;
            return false;
        }
        const auto deadline = Clock::now() + m_limit;
        do
        {
            for (int i = 0; i < LOOKS_PER_CLOCK_READ; ++i)
            {
                CpuRelax();
                if (mailbox.sequence.load(std::memory_order_acquire) != seen)
                {
                    m_skip = 0;
                    return true;
                }
            }
        } while (Clock::now() < deadline);
        m_skip = m_skip == 0 ? 1 : std::min(m_skip * 2, MAX_SKIPPED_SPINS);
        m_skipLeft = m_skip;
        return false;
    }

    template <typename Cancelled>
    bool Sleep(Mailbox& mailbox, std::uint32_t seen, Cancelled cancelled)
    {
        mailbox.sleepers.store(1, std::memory_order_seq_cst);
        if (mailbox.sequence.load(std::memory_order_seq_cst) == seen && !cancelled())
        {
            ++m_sleeps;
            const timespec slice{SLICE_MS / 1000, (SLICE_MS % 1000) * 1000000L};
            Futex(mailbox.sequence, FUTEX_WAIT, seen, &slice);
        }
        mailbox.sleepers.store(0, std::memory_order_relaxed);
        return mailbox.sequence.load(std::memory_order_acquire) != seen;
    }

    Clock::duration m_spin;
    Clock::duration m_limit; //!< of a spin at present
    std::uint32_t m_skip{0};
    std::uint32_t m_skipLeft{0};
    std::uint64_t m_sleeps{0};
};

} // namespace tandem::channel

#endif // TANDEM_CHANNEL_WAIT_H
