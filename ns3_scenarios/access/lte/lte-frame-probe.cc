// SPDX-License-Identifier: GPL-2.0-only
#include "access/lte/lte-frame-probe.h"

#include "access/frame-tables.h"
#include "access/lte/lte-ue-probe.h"

#include "ns3/abort.h"
#include "ns3/lte-enb-phy.h"
#include "ns3/lte-radio-bearer-info.h"
#include "ns3/lte-rlc.h"
#include "ns3/lte-spectrum-phy.h"
#include "ns3/lte-ue-phy.h"
#include "ns3/lte-ue-rrc.h"
#include "ns3/object-map.h"
#include "ns3/simulator.h"

namespace ns3::tandem
{

namespace
{

constexpr double TTI_S = 1e-3;
constexpr double BITS_PER_LTE_BYTE = 8;

} // namespace

LteFrameProbe::LteFrameProbe(Ptr<LteUeNetDevice> ue,
                             int64_t ueNode,
                             const NetDeviceContainer& enbs,
                             int64_t firstEnbNode,
                             FrameTables& tables)
    : m_ue(ue),
      m_ueNode(ueNode),
      m_enbs(enbs),
      m_firstEnbNode(firstEnbNode),
      m_tables(tables)
{
    const auto connect = [](Ptr<Object> object, const std::string& source, auto callback) {
        NS_ABORT_MSG_UNLESS(object->TraceConnectWithoutContext(source, callback),
                            "this ns-3 has no trace source " << source);
    };
    connect(ue->GetPhy(), "UlPhyTransmission", MakeCallback(&LteFrameProbe::OnGrant, this));
    connect(ue->GetPhy(),
            "ReportUlPhyResourceBlocks",
            MakeCallback(&LteFrameProbe::OnResourceBlocks, this));
    connect(ue->GetPhy()->GetUplinkSpectrumPhy(),
            "TxStart",
            MakeCallback(&LteFrameProbe::OnTransmit, this));
    connect(ue->GetPhy()->GetDownlinkSpectrumPhy(),
            "DlPhyReception",
            MakeCallback(&LteFrameProbe::OnDownlinkReception, this));
    for (uint32_t i = 0; i < enbs.GetN(); ++i)
    {
        connect(DynamicCast<LteEnbNetDevice>(enbs.Get(i))->GetPhy()->GetUplinkSpectrumPhy(),
                "UlPhyReception",
                MakeCallback(&LteFrameProbe::OnUplinkReception, this));
    }
    connect(ue->GetRrc(), "DrbCreated", MakeCallback(&LteFrameProbe::OnDataBearer, this));
}

int64_t
LteFrameProbe::ServingNode() const
{
    return m_firstEnbNode + FindServing(m_enbs, m_ue);
}

void
LteFrameProbe::OnGrant(PhyTransmissionStatParameters grant)
{
    m_grants.push_back(grant); // its timestamp is that of the coming transmission, ms
}

void
LteFrameProbe::OnResourceBlocks(uint16_t /* rnti */, const std::vector<int>& blocks)
{
    m_resourceBlocks = m_grants.empty() ? 0 : blocks.size();
    if (m_resourceBlocks > 0)
    {
        m_due = m_grants.front();
        m_grants.pop_front();
    }
}

void
LteFrameProbe::OnTransmit(Ptr<const PacketBurst> burst)
{
    // A UE with nothing to send lets its grant pass.
    if (!burst || m_resourceBlocks == 0)
    {
        return;
    }
    m_sentS = Simulator::Now().GetSeconds();
    Write(m_ueNode,
          ServingNode(),
          m_sentS,
          m_due.m_size,
          m_due.m_mcs,
          m_due.m_ndi == 0,
          m_resourceBlocks);
}

void
LteFrameProbe::OnDownlinkReception(PhyReceptionStatParameters block)
{
    // Heard at the end of its subframe.
    Write(ServingNode(),
          m_ueNode,
          Simulator::Now().GetSeconds() - TTI_S,
          block.m_size,
          block.m_mcs,
          block.m_ndi == 0,
          0);
    if (!block.m_correctness)
    {
        LossRow row;
        row.sender = ServingNode();
        row.receiver = m_ueNode;
        row.reason = FrameLoss::BLOCK_NOT_DECODED;
        row.sizeBytes = block.m_size;
        m_tables.Add(row);
    }
}

void
LteFrameProbe::OnUplinkReception(PhyReceptionStatParameters block)
{
    // The eNB also misses the blocks of grants that the UE let pass.
    if (block.m_correctness || block.m_rnti != m_ue->GetRrc()->GetRnti() ||
        block.m_cellId != m_ue->GetRrc()->GetCellId() ||
        Simulator::Now().GetSeconds() - m_sentS > TTI_S)
    {
        return;
    }
    LossRow row;
    row.sender = m_ueNode;
    row.receiver = ServingNode();
    row.reason = FrameLoss::BLOCK_NOT_DECODED;
    row.sizeBytes = block.m_size;
    m_tables.Add(row);
}

void
LteFrameProbe::OnDataBearer(uint64_t /* imsi */,
                            uint16_t /* cellId */,
                            uint16_t /* rnti */,
                            uint8_t drbIdentity)
{
    ObjectMapValue bearers;
    m_ue->GetRrc()->GetAttribute("DataRadioBearerMap", bearers);
    for (auto it = bearers.Begin(); it != bearers.End(); ++it)
    {
        auto bearer = DynamicCast<LteDataRadioBearerInfo>(it->second);
        if (bearer->m_drbIdentity == drbIdentity)
        {
            bearer->m_rlc->TraceConnectWithoutContext(
                "TxDrop",
                MakeCallback(&LteFrameProbe::OnRlcDrop, this));
        }
    }
}

void
LteFrameProbe::OnRlcDrop(Ptr<const Packet> packet)
{
    LossRow row;
    row.sender = m_ueNode;
    row.receiver = ServingNode();
    row.reason = FrameLoss::RLC_BUFFER_FULL;
    row.sizeBytes = packet->GetSize();
    m_tables.Add(row);
}

void
LteFrameProbe::Write(int64_t sender,
                     int64_t receiver,
                     double startS,
                     uint32_t sizeBytes,
                     uint8_t mcs,
                     bool retry,
                     size_t resourceBlocks)
{
    AirtimeRow transmission;
    transmission.startS = startS;
    transmission.durationS = TTI_S;
    transmission.sender = sender;
    transmission.receiver = receiver;
    transmission.sizeBytes = sizeBytes;
    transmission.rateBps = BITS_PER_LTE_BYTE * sizeBytes / TTI_S;
    transmission.mcs = mcs;
    transmission.resourceBlocks = static_cast<int64_t>(resourceBlocks);
    FrameRow row;
    row.transmission = m_tables.Add(transmission);
    row.startS = startS;
    row.sender = sender;
    row.receiver = receiver;
    row.retry = retry;
    row.sizeBytes = sizeBytes;
    m_tables.Add(row);
}

} // namespace ns3::tandem
