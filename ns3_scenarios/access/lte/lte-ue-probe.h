// SPDX-License-Identifier: GPL-2.0-only
#ifndef TANDEM_LTE_UE_PROBE_H
#define TANDEM_LTE_UE_PROBE_H

#include "access/access-cell.h"

#include "ns3/lte-common.h"
#include "ns3/lte-ue-net-device.h"
#include "ns3/net-device-container.h"
#include "ns3/nstime.h"
#include "ns3/packet-burst.h"

#include <vector>

namespace ns3::tandem
{

/** @return which of some eNBs serves a UE now */
uint32_t FindServing(const NetDeviceContainer& enbs, Ptr<LteUeNetDevice> ue);

/**
 * Watches one UE's uplink, grants and transmissions, and what it receives.
 *
 * All from the UE's side, where a callback fires only for this UE; the eNB's scheduling trace
 * tells neither the number of PRBs nor new data from HARQ retransmissions.
 */
class LteUeProbe
{
  public:
    /** @param device the UE's device */
    explicit LteUeProbe(Ptr<LteUeNetDevice> device);
    LteUeProbe(const LteUeProbe&) = delete;
    LteUeProbe& operator=(const LteUeProbe&) = delete;

    /** Let Count() tell for how long the radio received data for this UE, and count its bits. */
    void WatchReception();

    /** @return airtime and HARQ retransmissions up to now */
    RadioCounters Count() const;

    /** @return PRBs granted to this UE since the start (one PRB for one subframe each) */
    uint64_t GetGrantedPrbs() const;

    /** @return bits of the transport blocks granted for new data since the start */
    uint64_t GetGrantedBits() const;

    /** @return bits of the transport blocks received without error since WatchReception() */
    uint64_t GetReceivedBits() const;

    /** @return MCS of the last grant; 0 before the first */
    uint8_t GetMcs() const;

    /** @return whether there has been a grant */
    bool HasGrant() const;

    /** @return bytes in the RLC transmission buffer, within the size of RLC headers */
    uint64_t GetRlcBytes() const;

  private:
    void OnGrantedBlocks(uint16_t rnti, const std::vector<int>& blocks);
    void OnGrant(PhyTransmissionStatParameters grant);
    void OnTransmit(Ptr<const PacketBurst> burst);
    void OnReceive(PhyReceptionStatParameters reception);

    Ptr<LteUeNetDevice> m_device;
    Time m_transmitStart; //!< of the latest subframe with a transmission
    uint64_t m_subframes{0};
    uint64_t m_retransmissions{0};
    uint64_t m_prbs{0};
    uint64_t m_bits{0};
    uint64_t m_receivedBits{0};
    uint8_t m_mcs{0};
    bool m_hasGrant{false};
    Time m_lastReceived{-1}; //!< when the latest subframe with data for this UE was there
    uint64_t m_received{0};  //!< such subframes
};

} // namespace ns3::tandem

#endif // TANDEM_LTE_UE_PROBE_H
