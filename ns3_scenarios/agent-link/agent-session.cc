// SPDX-License-Identifier: GPL-2.0-only
#include "agent-link/agent-session.h"

#include "agent-link/process.h"
#include "agent-link/zygote-keeper.h"
#include "agent-link/zygote.h"

#include "ns3/abort.h"
#include "ns3/log.h"
#include "ns3/simulator.h"

#include <algorithm>
#include <cstring>

namespace ns3::tandem
{

NS_LOG_COMPONENT_DEFINE("TandemAgentSession");

using namespace ::tandem::channel;

AgentSession::AgentSession(int controlFd)
    : m_controlFd(controlFd),
      m_commandFd(controlFd),
      m_parent(getppid()),
      m_agent(m_parent)
{
    PrintByLine();
    // Until the zygote waits on the control socket nothing else would tell that the agent is gone.
    // The signal follows the agent's *thread* that started this process: until READY it waits here.
    DieWithParent(m_parent);
    ExitIfClosed(m_controlFd); // it may have died before this process knew it
}

AgentSession::~AgentSession()
{
    if (m_unposted)
    {
        Post(Slot().toAgent);
    }
}

void
AgentSession::Publish(const std::string& schema, const Sizes& sizes, double spinUs)
{
    NS_LOG_FUNCTION(this << schema.size());
    NS_LOG_DEBUG("schema " << schema);
    m_waiter = Waiter(spinUs);
    m_segment = std::make_unique<Segment>();
    const int fd = m_segment->Create(sizes, schema);
    // Before the thread knows that it may end. From here on the control socket, which follows the
    // agent's process, tells of its end: the zygote looks at it next.
    OutliveParentThread();
    SendControl(m_controlFd, "READY", fd);
    close(fd);
}

uint64_t
AgentSession::WaitForWarmup(uint32_t kept)
{
    ZygoteKeeper keeper(m_controlFd, m_parent, kept);
    const ZygoteOrder order = keeper.Run();
    m_commandFd = order.commandFd;
    m_parent = getppid();
    return order.seed;
}

uint64_t
AgentSession::WaitForEpisode()
{
    Zygote zygote(m_commandFd, m_controlFd, m_parent, *m_segment);
    const uint64_t seed = zygote.Run();
    m_parent = getppid();
    m_seen = 0;
    return seed;
}

void
AgentSession::SetHooks(Hooks hooks)
{
    m_hooks = std::move(hooks);
}

bool
AgentSession::Decide(uint32_t epoch, const Clipped& clipped)
{
    NS_LOG_FUNCTION(this << epoch << m_slot);
    m_clipped = clipped;
    if (IsBranch())
    {
        if (--m_epochsLeft == 0)
        {
            EndBranch(epoch, Status::DECISION);
        }
        Stamp(epoch, Status::DECISION);
        EnterSlot(m_slot + 1);
        return true;
    }
    auto status = Status::DECISION;
    Stamp(epoch, status);
    while (true)
    {
        switch (Exchange(status))
        {
        case Command::STEP:
            if (!m_ending.empty())
            {
                ReapEnded();
            }
            return true;
        case Command::BRANCH:
            if (Branch(epoch))
            {
                return true;
            }
            status = Status::BRANCHED;
            break;
        case Command::FORK:
            // The new simulator publishes the decision once more, in memory of its own.
            status = Fork(epoch) ? Status::DECISION : Status::FORKED;
            break;
        case Command::ASK:
            m_hooks.answer(Slot().agent.policy);
            status = Status::ANSWERED;
            break;
        default:
            return false;
        }
    }
}

void
AgentSession::Finish(uint32_t epoch, Status status, const Clipped& clipped, bool now)
{
    NS_LOG_FUNCTION(this << epoch << m_slot);
    m_clipped = clipped;
    if (IsBranch())
    {
        EndBranch(epoch, status);
    }
    Stamp(epoch, status);
    m_unposted = !now;
    if (now)
    {
        Post(Slot().toAgent);
    }
}

bool
AgentSession::HasUnposted() const
{
    return m_unposted;
}

bool
AgentSession::Flush()
{
    NS_LOG_FUNCTION(this << m_slot);
    if (IsBranch())
    {
        ++Slot().simulator.droppedRecords;
        return false;
    }
    // Anything but CONTINUE ends the episode at the next decision; its rows have no reader.
    Exchange(Status::FLUSH);
    return true;
}

bool
AgentSession::IsBranch() const
{
    return m_slot != 0;
}

bool
AgentSession::IsFork() const
{
    return m_isFork;
}

unsigned char*
AgentSession::GetObservationMemory() const
{
    return m_segment->Observation(m_slot);
}

unsigned char*
AgentSession::GetActionMemory() const
{
    return m_segment->Action(m_slot);
}

unsigned char*
AgentSession::GetRecordMemory() const
{
    return m_segment->Records(m_slot);
}

SlotHeader&
AgentSession::Slot() const
{
    return m_segment->Slot(m_slot);
}

void
AgentSession::Stamp(uint32_t epoch, Status status)
{
    auto& words = Slot().simulator;
    words.epoch = epoch;
    words.simulatedTimeS = Simulator::Now().GetSeconds();
    words.clippedValues = m_clipped.count;
    words.clippedBlock = m_clipped.block;
    words.clippedColumn = m_clipped.column;
    words.clippedValue = m_clipped.value;
    words.status.store(static_cast<uint32_t>(status), std::memory_order_release);
}

Command
AgentSession::Exchange(Status status)
{
    auto& slot = Slot();
    slot.simulator.status.store(static_cast<uint32_t>(status), std::memory_order_release);
    Post(slot.toAgent);
    while (!m_waiter.Wait(slot.toSimulator, m_seen, [] { return false; }))
    {
        ExitIfOrphaned(m_parent);
    }
    ++m_seen;
    m_waiter.SetCrowded(slot.agent.crowded != 0);
    return static_cast<Command>(slot.agent.command);
}

} // namespace ns3::tandem
