// SPDX-License-Identifier: GPL-2.0-only
#include "access/lte/lte-ue-probe.h"

#include "ns3/log.h"
#include "ns3/lte-enb-net-device.h"
#include "ns3/lte-spectrum-phy.h"
#include "ns3/lte-ue-phy.h"
#include "ns3/lte-ue-rrc.h"
#include "ns3/simulator.h"

#include <algorithm>

namespace ns3::tandem
{

NS_LOG_COMPONENT_DEFINE("TandemLteUeProbe");

namespace
{
const Time SUBFRAME = MilliSeconds(1);
}

uint32_t
FindServing(const NetDeviceContainer& enbs, Ptr<LteUeNetDevice> ue)
{
    const uint16_t cell = ue->GetRrc()->GetCellId();
    for (uint32_t i = 0; i < enbs.GetN(); ++i)
    {
        if (DynamicCast<LteEnbNetDevice>(enbs.Get(i))->HasCellId(cell))
        {
            return i;
        }
    }
    return 0; // not attached yet
}

LteUeProbe::LteUeProbe(Ptr<LteUeNetDevice> device)
    : m_device(device)
{
    auto phy = device->GetPhy();
    phy->TraceConnectWithoutContext("ReportUlPhyResourceBlocks",
                                    MakeCallback(&LteUeProbe::OnGrantedBlocks, this));
    phy->TraceConnectWithoutContext("UlPhyTransmission", MakeCallback(&LteUeProbe::OnGrant, this));
    phy->GetUplinkSpectrumPhy()->TraceConnectWithoutContext(
        "TxStart",
        MakeCallback(&LteUeProbe::OnTransmit, this));
}

void
LteUeProbe::OnGrantedBlocks(uint16_t /* rnti */, const std::vector<int>& blocks)
{
    m_prbs += blocks.size();
}

void
LteUeProbe::OnGrant(PhyTransmissionStatParameters grant)
{
    NS_LOG_FUNCTION(this << static_cast<uint32_t>(grant.m_mcs) << grant.m_size);
    m_mcs = grant.m_mcs;
    m_hasGrant = true;
    if (grant.m_ndi == 0)
    {
        ++m_retransmissions;
    }
    else
    {
        m_bits += 8 * static_cast<uint64_t>(grant.m_size);
    }
}

void
LteUeProbe::OnTransmit(Ptr<const PacketBurst> burst)
{
    // Without a burst only control information is sent (PUCCH).
    if (burst)
    {
        ++m_subframes;
        m_transmitStart = Simulator::Now();
    }
}

void
LteUeProbe::WatchReception()
{
    m_device->GetPhy()->GetDownlinkSpectrumPhy()->TraceConnectWithoutContext(
        "DlPhyReception",
        MakeCallback(&LteUeProbe::OnReceive, this));
}

void
LteUeProbe::OnReceive(PhyReceptionStatParameters reception)
{
    m_receivedBits += reception.m_correctness ? 8 * static_cast<uint64_t>(reception.m_size) : 0;
    // Once for each transport block, of which a subframe may bring two.
    if (m_lastReceived != Simulator::Now())
    {
        m_lastReceived = Simulator::Now();
        ++m_received;
    }
}

RadioCounters
LteUeProbe::Count() const
{
    RadioCounters counters;
    counters.txAirtimeS = m_subframes * SUBFRAME.GetSeconds();
    if (m_subframes > 0)
    {
        const Time end = m_transmitStart + SUBFRAME;
        counters.txAirtimeS -= std::max(0.0, (end - Simulator::Now()).GetSeconds());
    }
    counters.macRetransmissions = m_retransmissions;
    counters.rxAirtimeS = m_received * SUBFRAME.GetSeconds();
    return counters;
}

uint64_t
LteUeProbe::GetGrantedPrbs() const
{
    return m_prbs;
}

uint64_t
LteUeProbe::GetGrantedBits() const
{
    return m_bits;
}

uint64_t
LteUeProbe::GetReceivedBits() const
{
    return m_receivedBits;
}

uint8_t
LteUeProbe::GetMcs() const
{
    return m_mcs;
}

bool
LteUeProbe::HasGrant() const
{
    return m_hasGrant;
}

} // namespace ns3::tandem
