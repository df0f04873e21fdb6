// SPDX-License-Identifier: GPL-2.0-only
#include "agent-link/zygote.h"

#include "ns3/abort.h"
#include "ns3/log.h"

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace ns3::tandem
{

NS_LOG_COMPONENT_DEFINE("TandemZygote");

Zygote::Zygote(int commandFd,
               int agentFd,
               pid_t commander,
               const ::tandem::channel::Segment& segment)
    : m_commandFd(commandFd),
      m_agentFd(agentFd),
      m_segment(segment)
{
    m_commander.Watch(commander);
}

uint64_t
Zygote::Run()
{
    NS_LOG_FUNCTION(this);
    // Branches whose episode has died are reaped here, too.
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    m_childFd = WatchChildren();

    for (uint32_t begun = 0;;)
    {
        const std::string message = WaitForCommand(m_commandFd, m_childFd, m_commander, [this] {
            ReapEnded([this](pid_t ended, int status) { NoteEnd(ended, status); });
        });
        StopEpisode();
        if (message.empty())
        {
            m_next.End();
            // Without destructors: buffered files belong to the episode.
            _exit(0);
        }
        if (message == STOP)
        {
            SendControl(m_commandFd, STOPPED);
            continue;
        }
        const ResetCommand reset = ReadReset(message);
        if (!m_next.IsReady() && m_next.Fork())
        {
            return BecomeEpisode();
        }
        NS_ABORT_MSG_UNLESS(m_next.IsReady(), "cannot fork an episode: " << std::strerror(errno));
        Begin(reset);
        // Who asks for a second episode will ask for more. Where each episode has a place of its
        // own, a zygote is asked for one only.
        if (++begun > 1 && m_next.Fork())
        {
            return BecomeEpisode();
        }
    }
}

uint64_t
Zygote::BecomeEpisode()
{
    if (m_commandFd != m_agentFd)
    {
        close(m_commandFd);
    }
    ForgetChildren(m_childFd);
    const uint64_t seed = m_next.WaitForStart();
    m_segment.Slot(0).simulator.owner.store(getpid());
    return seed;
}

void
Zygote::Begin(const ResetCommand& reset)
{
    NS_LOG_FUNCTION(this << reset.seed << reset.number);
    auto& slot = m_segment.Slot(0);
    slot.toAgent.sequence.store(0);
    slot.toSimulator.sequence.store(0);
    slot.simulator.status.store(0);
    slot.simulator.droppedRecords = 0;
    // What a scenario does not set must not be the last episode's.
    std::memset(m_segment.Observation(0), 0, m_segment.Header().observationBytes);
    m_episode = m_next.Start(reset.seed);
    const int pidfd = static_cast<int>(syscall(SYS_pidfd_open, m_episode, 0));
    const char* const kind = pidfd >= 0 ? "EPISODE " : "UNWATCHED ";
    SendControl(m_agentFd,
                kind + std::to_string(m_episode) + " " + std::to_string(reset.number),
                pidfd);
    if (pidfd >= 0)
    {
        close(pidfd);
    }
}

void
Zygote::NoteEnd(pid_t ended, int status)
{
    NS_LOG_FUNCTION(this << ended << status);
    m_next.NoteEnd(ended);
    if (ended == m_episode)
    {
        SendControl(m_agentFd, "EXIT " + std::to_string(ended) + " " + std::to_string(status));
        m_episode = 0;
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
        ReapGroup(m_childFd, [this](pid_t ended, int status) { NoteEnd(ended, status); });
    }
}

} // namespace ns3::tandem
