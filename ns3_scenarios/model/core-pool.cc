// SPDX-License-Identifier: GPL-2.0-only
#include "model/core-pool.h"

#include "ns3/abort.h"
#include "ns3/log.h"
#include "ns3/simulator.h"

#include <algorithm>

namespace ns3::tandem
{

NS_LOG_COMPONENT_DEFINE("TandemCorePool");

CorePool::CorePool(uint32_t cores)
    : m_cores(cores)
{
    NS_ABORT_MSG_IF(cores == 0, "a processor needs at least one core");
}

CorePool::~CorePool()
{
    for (auto& [job, running] : m_running)
    {
        running.event.Cancel();
    }
}

CorePool::Job
CorePool::Submit(Time service,
                 bool background,
                 std::function<void()> onStart,
                 std::function<void()> onEnd)
{
    NS_LOG_FUNCTION(this << service << background);
    const Job job = m_nextJob++;
    m_queue.push_back({job, service, background, std::move(onStart), std::move(onEnd)});
    Dispatch();
    return job;
}

void
CorePool::Dispatch()
{
    while (!m_queue.empty() && m_running.size() < m_cores)
    {
        Integrate();
        Entry entry = std::move(m_queue.front());
        m_queue.pop_front();
        const EventId event =
            Simulator::Schedule(entry.service, &CorePool::Finish, this, entry.job);
        m_runningBackground += entry.background ? 1 : 0;
        m_running[entry.job] = {Simulator::Now() + entry.service,
                                entry.background,
                                event,
                                std::move(entry.onEnd)};
        if (entry.onStart)
        {
            entry.onStart();
        }
    }
}

void
CorePool::Finish(Job job)
{
    NS_LOG_FUNCTION(this << job);
    Integrate();
    const auto found = m_running.find(job);
    const auto onEnd = std::move(found->second.onEnd);
    m_runningBackground -= found->second.background ? 1 : 0;
    m_running.erase(found);
    if (onEnd)
    {
        onEnd();
    }
    Dispatch();
}

void
CorePool::Cancel(Job job)
{
    NS_LOG_FUNCTION(this << job);
    const auto running = m_running.find(job);
    if (running != m_running.end())
    {
        Integrate();
        running->second.event.Cancel();
        m_runningBackground -= running->second.background ? 1 : 0;
        m_running.erase(running);
        Dispatch();
        return;
    }
    const auto queued = std::find_if(m_queue.begin(), m_queue.end(), [job](const Entry& entry) {
        return entry.job == job;
    });
    if (queued != m_queue.end())
    {
        m_queue.erase(queued);
    }
}

void
CorePool::Integrate()
{
    m_counters = Count();
    m_integratedUntil = Simulator::Now();
}

CoreCounters
CorePool::Count() const
{
    const double elapsed = (Simulator::Now() - m_integratedUntil).GetSeconds();
    return {m_counters.busyS + elapsed * static_cast<double>(m_running.size()),
            m_counters.backgroundS + elapsed * m_runningBackground};
}

uint32_t
CorePool::GetCores() const
{
    return m_cores;
}

uint32_t
CorePool::GetBusyCores() const
{
    return static_cast<uint32_t>(m_running.size());
}

uint32_t
CorePool::GetQueueLength() const
{
    return static_cast<uint32_t>(m_queue.size());
}

double
CorePool::GetBacklogS() const
{
    Time backlog;
    for (const Entry& entry : m_queue)
    {
        backlog += entry.service;
    }
    for (const auto& [job, running] : m_running)
    {
        backlog += running.end - Simulator::Now();
    }
    return backlog.GetSeconds();
}

} // namespace ns3::tandem
