// SPDX-License-Identifier: GPL-2.0-only
#include "agent-link/zygote.h"

#include "agent-link/process.h"

#include "ns3/abort.h"
#include "ns3/log.h"

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace ns3::tandem
{

NS_LOG_COMPONENT_DEFINE("TandemZygote");

Zygote::Zygote(int commandFd, int agentFd, pid_t parent, const ::tandem::channel::Segment& segment)
    : m_commandFd(commandFd),
      m_agentFd(agentFd),
      m_parent(parent),
      m_segment(segment)
{
}

uint64_t
Zygote::Run()
{
    NS_LOG_FUNCTION(this);
    // Branches whose episode has died are reaped here, too.
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    m_childFd = WatchChildren();

    while (true)
    {
        const std::string message =
            WaitForCommand(m_commandFd, m_childFd, m_parent, [this] { Reap(WNOHANG); });
        StopEpisode();
        if (message.empty())
        {
            // Without destructors: buffered files belong to the episode.
            _exit(0);
        }
        if (message == STOP)
        {
            SendControl(m_commandFd, STOPPED);
            continue;
        }
        const ResetCommand reset = ReadReset(message);
        if (Fork(reset.number))
        {
            return reset.seed;
        }
    }
}

bool
Zygote::Fork(uint64_t number)
{
    NS_LOG_FUNCTION(this << number);
    auto& slot = m_segment.Slot(0);
    slot.toAgent.sequence.store(0);
    slot.toSimulator.sequence.store(0);
    slot.simulator.status.store(0);
    slot.simulator.droppedRecords = 0;
    // What a scenario does not set must not be the last episode's.
    std::memset(m_segment.Observation(0), 0, m_segment.Header().observationBytes);
    std::fflush(nullptr);
    const pid_t self = getpid();
    const pid_t pid = fork();
    NS_ABORT_MSG_IF(pid < 0, "cannot fork an episode: " << std::strerror(errno));
    if (pid == 0)
    {
        DieWithParent(self);
        close(m_commandFd);
        close(m_agentFd);
        ForgetChildren(m_childFd);
        slot.simulator.owner.store(getpid());
        return true;
    }
    m_episode = pid;
    const int pidfd = static_cast<int>(syscall(SYS_pidfd_open, pid, 0));
    const char* const kind = pidfd >= 0 ? "EPISODE " : "UNWATCHED ";
    SendControl(m_agentFd, kind + std::to_string(pid) + " " + std::to_string(number), pidfd);
    if (pidfd >= 0)
    {
        close(pidfd);
    }
    return false;
}

void
Zygote::Reap(int options)
{
    NS_LOG_FUNCTION(this << options);
    int status = 0;
    pid_t ended;
    while ((ended = waitpid(-1, &status, options)) > 0)
    {
        if (ended == m_episode)
        {
            SendControl(m_agentFd, "EXIT " + std::to_string(ended) + " " + std::to_string(status));
            m_episode = 0;
        }
    }
}

void
Zygote::StopEpisode()
{
    NS_LOG_FUNCTION(this << m_episode);
    if (m_episode != 0)
    {
        kill(m_episode, SIGKILL);
        // Its branches die with it and fall to this process: all are gone when this returns.
        Reap(0);
    }
}

} // namespace ns3::tandem
