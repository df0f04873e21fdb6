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
#include <poll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace ns3::tandem
{

NS_LOG_COMPONENT_DEFINE("TandemZygote");

namespace
{
/** How often an idle zygote looks whether its agent lives, in case a stranger holds the socket. */
constexpr int ORPHAN_CHECK_MS = 500;

/** Block or unblock SIGCHLD, which the zygote takes from a file descriptor. */
void
MaskChildSignal(int how)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigprocmask(how, &set, nullptr);
}
} // namespace

Zygote::Zygote(int controlFd, pid_t agent, const ::tandem::channel::Segment& segment)
    : m_controlFd(controlFd),
      m_agent(agent),
      m_segment(segment)
{
}

uint64_t
Zygote::Run()
{
    NS_LOG_FUNCTION(this);
    MaskChildSignal(SIG_BLOCK);
    KeepLibrariesMapped();
    // Branches whose episode has died are reaped here, too.
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    m_childFd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    NS_ABORT_MSG_IF(m_childFd < 0, "signalfd: " << std::strerror(errno));

    while (true)
    {
        pollfd watched[] = {
            {m_controlFd, POLLIN, 0},
            {m_childFd,   POLLIN, 0}
        };
        const int ready = poll(watched, 2, ORPHAN_CHECK_MS);
        if (ready <= 0)
        {
            if (getppid() != m_agent)
            {
                StopEpisode();
                ExitIfOrphaned(m_agent);
            }
            continue;
        }
        if (watched[1].revents != 0)
        {
            signalfd_siginfo info;
            while (read(m_childFd, &info, sizeof info) > 0)
            {
            }
            Reap(WNOHANG);
        }
        if (watched[0].revents != 0)
        {
            const std::string message = ReceiveControl(m_controlFd);
            if (message.empty())
            {
                StopEpisode();
                // Without destructors: buffered files belong to the episode.
                _exit(0);
            }
            uint64_t seed = 0;
            NS_ABORT_MSG_IF(std::sscanf(message.c_str(), "RESET %lu", &seed) != 1,
                            "unknown control message '" << message << "'");
            StopEpisode();
            if (Fork())
            {
                return seed;
            }
        }
    }
}

bool
Zygote::Fork()
{
    NS_LOG_FUNCTION(this);
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
        close(m_controlFd);
        close(m_childFd);
        MaskChildSignal(SIG_UNBLOCK);
        slot.simulator.owner.store(getpid());
        return true;
    }
    m_episode = pid;
    const int pidfd = static_cast<int>(syscall(SYS_pidfd_open, pid, 0));
    if (pidfd < 0)
    {
        // Without it the agent could wait for ever for an episode that has died.
        const int reason = errno;
        StopEpisode();
        SendControl(m_controlFd, "REFUSED " + std::to_string(reason));
        return false;
    }
    SendControl(m_controlFd, "EPISODE " + std::to_string(pid), pidfd);
    close(pidfd);
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
            SendControl(m_controlFd,
                        "EXIT " + std::to_string(ended) + " " + std::to_string(status));
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
