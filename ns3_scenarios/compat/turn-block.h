// SPDX-License-Identifier: GPL-2.0-only
#ifndef TANDEM_COMPAT_TURN_BLOCK_H
#define TANDEM_COMPAT_TURN_BLOCK_H

#include "channel/duplex.h"
#include "channel/peer.h"
#include "channel/turns.h"
#include "compat/simulator-end.h"

#include <cstdint>
#include <memory>
#include <string>

namespace ns3::tandem::compat
{

/** @return the segment's name of a block of ns3-ai 1.x; depends on ns-3's SharedMemoryKey */
std::string GetTurnBlockName(uint16_t id);

/** The simulator's side of a block of memory that it shares with Python by turns. */
class TurnBlock
{
  public:
    /** @param bytes of the block; Python's must be as many */
    TurnBlock(uint16_t id, uint64_t bytes)
        : m_bytes(bytes)
    {
        OpenSegment(m_segment,
                    {GetTurnBlockName(id)},
                    {::tandem::channel::DuplexKind::TURNS, bytes, 0});
        m_python.Watch(m_segment.Header().agentPid.load());
        m_turns.Attach(m_segment.Header(), false);
    }

    TurnBlock(const TurnBlock&) = delete;
    TurnBlock& operator=(const TurnBlock&) = delete;

    ~TurnBlock()
    {
        Finish();
    }

    unsigned char* GetData() const
    {
        return m_segment.ToAgentBlock();
    }

    uint64_t GetBytes() const
    {
        return m_bytes;
    }

    uint8_t GetVersion() const
    {
        return m_turns.GetVersion();
    }

    bool IsFinished() const
    {
        return m_turns.IsFinished();
    }

    /** Wait until the version suits, unless the block is held already. */
    template <typename Fits>
    void Acquire(Fits fits)
    {
        if (m_held)
        {
            return;
        }
        try
        {
            m_turns.Await(fits, [this] { return m_python.IsDead(); });
        }
        catch (const ::tandem::channel::PeerDied&)
        {
            EndProcess("the Python program has ended before the simulation");
        }
        m_held = true;
    }

    /** Let go of the block; @param handOver to Python, else it stays the simulator's turn */
    void Release(bool handOver)
    {
        if (m_held && handOver)
        {
            m_turns.HandOver();
        }
        m_held = false;
    }

    /** Tell Python that nothing more comes, by the last byte, too; again: nothing. */
    void Finish()
    {
        if (!IsFinished())
        {
            GetData()[m_bytes - 1] = 1;
            m_turns.Finish();
        }
        m_held = false;
    }

  private:
    const uint64_t m_bytes;
    ::tandem::channel::DuplexSegment m_segment;
    ::tandem::channel::TurnEnd m_turns;
    ::tandem::channel::PeerWatch m_python;
    bool m_held{false};
};

/**
 * @return the block with this id, which all objects of the program that name it share
 * @throw std::logic_error if it is in use with another size
 */
std::shared_ptr<TurnBlock> GetTurnBlock(uint16_t id, uint64_t bytes);

} // namespace ns3::tandem::compat

#endif // TANDEM_COMPAT_TURN_BLOCK_H
