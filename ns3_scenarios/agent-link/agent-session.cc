// SPDX-License-Identifier: GPL-2.0-only
#include "agent-link/agent-session.h"

#include "agent-link/process.h"
#include "agent-link/zygote-keeper.h"
#include "agent-link/zygote.h"

#include "ns3/abort.h"
#include "ns3/log.h"
#include "ns3/simulator.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <sys/wait.h>

namespace ns3::tandem
{

NS_LOG_COMPONENT_DEFINE("TandemAgentSession");

using namespace ::tandem::channel;

AgentSession::AgentSession(int controlFd)
    : m_controlFd(controlFd),
      m_commandFd(controlFd),
      m_parent(getppid())
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
    KeepLibrariesMapped(); // once: keeper, zygotes and episodes are forked from here
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
AgentSession::SetAnswer(std::function<void(uint32_t)> answer)
{
    m_answer = std::move(answer);
}

bool
AgentSession::Decide(uint32_t epoch, const Clipped& clipped)
{
    NS_LOG_FUNCTION(this << epoch << m_slot);
    m_clipped = clipped;
    if (IsBranch())
    {
        if (--m_horizonLeft == 0)
        {
            EndBranch(epoch, Status::DECISION);
        }
        Stamp(epoch, Status::DECISION);
        const uint32_t left = m_slot;
        EnterSlot(left + 1);
        const auto bytes = m_segment->Header().actionBytes;
        std::memcpy(GetActionMemory(), m_segment->Action(left), bytes);
        return true;
    }
    Stamp(epoch, Status::DECISION);
    auto command = Exchange(Status::DECISION);
    while (command == Command::BRANCH || command == Command::ASK)
    {
        if (command == Command::ASK)
        {
            m_answer(Slot().agent.policy);
            command = Exchange(Status::ANSWERED);
            continue;
        }
        if (Branch(epoch))
        {
            return true;
        }
        command = Exchange(Status::BRANCHED);
    }
    return command == Command::STEP;
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

uint32_t
AgentSession::GetFuture() const
{
    return m_future;
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
    return static_cast<Command>(slot.agent.command);
}

bool
AgentSession::Branch(uint32_t epoch)
{
    NS_LOG_FUNCTION(this << epoch);
    const auto& words = Slot().agent;
    const uint32_t count = words.branchCount;
    const uint32_t parallel = std::max<uint32_t>(words.branchParallel, 1);
    const uint32_t horizon = std::max<uint32_t>(words.branchHorizon, 1);
    m_horizonLeft = horizon;
    m_future = words.branchFuture;
    NS_ABORT_MSG_IF(count > (m_segment->Header().slots - 1) / horizon,
                    "the agent asks for " << count << " branches of " << horizon
                                          << " epochs, the channel has "
                                          << m_segment->Header().slots - 1 << " branch slots");
    // A child would write what is buffered here a second time.
    std::fflush(nullptr);
    const pid_t self = getpid();
    std::map<pid_t, uint32_t> running;
    const uint32_t end = 1 + count * horizon;
    uint32_t next = 1; // the slot of the next branch's first epoch
    while (next < end || !running.empty())
    {
        if (next < end && running.size() < parallel)
        {
            for (uint32_t slot = next; slot < next + horizon; ++slot)
            {
                auto& child = m_segment->Slot(slot).simulator;
                child.status.store(static_cast<uint32_t>(Status::NONE));
                child.exitStatus = 0;
                child.droppedRecords = 0;
            }
            const pid_t pid = fork();
            NS_ABORT_MSG_IF(pid < 0,
                            "cannot fork a branch: " << std::strerror(errno)
                                                     << "; lower `parallel`");
            if (pid == 0)
            {
                BecomeBranch(next, self);
                return true;
            }
            running[pid] = next;
            next += horizon;
            continue;
        }
        int status = 0;
        const pid_t ended = waitpid(-1, &status, 0);
        const auto found = running.find(ended);
        if (found == running.end())
        {
            continue;
        }
        const uint32_t first = found->second;
        m_segment->Slot(first).simulator.exitStatus = status;
        running.erase(found);
        if (status != 0 || !IsComplete(first, horizon))
        {
            Abandon(running, next, end, horizon);
            break;
        }
    }
    Stamp(epoch, Status::BRANCHED);
    return false;
}

bool
AgentSession::IsComplete(uint32_t first, uint32_t horizon) const
{
    for (uint32_t slot = first; slot < first + horizon; ++slot)
    {
        const auto status = static_cast<Status>(m_segment->Slot(slot).simulator.status.load());
        if (status != Status::DECISION)
        {
            return status != Status::NONE; // the end of the episode, or no end at all
        }
    }
    return true;
}

void
AgentSession::Abandon(const std::map<pid_t, uint32_t>& running,
                      uint32_t next,
                      uint32_t end,
                      uint32_t horizon)
{
    NS_LOG_FUNCTION(this << running.size() << next << end << horizon);
    const auto mark = [this](uint32_t slot) {
        auto& words = m_segment->Slot(slot).simulator;
        words.status.store(static_cast<uint32_t>(Status::ABANDONED));
        words.exitStatus = 0;
    };
    for (const auto& [pid, slot] : running)
    {
        kill(pid, SIGKILL);
    }
    for (const auto& [pid, slot] : running)
    {
        while (waitpid(pid, nullptr, 0) < 0 && errno == EINTR)
        {
        }
        mark(slot);
    }
    for (uint32_t slot = next; slot < end; slot += horizon)
    {
        mark(slot);
    }
}

void
AgentSession::BecomeBranch(uint32_t slot, pid_t parent)
{
    NS_LOG_FUNCTION(this << slot << parent);
    DieWithParent(parent);
    // Trace files belong to the episode that really happens.
    MuteFiles();
    m_parent = parent;
    EnterSlot(slot);
}

void
AgentSession::EnterSlot(uint32_t slot)
{
    NS_LOG_FUNCTION(this << m_slot << slot);
    // What the scenario does not fill anew at a decision stays as it was.
    const auto bytes = m_segment->Header().observationBytes;
    std::memcpy(m_segment->Observation(slot), GetObservationMemory(), bytes);
    m_slot = slot;
    Slot().simulator.owner.store(getpid());
}

void
AgentSession::EndBranch(uint32_t epoch, Status status)
{
    NS_LOG_FUNCTION(this << epoch << m_slot);
    Stamp(epoch, status);
    // No destructors: the branch is a copy that must leave no trace in files or sockets.
    _exit(0);
}

} // namespace ns3::tandem
