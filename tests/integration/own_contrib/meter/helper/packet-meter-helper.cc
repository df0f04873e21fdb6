// SPDX-License-Identifier: MIT
#include "packet-meter-helper.h"

namespace ns3
{

PacketMeterHelper::PacketMeterHelper()
{
    // By name: the type must be there although nothing in this file asks for it.
    m_factory.SetTypeId("ns3::PacketMeter");
}

void
PacketMeterHelper::SetAttribute(const std::string& name, const AttributeValue& value)
{
    m_factory.Set(name, value);
}

Ptr<PacketMeter>
PacketMeterHelper::Install(Ptr<NetDevice> device) const
{
    auto meter = m_factory.Create<PacketMeter>();
    meter->Watch(device);
    return meter;
}

} // namespace ns3
