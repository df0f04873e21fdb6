// SPDX-License-Identifier: GPL-2.0-only
#ifndef TANDEM_WIFI_STATION_PROBE_H
#define TANDEM_WIFI_STATION_PROBE_H

#include "access/access-cell.h"

#include "ns3/nstime.h"
#include "ns3/wifi-net-device.h"
#include "ns3/wifi-ppdu.h"
#include "ns3/wifi-tx-vector.h"

namespace ns3::tandem
{

/**
 * Watches what one station transmits.
 *
 * One callback per PPDU that the station itself sends. The PHY's State trace would give the same
 * airtime but fires at every station for every frame on the medium.
 */
class WifiStationProbe
{
  public:
    /** @param device the station's device */
    explicit WifiStationProbe(Ptr<WifiNetDevice> device);
    WifiStationProbe(const WifiStationProbe&) = delete;
    WifiStationProbe& operator=(const WifiStationProbe&) = delete;

    /** Let Count() tell for how long the radio received. */
    void WatchReception();

    /** @return airtime and retransmissions up to now */
    RadioCounters Count() const;

    /** @return PHY rate of the last data PPDU, bit/s; 0 before the first */
    double GetRateBps() const;

    /** @return HT, VHT or HE MCS of the last data PPDU; 0 before the first */
    double GetMcs() const;

  private:
    void OnTransmit(WifiConstPsduMap psdus, WifiTxVector vector, double powerW);

    void OnReceive(WifiTxVector vector, Time psduDuration);

    Ptr<WifiNetDevice> m_device;
    WifiTxVector m_lastData;
    bool m_hasSentData{false};
    Time m_airtime;     //!< of all PPDUs begun
    Time m_transmitEnd; //!< of the latest PPDU
    uint64_t m_retransmissions{0};
    Time m_receiving;  //!< of all frames whose header was understood, preamble included
    Time m_receiveEnd; //!< of the latest one
};

} // namespace ns3::tandem

#endif // TANDEM_WIFI_STATION_PROBE_H
