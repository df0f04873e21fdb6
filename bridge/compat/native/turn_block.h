// SPDX-License-Identifier: MIT
/**
 * @file
 * The Python side of a block of memory that it shares with a simulator by turns: ns3-ai 1.x's.
 */
#ifndef TANDEM_COMPAT_NATIVE_TURN_BLOCK_H
#define TANDEM_COMPAT_NATIVE_TURN_BLOCK_H

#include "patience.h"

#include "channel/turns.h"

#include <cstdint>
#include <cstring>
#include <string>

namespace tandem::compat
{

class TurnBlock
{
  public:
    /** Offer memory of so many bytes, all zero, to a simulator. */
    TurnBlock(const std::string& name, std::uint64_t bytes)
        : m_fd(channel::OfferMemory(name)),
          m_bytes(bytes)
    {
        m_segment.Create(m_fd, {channel::DuplexKind::TURNS, bytes, 0}, bytes);
        m_turns.Attach(m_segment.Header(), true);
    }

    ~TurnBlock()
    {
        Withdraw();
    }

    TurnBlock(const TurnBlock&) = delete;
    TurnBlock& operator=(const TurnBlock&) = delete;

    std::uintptr_t GetAddress() const
    {
        return reinterpret_cast<std::uintptr_t>(m_segment.ToAgentBlock());
    }

    int GetSimulatorPid() const
    {
        return m_segment.Header().simulatorPid.load();
    }

    int GetVersion() const
    {
        return m_turns.GetVersion();
    }

    bool IsFinished() const
    {
        return m_turns.IsFinished();
    }

    /** Offer it to no simulator any more; it can still be read and written. */
    void Withdraw()
    {
        if (m_fd >= 0)
        {
            close(m_fd);
            m_fd = -1;
        }
    }

    /** As it was at first, for another simulator. */
    void Restart()
    {
        std::memset(m_segment.ToAgentBlock(), 0, m_bytes);
        m_segment.Restart();
    }

    void Announce(int pid)
    {
        m_segment.Header().simulatorPid.store(pid);
    }

    /** @return 1 once the version divided by mod leaves res, 0 once the simulator is done, or DIED
     */
    int Wait(std::uint32_t mod, std::uint32_t res)
    {
        const auto fits = [mod, res](std::uint8_t version) { return version % mod == res; };
        bool isTurn = false;
        try
        {
            m_patience.Wait(
                -1.0,
                IsFinished() || fits(m_turns.GetVersion()),
                [this, &fits, &isTurn](auto idle) { isTurn = m_turns.Await(fits, idle); });
        }
        catch (const channel::PeerDied&)
        {
            return DIED;
        }
        return isTurn ? 1 : 0;
    }

    void HandOver()
    {
        m_turns.HandOver();
    }

  private:
    int m_fd;
    std::uint64_t m_bytes;
    channel::DuplexSegment m_segment;
    channel::TurnEnd m_turns;
    Patience m_patience{m_segment};
};

} // namespace tandem::compat

#endif // TANDEM_COMPAT_NATIVE_TURN_BLOCK_H
