// SPDX-License-Identifier: MIT
#include "packet-meter.h"

#include "ns3/callback.h"
#include "ns3/uinteger.h"

namespace ns3
{

NS_OBJECT_ENSURE_REGISTERED(PacketMeter);

TypeId
PacketMeter::GetTypeId()
{
    static TypeId tid = TypeId("ns3::PacketMeter")
                            .SetParent<Object>()
                            .SetGroupName("Meter")
                            .AddConstructor<PacketMeter>()
                            .AddAttribute("Factor",
                                          "what a packet counts",
                                          UintegerValue(1),
                                          MakeUintegerAccessor(&PacketMeter::m_factor),
                                          MakeUintegerChecker<uint32_t>());
    return tid;
}

void
PacketMeter::Watch(Ptr<NetDevice> device)
{
    device->TraceConnectWithoutContext("PhyTxEnd", MakeCallback(&PacketMeter::OnSent, this));
}

void
PacketMeter::OnSent(Ptr<const Packet> /* packet */)
{
    ++m_count;
}

uint32_t
PacketMeter::GetCount() const
{
    return m_factor * m_count;
}

} // namespace ns3
