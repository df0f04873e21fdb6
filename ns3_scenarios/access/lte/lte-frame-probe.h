// SPDX-License-Identifier: GPL-2.0-only
#ifndef TANDEM_LTE_FRAME_PROBE_H
#define TANDEM_LTE_FRAME_PROBE_H

#include "ns3/lte-common.h"
#include "ns3/lte-enb-net-device.h"
#include "ns3/lte-ue-net-device.h"
#include "ns3/net-device-container.h"
#include "ns3/packet-burst.h"
#include "ns3/packet.h"

#include <deque>
#include <vector>

namespace ns3::tandem
{

class FrameTables;

/**
 * Writes one UE's transport blocks, and those that failed, to the frame tables: the trace sources
 * UlPhyTransmission, ReportUlPhyResourceBlocks, TxStart and DlPhyReception of the UE,
 * UlPhyReception of the eNB, TxDrop of the UE's RLC.
 */
class LteFrameProbe
{
  public:
    /**
     * @param ue the UE to watch
     * @param ueNode its number in the topology
     * @param enbs the eNBs that may serve it
     * @param firstEnbNode number of the first of them
     * @param tables where the rows go; must outlive this
     */
    LteFrameProbe(Ptr<LteUeNetDevice> ue,
                  int64_t ueNode,
                  const NetDeviceContainer& enbs,
                  int64_t firstEnbNode,
                  FrameTables& tables);
    LteFrameProbe(const LteFrameProbe&) = delete;
    LteFrameProbe& operator=(const LteFrameProbe&) = delete;

  private:
    void OnGrant(PhyTransmissionStatParameters grant);
    void OnResourceBlocks(uint16_t rnti, const std::vector<int>& blocks);
    void OnTransmit(Ptr<const PacketBurst> burst);
    void OnUplinkReception(PhyReceptionStatParameters block);
    void OnDownlinkReception(PhyReceptionStatParameters block);
    void OnDataBearer(uint64_t imsi, uint16_t cellId, uint16_t rnti, uint8_t drbIdentity);
    void OnRlcDrop(Ptr<const Packet> packet);
    /** @return number of the eNB that serves the UE now */
    int64_t ServingNode() const;
    void Write(int64_t sender,
               int64_t receiver,
               double startS,
               uint32_t sizeBytes,
               uint8_t mcs,
               bool retry,
               size_t resourceBlocks);

    Ptr<LteUeNetDevice> m_ue;
    int64_t m_ueNode;
    NetDeviceContainer m_enbs;
    int64_t m_firstEnbNode;
    FrameTables& m_tables;
    std::deque<PhyTransmissionStatParameters> m_grants; //!< announced, not yet due
    PhyTransmissionStatParameters m_due{};              //!< the grant of this subframe
    size_t m_resourceBlocks{0};                         //!< of this subframe; 0: no grant
    double m_sentS{-1};                                 //!< when a block was sent last
};

} // namespace ns3::tandem

#endif // TANDEM_LTE_FRAME_PROBE_H
