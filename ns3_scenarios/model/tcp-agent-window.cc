// SPDX-License-Identifier: GPL-2.0-only
#include "model/tcp-agent-window.h"

#include "ns3/log.h"
#include "ns3/tcp-socket-state.h"
#include "ns3/uinteger.h"

namespace ns3::tandem
{

NS_LOG_COMPONENT_DEFINE("TandemTcpAgentWindow");

NS_OBJECT_ENSURE_REGISTERED(TcpAgentWindow);

TypeId
TcpAgentWindow::GetTypeId()
{
    static TypeId tid = TypeId("ns3::tandem::TcpAgentWindow")
                            .SetParent<TcpCongestionOps>()
                            .SetGroupName("Tandem")
                            .AddConstructor<TcpAgentWindow>()
                            .AddAttribute("Window",
                                          "congestion window, segments",
                                          UintegerValue(10),
                                          MakeUintegerAccessor(&TcpAgentWindow::SetWindow,
                                                               &TcpAgentWindow::GetWindow),
                                          MakeUintegerChecker<uint32_t>(1, 1 << 16));
    return tid;
}

TcpAgentWindow::TcpAgentWindow(const TcpAgentWindow& other)
    : TcpCongestionOps(other),
      m_segments(other.m_segments)
{
    // The copy controls another socket, which it hears of in Init().
}

void
TcpAgentWindow::SetWindow(uint32_t segments)
{
    NS_LOG_FUNCTION(this << segments);
    m_segments = segments;
    if (m_tcb)
    {
        Apply(*m_tcb);
    }
}

uint32_t
TcpAgentWindow::GetWindow() const
{
    return m_segments;
}

std::string
TcpAgentWindow::GetName() const
{
    return "TcpAgentWindow";
}

void
TcpAgentWindow::Init(Ptr<TcpSocketState> tcb)
{
    NS_LOG_FUNCTION(this << tcb);
    m_tcb = tcb;
    Apply(*tcb);
}

uint32_t
TcpAgentWindow::GetSsThresh(Ptr<const TcpSocketState> tcb, uint32_t)
{
    return m_segments * tcb->m_segmentSize;
}

bool
TcpAgentWindow::HasCongControl() const
{
    return true;
}

void
TcpAgentWindow::CongControl(Ptr<TcpSocketState> tcb,
                            const TcpRateOps::TcpRateConnection&,
                            const TcpRateOps::TcpRateSample&)
{
    NS_LOG_FUNCTION(this << tcb);
    Apply(*tcb);
}

Ptr<TcpCongestionOps>
TcpAgentWindow::Fork()
{
    return CopyObject<TcpAgentWindow>(this);
}

void
TcpAgentWindow::Apply(TcpSocketState& tcb) const
{
    const uint32_t bytes = m_segments * tcb.m_segmentSize;
    tcb.m_initialCWnd = m_segments;
    tcb.m_cWnd = bytes;
    tcb.m_cWndInfl = bytes;
}

} // namespace ns3::tandem
