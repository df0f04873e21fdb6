// SPDX-License-Identifier: MIT
#ifndef PACKET_METER_H
#define PACKET_METER_H

#include "ns3/net-device.h"
#include "ns3/object.h"
#include "ns3/packet.h"

namespace ns3
{

/** Counts the packets that a device has sent. */
class PacketMeter : public Object
{
  public:
    static TypeId GetTypeId();

    /** Count those of a point-to-point device. */
    void Watch(Ptr<NetDevice> device);

    /** @return packets, times the attribute Factor */
    uint32_t GetCount() const;

  private:
    void OnSent(Ptr<const Packet> packet);

    uint32_t m_factor; //!< attribute Factor
    uint32_t m_count{0};
};

} // namespace ns3

#endif // PACKET_METER_H
