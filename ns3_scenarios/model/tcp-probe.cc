// SPDX-License-Identifier: GPL-2.0-only
#include "model/tcp-probe.h"

#include "ns3/log.h"
#include "ns3/simulator.h"

namespace ns3::tandem
{

NS_LOG_COMPONENT_DEFINE("TandemTcpProbe");

void
TcpProbe::Attach(Ptr<AbortableTcpSocket> socket)
{
    NS_LOG_FUNCTION(this << socket);
    m_earlierRetransmissions = GetRetransmissions();
    m_socket = socket;
}

TcpSample
TcpProbe::Sample() const
{
    TcpSample sample;
    if (m_socket)
    {
        sample.windowBytes = m_socket->GetCongestionWindow();
        sample.thresholdBytes = m_socket->GetSlowStartThreshold();
        sample.rttS = m_socket->GetSmoothedRtt().GetSeconds();
        sample.idleS = (Simulator::Now() - m_socket->GetLastActivity()).GetSeconds();
        sample.backlogBytes = m_socket->GetUnacknowledged();
    }
    return sample;
}

uint64_t
TcpProbe::GetRetransmissions() const
{
    return m_earlierRetransmissions + (m_socket ? m_socket->GetRetransmissions() : 0);
}

} // namespace ns3::tandem
