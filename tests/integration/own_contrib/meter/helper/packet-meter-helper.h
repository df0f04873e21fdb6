// SPDX-License-Identifier: MIT
#ifndef PACKET_METER_HELPER_H
#define PACKET_METER_HELPER_H

#include "ns3/object-factory.h"
#include "ns3/packet-meter.h"

#include <string>

namespace ns3
{

/** Makes meters. */
class PacketMeterHelper
{
  public:
    PacketMeterHelper();

    /** Set an attribute of the meters to come. */
    void SetAttribute(const std::string& name, const AttributeValue& value);

    /** @return a meter of that device */
    Ptr<PacketMeter> Install(Ptr<NetDevice> device) const;

  private:
    ObjectFactory m_factory;
};

} // namespace ns3

#endif // PACKET_METER_HELPER_H
