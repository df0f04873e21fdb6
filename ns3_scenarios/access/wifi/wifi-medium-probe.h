// SPDX-License-Identifier: GPL-2.0-only
#ifndef TANDEM_WIFI_MEDIUM_PROBE_H
#define TANDEM_WIFI_MEDIUM_PROBE_H

#include "ns3/nstime.h"
#include "ns3/wifi-net-device.h"
#include "ns3/wifi-phy-state.h"

namespace ns3::tandem
{

/** Adds up the time in which a PHY transmits, receives or senses energy. */
class WifiMediumProbe
{
  public:
    /** @param device the AP's device, whose view of the medium counts */
    explicit WifiMediumProbe(Ptr<WifiNetDevice> device);
    WifiMediumProbe(const WifiMediumProbe&) = delete;
    WifiMediumProbe& operator=(const WifiMediumProbe&) = delete;

    /** @return busy seconds that the PHY has reported up to now */
    double GetBusyS() const;

  private:
    void OnState(Time start, Time duration, WifiPhyState state);

    Time m_busy;
};

} // namespace ns3::tandem

#endif // TANDEM_WIFI_MEDIUM_PROBE_H
