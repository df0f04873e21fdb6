// SPDX-License-Identifier: GPL-2.0-only
#include "agent-link/next-episode.h"

#include "agent-link/process.h"
#include "channel/wait.h"

#include "ns3/log.h"

#include <csignal>
#include <cstdio>
#include <new>
#include <sys/mman.h>
#include <unistd.h>

namespace ns3::tandem
{

NS_LOG_COMPONENT_DEFINE("TandemNextEpisode");

using namespace ::tandem::channel;

NextEpisode::~NextEpisode()
{
    Forget();
}

bool
NextEpisode::Fork()
{
    NS_LOG_FUNCTION(this);
    // Its own: the process before it may not have looked for the last time at its order.
    void* memory =
        mmap(nullptr, sizeof(Order), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
    {
        return false;
    }
    m_order = new (memory) Order{};
    std::fflush(nullptr); // a child would write what is buffered here a second time
    const pid_t self = getpid();
    m_pid = fork();
    if (m_pid == 0)
    {
        DieWithParent(self);
        m_parent = self;
        return true;
    }
    if (m_pid < 0)
    {
        Forget();
    }
    else if (setpgid(m_pid, m_pid) != 0)
    {
        End(); // who waits for this process's group would wait for that one
    }
    return false;
}

bool
NextEpisode::IsReady() const
{
    return m_pid != 0;
}

pid_t
NextEpisode::Start(uint64_t seed)
{
    NS_LOG_FUNCTION(this << seed << m_pid);
    m_order->seed = seed;
    setpgid(m_pid, getpgrp()); // fails only if it has ended, which its end tells
    Post(m_order->start);
    const pid_t pid = m_pid;
    Forget();
    return pid;
}

void
NextEpisode::NoteEnd(pid_t ended)
{
    if (ended == m_pid)
    {
        Forget();
    }
}

void
NextEpisode::End()
{
    NS_LOG_FUNCTION(this << m_pid);
    if (m_pid == 0)
    {
        return;
    }
    kill(m_pid, SIGKILL);
    WaitFor(m_pid);
    Forget();
}

void
NextEpisode::Forget()
{
    if (m_order != nullptr)
    {
        munmap(m_order, sizeof(Order));
    }
    m_order = nullptr;
    m_pid = 0;
}

uint64_t
NextEpisode::WaitForStart()
{
    NS_LOG_FUNCTION(this);
    Waiter waiter(0);
    while (!waiter.Wait(m_order->start, 0, [] { return false; }))
    {
        ExitIfOrphaned(m_parent);
    }
    return m_order->seed;
}

} // namespace ns3::tandem
