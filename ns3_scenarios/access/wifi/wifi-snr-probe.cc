// SPDX-License-Identifier: GPL-2.0-only
#include "access/wifi/wifi-snr-probe.h"

#include "ns3/wifi-remote-station-manager.h"

#include <cmath>

namespace ns3::tandem
{

namespace
{
/** Boltzmann's constant times 290 K, in dBm per Hz. */
constexpr double WIFI_THERMAL_NOISE_DBM_PER_HZ = -173.975;
constexpr double HZ_PER_MHZ = 1e6;
} // namespace

double
WifiNoiseDbm(uint32_t channelWidthMhz)
{
    return WIFI_THERMAL_NOISE_DBM_PER_HZ + 10 * std::log10(channelWidthMhz * HZ_PER_MHZ) +
           WIFI_NOISE_FIGURE_DB;
}

WifiSnrProbe::WifiSnrProbe(Ptr<WifiNetDevice> ap, Mac48Address station, uint32_t channelWidthMhz)
    : m_ap(ap),
      m_station(station),
      m_noiseDbm(WifiNoiseDbm(channelWidthMhz))
{
}

double
WifiSnrProbe::GetSnrDb() const
{
    const auto rssiDbm = m_ap->GetRemoteStationManager()->GetMostRecentRssi(m_station);
#if NS3_MINOR >= 42
    return rssiDbm ? static_cast<double>(*rssiDbm) - m_noiseDbm : 0;
#else
    return rssiDbm - m_noiseDbm;
#endif
}

} // namespace ns3::tandem
