// SPDX-License-Identifier: GPL-2.0-only
#include "agent-link/zygote-keeper.h"

#include "agent-link/process.h"
#include "agent-link/zygote.h"

#include "ns3/abort.h"
#include "ns3/log.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace ns3::tandem
{

NS_LOG_COMPONENT_DEFINE("TandemZygoteKeeper");

namespace
{
/** End this process in the way that a child of it has ended. */
[[noreturn]] void
EndLike(int status)
{
    if (WIFSIGNALED(status))
    {
        signal(WTERMSIG(status), SIG_DFL);
        kill(getpid(), WTERMSIG(status));
    }
    _exit(WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_FAILURE);
}
} // namespace

ZygoteKeeper::ZygoteKeeper(int agentFd, pid_t agent, uint32_t kept)
    : m_agentFd(agentFd),
      m_limit(std::max<uint32_t>(kept, 1))
{
    m_agent.Watch(agent);
}

ZygoteOrder
ZygoteKeeper::Run()
{
    NS_LOG_FUNCTION(this);
    // Episodes whose zygote has died are reaped here.
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    m_childFd = WatchChildren();
    while (true)
    {
        const std::string message =
            WaitForCommand(m_agentFd, m_childFd, m_agent, [this] { Reap(); });
        if (message.empty())
        {
            EndAll();
            // Without destructors: buffered files belong to the episodes.
            _exit(0);
        }
        const uint64_t seed = ReadReset(message).seed;
        if (Select(seed))
        {
            return {seed, m_ownFd};
        }
        SendControl(m_kept.front().commandFd, message);
    }
}

bool
ZygoteKeeper::Select(uint64_t seed)
{
    NS_LOG_FUNCTION(this << seed);
    if (!m_kept.empty() && m_kept.front().seed == seed)
    {
        return false;
    }
    StopEpisode();
    const auto found = std::find_if(m_kept.begin(), m_kept.end(), [seed](const Kept& zygote) {
        return zygote.seed == seed;
    });
    if (found != m_kept.end())
    {
        m_kept.splice(m_kept.begin(), m_kept, found);
        return false;
    }
    if (m_kept.size() >= m_limit)
    {
        End(m_kept.back());
        m_kept.pop_back();
    }
    return Fork(seed);
}

bool
ZygoteKeeper::Fork(uint64_t seed)
{
    NS_LOG_FUNCTION(this << seed);
    int ends[2];
    NS_ABORT_MSG_IF(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0,
                    "cannot talk to a zygote: " << std::strerror(errno));
    std::fflush(nullptr);
    const pid_t self = getpid();
    const pid_t pid = fork();
    NS_ABORT_MSG_IF(pid < 0, "cannot fork a zygote: " << std::strerror(errno));
    if (pid == 0)
    {
        DieWithParent(self);
        for (const Kept& sibling : m_kept)
        {
            close(sibling.commandFd);
        }
        m_kept.clear();
        close(ends[0]);
        ForgetChildren(m_childFd);
        m_ownFd = ends[1];
        return true;
    }
    close(ends[1]);
    SendControl(m_agentFd, "WARMUP");
    m_kept.push_front({seed, pid, ends[0]});
    return false;
}

void
ZygoteKeeper::StopEpisode()
{
    NS_LOG_FUNCTION(this);
    if (m_kept.empty())
    {
        return;
    }
    // The old episode's end must be told before the new one's beginning.
    SendControl(m_kept.front().commandFd, Zygote::STOP);
    if (ReceiveControl(m_kept.front().commandFd) != Zygote::STOPPED)
    {
        const int status = WaitFor(m_kept.front().pid);
        EndAll();
        EndLike(status);
    }
}

void
ZygoteKeeper::End(const Kept& zygote)
{
    NS_LOG_FUNCTION(this << zygote.seed);
    close(zygote.commandFd);
    WaitFor(zygote.pid);
}

void
ZygoteKeeper::EndAll()
{
    NS_LOG_FUNCTION(this << m_kept.size());
    // One that is warming up does not listen.
    for (const Kept& zygote : m_kept)
    {
        kill(zygote.pid, SIGKILL);
    }
    // Their episodes and branches die with them and fall to this process. So do forks that go on:
    // they have groups of their own.
    ReapGroup(m_childFd, [](pid_t, int) {});
    m_kept.clear();
}

void
ZygoteKeeper::Reap()
{
    NS_LOG_FUNCTION(this);
    ReapEnded([this](pid_t ended, int status) {
        const auto found = std::find_if(m_kept.begin(), m_kept.end(), [ended](const Kept& zygote) {
            return zygote.pid == ended;
        });
        if (found == m_kept.end())
        {
            return;
        }
        if (found == m_kept.begin())
        {
            EndAll();
            EndLike(status);
        }
        close(found->commandFd);
        m_kept.erase(found);
    });
}

} // namespace ns3::tandem
