// SPDX-License-Identifier: GPL-2.0-only
#ifndef TANDEM_WIFI_SNR_PROBE_H
#define TANDEM_WIFI_SNR_PROBE_H

#include "ns3/mac48-address.h"
#include "ns3/wifi-net-device.h"

namespace ns3::tandem
{

/** ns-3's default receiver noise figure. */
constexpr double WIFI_NOISE_FIGURE_DB = 7.0;

/** @return a receiver's noise in a channel of that width, dBm */
double WifiNoiseDbm(uint32_t channelWidthMhz);

/**
 * Tells how well an AP hears a station: the AP's own record of the last frame from it, so nothing
 * is done per frame.
 */
class WifiSnrProbe
{
  public:
    /**
     * @param ap the AP's device
     * @param station the station's address
     * @param channelWidthMhz over which noise comes in
     */
    WifiSnrProbe(Ptr<WifiNetDevice> ap, Mac48Address station, uint32_t channelWidthMhz);

    /** @return signal-to-noise ratio of the last frame, dB; 0 until there was one */
    double GetSnrDb() const;

  private:
    Ptr<WifiNetDevice> m_ap;
    Mac48Address m_station;
    double m_noiseDbm;
};

} // namespace ns3::tandem

#endif // TANDEM_WIFI_SNR_PROBE_H
