// SPDX-License-Identifier: GPL-2.0-only
#ifndef TANDEM_WIFI_MAC_QUEUE_PROBE_H
#define TANDEM_WIFI_MAC_QUEUE_PROBE_H

#include "ns3/wifi-mac-queue.h"
#include "ns3/wifi-net-device.h"

#include <cstdint>

namespace ns3::tandem
{

/**
 * Tells how much waits in a station: in its queue discs and in the MAC queue of its best-effort
 * traffic. It asks the queues when it is asked itself, so it costs nothing per packet.
 */
class WifiMacQueueProbe
{
  public:
    /** @param device the station's device */
    explicit WifiMacQueueProbe(Ptr<WifiNetDevice> device);

    /** @return bytes that wait now */
    uint64_t GetBytes() const;

  private:
    Ptr<WifiNetDevice> m_device;
    Ptr<WifiMacQueue> m_queue;
};

} // namespace ns3::tandem

#endif // TANDEM_WIFI_MAC_QUEUE_PROBE_H
