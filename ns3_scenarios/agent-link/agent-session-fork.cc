// SPDX-License-Identifier: GPL-2.0-only
// Forks: complete simulators that start from the present decision of an episode.
#include "agent-link/agent-session.h"
#include "agent-link/process.h"

#include "ns3/log.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace ns3::tandem
{

NS_LOG_COMPONENT_DEFINE("TandemFork");

using namespace ::tandem::channel;

bool
AgentSession::Fork(uint32_t epoch)
{
    NS_LOG_FUNCTION(this << epoch);
    ReapEnded();
    const uint32_t future = Slot().agent.future;
    std::fflush(nullptr); // a child would write what is buffered here a second time
    int ends[2];
    const bool connected = socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0;
    const pid_t pid = connected ? fork() : -1;
    if (pid == 0)
    {
        close(ends[0]);
        BecomeSimulator(ends[1]);
        Stamp(epoch, Status::DECISION);
        m_hooks.redraw(future);
        return true;
    }
    if (pid < 0)
    {
        SendControl(m_controlFd, "UNFORKED " + std::to_string(errno));
    }
    else
    {
        SendControl(m_controlFd, "FORKED " + std::to_string(pid), ends[0]);
    }
    if (connected)
    {
        close(ends[0]);
        close(ends[1]);
    }
    Stamp(epoch, Status::FORKED);
    return false;
}

void
AgentSession::BecomeSimulator(int controlFd)
{
    // A group of its own: neither what waits for the old episode's processes nor what ends them
    // means this one.
    setsid();
    m_isFork = true;
    m_ending.clear(); // the old episode's
    MuteFiles();      // trace files belong to the episode that really happens
    close(m_controlFd);
    m_controlFd = controlFd;
    m_commandFd = controlFd;
    m_parent = m_agent;
    const std::unique_ptr<Segment> old = std::exchange(m_segment, std::make_unique<Segment>());
    const SegmentHeader& header = old->Header();
    const std::string schema(old->Schema(), header.schemaBytes);
    const Sizes sizes{header.slots,
                      header.schemaBytes,
                      header.observationBytes,
                      header.actionBytes,
                      header.recordBytes};
    const int fd = m_segment->Create(sizes, schema);
    SendControl(m_controlFd, "READY", fd);
    close(fd);
    // From here on a zygote like any other, whose episodes begin in the middle.
    WaitForEpisode();
    std::memcpy(GetObservationMemory(), old->Observation(0), header.observationBytes);
    m_hooks.attach();
}

} // namespace ns3::tandem
