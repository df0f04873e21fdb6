// SPDX-License-Identifier: GPL-2.0-only
// Branches: forked copies of an episode that play a few epochs each, with actions given before.
#include "agent-link/agent-session.h"
#include "agent-link/process.h"

#include "ns3/abort.h"
#include "ns3/log.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace ns3::tandem
{

NS_LOG_COMPONENT_DEFINE("TandemBranches");

using namespace ::tandem::channel;

bool
AgentSession::Branch(uint32_t epoch)
{
    NS_LOG_FUNCTION(this << epoch);
    ReapEnded();
    const auto& words = Slot().agent;
    const uint32_t parallel = std::max<uint32_t>(words.branchParallel, 1);
    const uint32_t future = words.future;
    std::queue<Span> waiting = ReadBranches();
    // A child would write what is buffered here a second time.
    std::fflush(nullptr);
    const pid_t self = getpid();
    std::map<pid_t, Running> running;
    while (!waiting.empty() || !running.empty())
    {
        if (!waiting.empty() && running.size() < parallel)
        {
            const Span branch = waiting.front();
            int ends[2];
            NS_ABORT_MSG_IF(pipe2(ends, O_CLOEXEC) != 0,
                            "cannot hear of a branch's end: "
                                << std::strerror(errno)
                                << "; lower `parallel`, or raise the limit with ulimit -n");
            for (uint32_t slot = branch.first; slot < branch.first + branch.epochs; ++slot)
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
                close(ends[0]);
                m_reportFd = ends[1];
                BecomeBranch(branch, self);
                m_hooks.redraw(future);
                return true;
            }
            close(ends[1]);
            running[pid] = {branch, ends[0]};
            waiting.pop();
            continue;
        }
        if (!AwaitBranch(running))
        {
            Abandon(running, std::move(waiting));
            break;
        }
        while (m_ending.size() > parallel)
        {
            WaitFor(m_ending.front());
            m_ending.pop_front();
        }
    }
    Stamp(epoch, Status::BRANCHED);
    return false;
}

bool
AgentSession::AwaitBranch(std::map<pid_t, Running>& running)
{
    std::vector<pollfd> watched;
    std::vector<pid_t> pids;
    for (const auto& [pid, branch] : running)
    {
        watched.push_back({branch.reportFd, POLLIN, 0});
        pids.push_back(pid);
    }
    while (poll(watched.data(), watched.size(), -1) < 0 && errno == EINTR)
    {
    }
    bool good = true;
    for (size_t i = 0; i < watched.size(); ++i)
    {
        if (watched[i].revents == 0)
        {
            continue;
        }
        const auto found = running.find(pids[i]);
        const auto [span, reportFd] = found->second;
        char report = 0;
        if (read(reportFd, &report, sizeof report) == sizeof report)
        {
            m_ending.push_back(pids[i]);
        }
        else
        {
            m_segment->Slot(span.first).simulator.exitStatus = WaitFor(pids[i]);
            good = false;
        }
        good &= IsComplete(span);
        close(reportFd);
        running.erase(found);
    }
    return good;
}

void
AgentSession::ReapEnded()
{
    ns3::tandem::ReapEnded([this](pid_t ended, int) {
        m_ending.erase(std::remove(m_ending.begin(), m_ending.end(), ended), m_ending.end());
    });
}

std::queue<AgentSession::Span>
AgentSession::ReadBranches() const
{
    const uint32_t slots = m_segment->Header().slots;
    std::queue<Span> branches;
    uint32_t first = 1;
    for (uint32_t i = 0; i < Slot().agent.branchCount; ++i)
    {
        NS_ABORT_MSG_IF(first >= slots, "the agent asks for more branches than there are slots");
        const Span branch{first, std::max<uint32_t>(m_segment->Slot(first).agent.branchEpochs, 1)};
        NS_ABORT_MSG_IF(branch.epochs > slots - first,
                        "the agent asks for branches of more epochs than the "
                            << slots - 1 << " branch slots of the channel");
        branches.push(branch);
        first += branch.epochs;
    }
    return branches;
}

bool
AgentSession::IsComplete(const Span& branch) const
{
    for (uint32_t slot = branch.first; slot < branch.first + branch.epochs; ++slot)
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
AgentSession::Abandon(const std::map<pid_t, Running>& running, std::queue<Span> waiting)
{
    NS_LOG_FUNCTION(this << running.size() << waiting.size());
    const auto mark = [this](uint32_t slot) {
        auto& words = m_segment->Slot(slot).simulator;
        words.status.store(static_cast<uint32_t>(Status::ABANDONED));
        words.exitStatus = 0;
    };
    for (const auto& [pid, branch] : running)
    {
        kill(pid, SIGKILL);
    }
    for (const auto& [pid, branch] : running)
    {
        WaitFor(pid);
        close(branch.reportFd);
        mark(branch.span.first);
    }
    for (; !waiting.empty(); waiting.pop())
    {
        mark(waiting.front().first);
    }
}

void
AgentSession::BecomeBranch(const Span& branch, pid_t parent)
{
    NS_LOG_FUNCTION(this << branch.first << parent);
    DieWithParent(parent);
    // Trace files belong to the episode that really happens.
    MuteFiles();
    m_ending.clear(); // siblings
    m_parent = parent;
    m_epochsLeft = branch.epochs;
    EnterSlot(branch.first);
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
    m_hooks.attach();
}

void
AgentSession::EndBranch(uint32_t epoch, Status status)
{
    NS_LOG_FUNCTION(this << epoch << m_slot);
    Stamp(epoch, status);
    // The next branch begins while this process ends.
    const char report = 1;
    [[maybe_unused]] const ssize_t written = write(m_reportFd, &report, sizeof report);
    // No destructors: the branch is a copy that must leave no trace in files or sockets.
    _exit(0);
}

} // namespace ns3::tandem
