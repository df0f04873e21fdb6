// SPDX-License-Identifier: GPL-2.0-only
#include "model/trace-queue-disc.h"

#include "ns3/log.h"
#include "ns3/simulator.h"

#include <algorithm>
#include <utility>

namespace ns3::tandem
{

NS_LOG_COMPONENT_DEFINE("TandemTraceQueueDisc");

NS_OBJECT_ENSURE_REGISTERED(TraceQueueDisc);

TypeId
TraceQueueDisc::GetTypeId()
{
    static TypeId tid = TypeId("ns3::tandem::TraceQueueDisc")
                            .SetParent<DelayQueueDisc>()
                            .SetGroupName("TrafficControl")
                            .AddConstructor<TraceQueueDisc>();
    return tid;
}

void
TraceQueueDisc::SetTrace(std::shared_ptr<const LinkTrace> trace, Time shift)
{
    m_trace = std::move(trace);
    m_shift = shift;
}

void
TraceQueueDisc::Begin()
{
    NS_LOG_FUNCTION(this);
    m_begun = true;
    m_origin = Simulator::Now() - m_shift;
    m_carried = m_trace->CapacityUntil(m_shift);
    m_lastCarried = Simulator::Now();
}

Time
TraceQueueDisc::GetCarried(Ptr<const QueueDiscItem> item)
{
    NS_LOG_FUNCTION(this << item);
    const Time now = Simulator::Now();
    if (!m_begun)
    {
        return now;
    }
    if (m_lastCarried < now)
    {
        m_carried = std::max(m_carried, m_trace->CapacityUntil(now - m_origin));
    }
    m_carried += item->GetSize();
    m_lastCarried = std::max(now, m_origin + m_trace->TimeOf(m_carried));
    return m_lastCarried;
}

Ptr<TraceQueueDisc>
InstallTrace(Ptr<NetDevice> device, std::shared_ptr<const LinkTrace> trace, Time shift, Time delay)
{
    NS_LOG_FUNCTION(device << shift << delay);
    auto disc =
        DynamicCast<TraceQueueDisc>(InstallQueueDisc(device, "ns3::tandem::TraceQueueDisc", delay));
    disc->SetTrace(std::move(trace), shift);
    return disc;
}

} // namespace ns3::tandem
