// SPDX-License-Identifier: GPL-2.0-only
#ifndef TANDEM_WIFI_NEIGHBOURS_H
#define TANDEM_WIFI_NEIGHBOURS_H

#include "agent-link/arguments.h"

#include "ns3/event-id.h"
#include "ns3/net-device-container.h"
#include "ns3/node-container.h"
#include "ns3/nstime.h"
#include "ns3/random-variable-stream.h"
#include "ns3/wifi-helper.h"
#include "ns3/wifi-mpdu.h"
#include "ns3/wifi-psdu.h"
#include "ns3/yans-wifi-channel.h"

#include <cstdint>
#include <map>
#include <vector>

namespace ns3::tandem
{

/** Neighbouring networks, and what their stations send. */
struct WifiNeighboursConfig
{
    uint32_t aps{2};
    uint32_t stationsPerAp{4};
    double spacingM{15};        //!< between neighbouring APs, m
    double distanceM{11};       //!< of stations from their AP, m
    double pathLossExponent{4}; //!< of the log-distance path loss
    uint32_t payloadBytes{200}; //!< of each frame, bytes
    bool doubling{false};       //!< whether a window doubles after each lost frame, up to 1023
    uint32_t mcs{5};            //!< of data frames
    double phaseS{0.2};         //!< mean time for which the same stations have data, s

    /** Declare each of them as an argument. */
    void Declare(Arguments& arguments);
};

/** What a station has sent in a period. */
struct WifiStationTally
{
    double throughputBps{0}; //!< payload that reached its AP per time, bit/s
    uint64_t timeouts{0};    //!< frames without an acknowledgement, RTS without CTS
};

/**
 * 802.11ax networks on one channel, one per AP, whose stations send short frames to their AP.
 *
 * A network's stations stand in two groups on both sides of its AP. Those of one side do not hear
 * those of the other: they are hidden from each other. Neighbours of the same side do hear each
 * other, also from one network to the next. It is quiet, so that one station of each network has
 * data, drawn from those in front, or there is a rush and all have: only then frames of hidden
 * stations meet. From time to time it is drawn anew, for all networks at once. A station that has
 * data always has some.
 * Station @c i belongs to network @c i / stationsPerAp.
 */
class WifiNeighbours
{
  public:
    explicit WifiNeighbours(WifiNeighboursConfig config);

    /** Install APs and stations. */
    void Build();

    /** Re-seed all that is random. @return how many streams were used */
    int64_t AssignStreams(int64_t stream);

    /** Begin the traffic. */
    void Start();

    /** Let a period pass: perhaps other stations have data after it. */
    void DrawActive(Time period);

    uint32_t GetStationCount() const;
    uint32_t GetApOf(uint32_t station) const;

    /** @return the number of stations that are associated */
    uint32_t CountAssociated() const;

    /** @return whether a station has data */
    bool IsActive(uint32_t station) const;

    /** Set a network's contention window, 2^k - 1 slots, as its AP's beacons tell. */
    void SetWindow(uint32_t ap, uint32_t slots);

    /** Set the size from which frames of a network are preceded by RTS and CTS, bytes. */
    void SetRtsThreshold(uint32_t ap, uint32_t bytes);

    /** End a period of a station and begin the next one. @return what it sent */
    WifiStationTally Take(uint32_t station);

  private:
    struct Counters
    {
        Time begin;
        uint64_t bytes{0};
        uint64_t timeouts{0};
    };

    void Place();
    void InstallNetwork(uint32_t ap);
    bool Receive(Ptr<const Packet> packet, const Address& from);
    void TopUp();
    void Draw();
    std::vector<Ptr<WifiMac>> GetMacs(uint32_t ap) const;

    WifiNeighboursConfig m_config;
    WifiHelper m_wifi;
    Ptr<YansWifiChannel> m_channel;
    NodeContainer m_apNodes;
    NodeContainer m_stationNodes;
    NetDeviceContainer m_aps;
    NetDeviceContainer m_stations;
    Ptr<UniformRandomVariable> m_draws;
    std::map<Address, uint32_t> m_numbers; //!< of stations
    std::vector<bool> m_active;
    std::vector<Counters> m_counters;
};

} // namespace ns3::tandem

#endif // TANDEM_WIFI_NEIGHBOURS_H
