// SPDX-License-Identifier: GPL-2.0-only
#ifndef TANDEM_LTE_RLC_QUEUE_PROBE_H
#define TANDEM_LTE_RLC_QUEUE_PROBE_H

#include "ns3/lte-ue-net-device.h"
#include "ns3/packet.h"

#include <cstdint>

namespace ns3::tandem
{

/**
 * Tells how much waits in a UE: in its queue discs and in the RLC transmission buffers of its data
 * bearers, which it counts from what goes in and out.
 */
class LteRlcQueueProbe
{
  public:
    /** @param device the UE's device, not attached yet */
    explicit LteRlcQueueProbe(Ptr<LteUeNetDevice> device);
    LteRlcQueueProbe(const LteRlcQueueProbe&) = delete;
    LteRlcQueueProbe& operator=(const LteRlcQueueProbe&) = delete;

    /** @return bytes that wait now, within the size of RLC headers */
    uint64_t GetBytes() const;

  private:
    void OnDataBearer(uint64_t imsi, uint16_t cellId, uint16_t rnti, uint8_t drbIdentity);
    void OnPdcpPdu(uint16_t rnti, uint8_t lcid, uint32_t bytes);
    void OnRlcPdu(uint16_t rnti, uint8_t lcid, uint32_t bytes);
    void OnRlcDrop(Ptr<const Packet> packet);

    Ptr<LteUeNetDevice> m_device;
    uint64_t m_rlcBytes{0};
};

} // namespace ns3::tandem

#endif // TANDEM_LTE_RLC_QUEUE_PROBE_H
