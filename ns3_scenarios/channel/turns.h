// SPDX-License-Identifier: MIT
/**
 * @file
 * One block in a duplex segment that simulator and agent write by turns: each waits until the
 * block's version suits it, and handing over raises the version. ns3-ai 1.x's memory, on tandem's
 * waits.
 */
#ifndef TANDEM_CHANNEL_TURNS_H
#define TANDEM_CHANNEL_TURNS_H

#include "duplex.h"
#include "wait.h"

#include <cstdint>

namespace tandem::channel
{

/** One side of a block. The block is the segment's block to the agent. */
class TurnEnd
{
  public:
    /** @param isAgent whether this is the side that made the segment */
    void Attach(DuplexHeader& header, bool isAgent)
    {
        m_header = &header;
        m_mine = isAgent ? &header.toSimulator.written : &header.toAgent.written;
        m_theirs = isAgent ? &header.toAgent.written : &header.toSimulator.written;
    }

    /** @return how often the block was handed over, modulo 256 */
    std::uint8_t GetVersion() const
    {
        return static_cast<std::uint8_t>(m_mine->sequence.load(std::memory_order_acquire) +
                                         m_theirs->sequence.load(std::memory_order_acquire));
    }

    /** @return whether the simulator has said that it is done */
    bool IsFinished() const
    {
        return m_header->finished.load() != 0;
    }

    /**
     * Wait for a version.
     *
     * @param fits takes a version, returns whether it is the right one
     * @param idle as for WayEnd
     * @return false if the simulator is done
     * @throws PeerDied if the other side has ended
     */
    template <typename Fits, typename Idle>
    bool Await(Fits fits, Idle idle)
    {
        while (true)
        {
            const std::uint32_t seen = m_theirs->sequence.load(std::memory_order_acquire);
            if (IsFinished())
            {
                return false;
            }
            if (fits(GetVersion()))
            {
                return true;
            }
            if (!m_waiter.Wait(*m_theirs, seen, [] { return false; }) && idle() &&
                m_theirs->sequence.load(std::memory_order_acquire) == seen)
            {
                throw PeerDied("the process at the other end has ended");
            }
        }
    }

    /** Let the other side have the block. */
    void HandOver()
    {
        Post(*m_mine);
    }

    /** Tell the agent that nothing more comes. */
    void Finish()
    {
        m_header->finished.store(1);
        HandOver();
    }

  private:
    DuplexHeader* m_header{nullptr};
    Mailbox* m_mine{nullptr};
    Mailbox* m_theirs{nullptr};
    Waiter m_waiter;
};

} // namespace tandem::channel

#endif // TANDEM_CHANNEL_TURNS_H
