// SPDX-License-Identifier: GPL-2.0-only
#include "access/wifi/wifi-station-probe.h"

#include "ns3/log.h"
#include "ns3/simulator.h"
#include "ns3/wifi-mac-header.h"
#include "ns3/wifi-phy.h"
#include "ns3/wifi-psdu.h"

namespace ns3::tandem
{

NS_LOG_COMPONENT_DEFINE("TandemWifiStationProbe");

WifiStationProbe::WifiStationProbe(Ptr<WifiNetDevice> device)
    : m_device(device)
{
    device->GetPhy()->TraceConnectWithoutContext("PhyTxPsduBegin",
                                                 MakeCallback(&WifiStationProbe::OnTransmit, this));
}

void
WifiStationProbe::OnTransmit(WifiConstPsduMap psdus, WifiTxVector vector, double /* powerW */)
{
    NS_LOG_FUNCTION(this << psdus.size());
    const Time duration =
        WifiPhy::CalculateTxDuration(psdus, vector, m_device->GetPhy()->GetPhyBand());
    m_airtime += duration;
    m_transmitEnd = Simulator::Now() + duration;

    const auto& psdu = psdus.begin()->second;
    if (!psdu->GetHeader(0).IsQosData())
    {
        return;
    }
    m_lastData = vector;
    m_hasSentData = true;
    for (const auto& mpdu : *PeekPointer(psdu))
    {
        if (mpdu->GetHeader().IsRetry())
        {
            ++m_retransmissions;
        }
    }
}

void
WifiStationProbe::WatchReception()
{
    m_device->GetPhy()->TraceConnectWithoutContext(
        "PhyRxPayloadBegin",
        MakeCallback(&WifiStationProbe::OnReceive, this));
}

void
WifiStationProbe::OnReceive(WifiTxVector vector, Time psduDuration)
{
    NS_LOG_FUNCTION(this << psduDuration);
    m_receiving += WifiPhy::CalculatePhyPreambleAndHeaderDuration(vector) + psduDuration;
    m_receiveEnd = Simulator::Now() + psduDuration;
}

RadioCounters
WifiStationProbe::Count() const
{
    RadioCounters counters;
    const Time now = Simulator::Now();
    const Time ahead = m_transmitEnd > now ? m_transmitEnd - now : Time(0);
    counters.txAirtimeS = (m_airtime - ahead).GetSeconds();
    counters.macRetransmissions = m_retransmissions;
    const Time toCome = m_receiveEnd > now ? m_receiveEnd - now : Time(0);
    counters.rxAirtimeS = (m_receiving - toCome).GetSeconds();
    return counters;
}

double
WifiStationProbe::GetRateBps() const
{
    return m_hasSentData ? m_lastData.GetMode().GetDataRate(m_lastData) : 0;
}

double
WifiStationProbe::GetMcs() const
{
    if (!m_hasSentData || m_lastData.GetModulationClass() < WIFI_MOD_CLASS_HT)
    {
        return 0;
    }
    return m_lastData.GetMode().GetMcsValue();
}

} // namespace ns3::tandem
