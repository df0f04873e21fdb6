// SPDX-License-Identifier: GPL-2.0-only
#include "model/tcp-flow-probe.h"

#include "ns3/log.h"
#include "ns3/simulator.h"
#include "ns3/uinteger.h"

#include <algorithm>

namespace ns3::tandem
{

NS_LOG_COMPONENT_DEFINE("TandemTcpFlowProbe");

TcpFlowProbe::TcpFlowProbe(Ptr<TcpSocketBase> socket)
    : m_rttSince(Simulator::Now()),
      m_periodBegin(Simulator::Now())
{
    NS_LOG_FUNCTION(this << socket);
    UintegerValue segment;
    socket->GetAttribute("SegmentSize", segment);
    m_segmentBytes = segment.Get();
    UintegerValue window;
    socket->GetAttribute("InitialCwnd", window);
    m_windowSegments = window.Get();
    socket->TraceConnectWithoutContext("HighestRxAck",
                                       MakeCallback(&TcpFlowProbe::HandleAck, this));
    socket->TraceConnectWithoutContext("LastRTT", MakeCallback(&TcpFlowProbe::HandleRtt, this));
    socket->TraceConnectWithoutContext("CongestionWindow",
                                       MakeCallback(&TcpFlowProbe::HandleWindow, this));
    socket->TraceConnectWithoutContext("Retransmission",
                                       MakeCallback(&TcpFlowProbe::HandleRetransmission, this));
}

TcpFlowSample
TcpFlowProbe::Take()
{
    SumRtt();
    const double periodS = (Simulator::Now() - m_periodBegin).GetSeconds();
    TcpFlowSample sample;
    sample.baseRttS = m_baseRtt.GetSeconds();
    sample.windowSegments = m_windowSegments;
    sample.retransmissions = m_retransmissions;
    if (periodS > 0)
    {
        sample.throughputBps = 8 * m_ackedBytes / periodS;
        sample.rttS = m_rttTimesS / periodS;
    }
    m_ackedBytes = 0;
    m_rttTimesS = 0;
    m_retransmissions = 0;
    m_periodBegin = Simulator::Now();
    return sample;
}

void
TcpFlowProbe::HandleAck(SequenceNumber32 before, SequenceNumber32 now)
{
    m_ackedBytes += now - before;
}

void
TcpFlowProbe::HandleRtt(Time, Time now)
{
    SumRtt();
    m_rtt = now;
    m_baseRtt = m_baseRtt.IsZero() ? now : std::min(m_baseRtt, now);
}

void
TcpFlowProbe::HandleWindow(uint32_t, uint32_t now)
{
    m_windowSegments = static_cast<double>(now) / m_segmentBytes;
}

void
TcpFlowProbe::HandleRetransmission(Ptr<const Packet>,
                                   const TcpHeader&,
                                   const Address&,
                                   const Address&,
                                   Ptr<const TcpSocketBase>)
{
    ++m_retransmissions;
}

void
TcpFlowProbe::SumRtt()
{
    m_rttTimesS += m_rtt.GetSeconds() * (Simulator::Now() - m_rttSince).GetSeconds();
    m_rttSince = Simulator::Now();
}

} // namespace ns3::tandem
