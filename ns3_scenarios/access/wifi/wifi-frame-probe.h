// SPDX-License-Identifier: GPL-2.0-only
#ifndef TANDEM_WIFI_FRAME_PROBE_H
#define TANDEM_WIFI_FRAME_PROBE_H

#include "ns3/packet.h"
#include "ns3/wifi-mac.h"
#include "ns3/wifi-mpdu.h"
#include "ns3/wifi-net-device.h"
#include "ns3/wifi-phy-common.h"
#include "ns3/wifi-ppdu.h"
#include "ns3/wifi-psdu.h"
#include "ns3/wifi-tx-vector.h"

namespace ns3::tandem
{

class FrameTables;

/**
 * Writes what one WiFi device sends, and what it loses, to the frame tables: the trace sources
 * PhyTxPsduBegin, MpduResponseTimeout, PsduResponseTimeout, NAckedMpdu, DroppedMpdu and PhyRxDrop.
 */
class WifiFrameProbe
{
  public:
    /**
     * @param device the device to watch
     * @param node its number in the topology
     * @param tables where the rows go; must outlive this
     */
    WifiFrameProbe(Ptr<WifiNetDevice> device, int64_t node, FrameTables& tables);
    WifiFrameProbe(const WifiFrameProbe&) = delete;
    WifiFrameProbe& operator=(const WifiFrameProbe&) = delete;

  private:
    void OnTransmit(WifiConstPsduMap psdus, WifiTxVector vector, double powerW);
    void OnMpduTimeout(uint8_t reason, Ptr<const WifiMpdu> mpdu, const WifiTxVector& vector);
    void OnPsduTimeout(uint8_t reason, Ptr<const WifiPsdu> psdu, const WifiTxVector& vector);
    void OnNotAcknowledged(Ptr<const WifiMpdu> mpdu);
    void OnDropped(WifiMacDropReason reason, Ptr<const WifiMpdu> mpdu);
    void OnReceptionDropped(Ptr<const Packet> packet, WifiPhyRxfailureReason reason);

    Ptr<WifiNetDevice> m_device;
    Mac48Address m_address;
    int64_t m_node;
    FrameTables& m_tables;
};

} // namespace ns3::tandem

#endif // TANDEM_WIFI_FRAME_PROBE_H
