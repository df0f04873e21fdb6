// SPDX-License-Identifier: GPL-2.0-only
#include "access/wifi/wifi-neighbours.h"

#include "access/path-loss.h"
#include "access/wifi/wifi-handshake-rescue.h"

#include "ns3/constant-position-mobility-model.h"
#include "ns3/double.h"
#include "ns3/log.h"
#include "ns3/packet.h"
#include "ns3/propagation-delay-model.h"
#include "ns3/propagation-loss-model.h"
#include "ns3/qos-txop.h"
#include "ns3/simulator.h"
#include "ns3/ssid.h"
#include "ns3/sta-wifi-mac.h"
#include "ns3/string.h"
#include "ns3/uinteger.h"
#include "ns3/wifi-mac-queue.h"
#include "ns3/wifi-net-device.h"
#include "ns3/yans-wifi-helper.h"

#include <algorithm>
#include <utility>

namespace ns3::tandem
{

NS_LOG_COMPONENT_DEFINE("TandemWifiNeighbours");

namespace
{
constexpr uint32_t MAX_APS = 8;
constexpr uint32_t MAX_STATIONS_PER_AP = 64;
constexpr uint16_t PROTOCOL = 0x88b5; //!< IEEE 802's for experiments
constexpr double RUSH_PROBABILITY = 1.0 / 3;
constexpr uint32_t LARGEST_WINDOW = 1023;
constexpr double CARRIER_HZ = 5.18e9;
/**
 * Frames kept in an active station's queue, and how often it is filled up. What is left when the
 * station has no more data is sent as well: one frame, or the end of a rush would be a rush, too.
 */
constexpr uint32_t BACKLOG_FRAMES = 1;
const Time TOP_UP_INTERVAL = MicroSeconds(50);
/** Nothing is dropped for its age: a backlog is always young enough. */
const Time QUEUE_LIFETIME = Seconds(1000);
} // namespace

void
WifiNeighboursConfig::Declare(Arguments& arguments)
{
    arguments.Add("aps", "APs in a row, each with a network", aps, Range(1, MAX_APS));
    arguments.Add("stations",
                  "stations of each network",
                  stationsPerAp,
                  Range(1, MAX_STATIONS_PER_AP));
    arguments.Add("spacing", "distance of neighbouring APs", spacingM, Range(1, 1000, "m"));
    arguments.Add("distance", "of stations from their AP", distanceM, Range(1, 100, "m"));
    arguments.Add("pathLossExponent", "of the path loss", pathLossExponent, Range(1.5, 6));
    arguments.Add("payload", "of each frame", payloadBytes, Range(1, 2000, "bytes"));
    arguments.Add("doubling",
                  "whether a contention window doubles after each lost frame, up to 1023",
                  doubling);
    arguments.Add("mcs", "of data frames", mcs, Range(0, 11));
    arguments.Add("phase",
                  "mean time between draws of whether there is a rush and who else has data",
                  phaseS,
                  Range(0.001, 1e4, "s"));
}

WifiNeighbours::WifiNeighbours(WifiNeighboursConfig config)
    : m_config(std::move(config)),
      m_draws(CreateObject<UniformRandomVariable>())
{
    CheckDeclared(m_config);
}

void
WifiNeighbours::Build()
{
    NS_LOG_FUNCTION(this << m_config.aps << m_config.stationsPerAp);
    m_apNodes.Create(m_config.aps);
    m_stationNodes.Create(m_config.aps * m_config.stationsPerAp);
    m_active.resize(m_stationNodes.GetN());
    m_counters.resize(m_stationNodes.GetN());
    Place();
    m_channel = CreateObject<YansWifiChannel>();
    m_channel->SetPropagationDelayModel(CreateObject<ConstantSpeedPropagationDelayModel>());
    m_channel->SetPropagationLossModel(CreateObjectWithAttributes<LogDistancePropagationLossModel>(
        "Exponent",
        DoubleValue(m_config.pathLossExponent),
        "ReferenceLoss",
        DoubleValue(PathLossConfig::ReferenceLossDb(CARRIER_HZ))));
    m_wifi.SetStandard(WIFI_STANDARD_80211ax);
    m_wifi.SetRemoteStationManager("ns3::ConstantRateWifiManager",
                                   "DataMode",
                                   StringValue("HeMcs" + std::to_string(m_config.mcs)),
                                   "ControlMode",
                                   StringValue("OfdmRate24Mbps"));
    for (uint32_t ap = 0; ap < m_config.aps; ++ap)
    {
        InstallNetwork(ap);
    }
    for (uint32_t i = 0; i < m_stations.GetN(); ++i)
    {
        m_numbers[m_stations.Get(i)->GetAddress()] = i;
        DynamicCast<WifiNetDevice>(m_stations.Get(i))
            ->GetMac()
            ->TraceConnectWithoutContext(
                "MpduResponseTimeout",
                Callback<void, uint8_t, Ptr<const WifiMpdu>, const WifiTxVector&>(
                    [this, i](uint8_t, Ptr<const WifiMpdu>, const WifiTxVector&) {
                        ++m_counters[i].timeouts;
                    }));
    }
}

void
WifiNeighbours::Place()
{
    const auto put = [](Ptr<Node> node, double x, double y) {
        auto mobility = CreateObject<ConstantPositionMobilityModel>();
        mobility->SetPosition(Vector(x, y, 0));
        node->AggregateObject(mobility);
    };
    for (uint32_t ap = 0; ap < m_config.aps; ++ap)
    {
        put(m_apNodes.Get(ap), ap * m_config.spacingM, 0);
    }
    for (uint32_t i = 0; i < m_stationNodes.GetN(); ++i)
    {
        // Sides in turn; the stations of a side stand a metre apart.
        const uint32_t number = i % m_config.stationsPerAp;
        const double x = GetApOf(i) * m_config.spacingM + number / 2;
        put(m_stationNodes.Get(i), x, number % 2 ? -m_config.distanceM : m_config.distanceM);
    }
}

void
WifiNeighbours::InstallNetwork(uint32_t ap)
{
    YansWifiPhyHelper phy;
    phy.SetChannel(m_channel);
    phy.Set("ChannelSettings", StringValue("{36, 20, BAND_5GHZ, 0}"));
    WifiMacHelper mac;
    const SsidValue ssid(Ssid("network-" + std::to_string(ap)));
    // Each frame for itself: in an aggregate, contention would be a small part of the time.
    const UintegerValue ampdu(0);
    mac.SetType("ns3::ApWifiMac", "Ssid", ssid, "BE_MaxAmpduSize", ampdu);
    NetDeviceContainer devices = m_wifi.Install(phy, mac, m_apNodes.Get(ap));
    m_aps.Add(devices);
    devices.Get(0)->SetReceiveCallback(
        [this](Ptr<NetDevice>, Ptr<const Packet> packet, uint16_t, const Address& from) {
            return Receive(packet, from);
        });
    mac.SetType("ns3::StaWifiMac", "Ssid", ssid, "BE_MaxAmpduSize", ampdu);
    for (uint32_t i = 0; i < m_config.stationsPerAp; ++i)
    {
        const auto node = m_stationNodes.Get(ap * m_config.stationsPerAp + i);
        const auto stations = m_wifi.Install(phy, mac, node);
        m_stations.Add(stations);
        devices.Add(stations);
    }
    for (uint32_t i = 0; i < devices.GetN(); ++i)
    {
        const auto device = DynamicCast<WifiNetDevice>(devices.Get(i));
        device->GetMac()->GetTxopQueue(AC_BE)->SetMaxDelay(QUEUE_LIFETIME);
        RescueBlockAckHandshakes(device);
    }
}

int64_t
WifiNeighbours::AssignStreams(int64_t stream)
{
    const int64_t first = stream;
    m_draws->SetStream(stream++);
    stream += m_channel->AssignStreams(stream);
    stream += WifiHelper::AssignStreams(NetDeviceContainer(m_aps, m_stations), stream);
    return stream - first;
}

void
WifiNeighbours::Start()
{
    NS_LOG_FUNCTION(this);
    Draw();
    TopUp();
}

void
WifiNeighbours::DrawActive(Time period)
{
    if (m_draws->GetValue() * m_config.phaseS < period.GetSeconds())
    {
        Draw();
    }
}

void
WifiNeighbours::Draw()
{
    const bool isRush = m_draws->GetValue() < RUSH_PROBABILITY;
    for (uint32_t ap = 0; ap < m_config.aps; ++ap)
    {
        const uint32_t first = ap * m_config.stationsPerAp;
        // In front, where the stations of all networks hear each other.
        const uint32_t lone = first + 2 * m_draws->GetInteger(0, (m_config.stationsPerAp - 1) / 2);
        for (uint32_t i = first; i < first + m_config.stationsPerAp; ++i)
        {
            m_active[i] = isRush || i == lone;
        }
    }
    NS_LOG_INFO((isRush ? "a rush" : "quiet") << " from " << Simulator::Now().As(Time::S));
}

void
WifiNeighbours::TopUp()
{
    for (uint32_t i = 0; i < m_stations.GetN(); ++i)
    {
        if (!m_active[i])
        {
            continue;
        }
        const auto device = DynamicCast<WifiNetDevice>(m_stations.Get(i));
        const auto queue = device->GetMac()->GetTxopQueue(AC_BE);
        for (uint32_t n = queue->GetNPackets(); n < BACKLOG_FRAMES; ++n)
        {
            device->Send(Create<Packet>(m_config.payloadBytes),
                         m_aps.Get(GetApOf(i))->GetAddress(),
                         PROTOCOL);
        }
    }
    Simulator::Schedule(TOP_UP_INTERVAL, &WifiNeighbours::TopUp, this);
}

bool
WifiNeighbours::Receive(Ptr<const Packet> packet, const Address& from)
{
    const auto station = m_numbers.find(from);
    if (station != m_numbers.end())
    {
        m_counters[station->second].bytes += packet->GetSize();
    }
    return true;
}

uint32_t
WifiNeighbours::GetStationCount() const
{
    return m_stationNodes.GetN();
}

uint32_t
WifiNeighbours::GetApOf(uint32_t station) const
{
    return station / m_config.stationsPerAp;
}

uint32_t
WifiNeighbours::CountAssociated() const
{
    return std::count_if(m_stations.Begin(), m_stations.End(), [](Ptr<NetDevice> device) {
        const auto mac = DynamicCast<WifiNetDevice>(device)->GetMac();
        return DynamicCast<StaWifiMac>(mac)->IsAssociated();
    });
}

bool
WifiNeighbours::IsActive(uint32_t station) const
{
    return m_active.at(station);
}

std::vector<Ptr<WifiMac>>
WifiNeighbours::GetMacs(uint32_t ap) const
{
    std::vector<Ptr<WifiMac>> macs{DynamicCast<WifiNetDevice>(m_aps.Get(ap))->GetMac()};
    for (uint32_t i = 0; i < m_stations.GetN(); ++i)
    {
        if (GetApOf(i) == ap)
        {
            macs.push_back(DynamicCast<WifiNetDevice>(m_stations.Get(i))->GetMac());
        }
    }
    return macs;
}

void
WifiNeighbours::SetWindow(uint32_t ap, uint32_t slots)
{
    NS_LOG_FUNCTION(this << ap << slots);
    // The AP's own, so that its beacons tell the same.
    for (const auto& mac : GetMacs(ap))
    {
        mac->GetQosTxop(AC_BE)->SetMinCw(slots);
        mac->GetQosTxop(AC_BE)->SetMaxCw(m_config.doubling ? LARGEST_WINDOW : slots);
    }
}

void
WifiNeighbours::SetRtsThreshold(uint32_t ap, uint32_t bytes)
{
    NS_LOG_FUNCTION(this << ap << bytes);
    for (const auto& mac : GetMacs(ap))
    {
        mac->GetWifiRemoteStationManager()->SetAttribute("RtsCtsThreshold", UintegerValue(bytes));
    }
}

WifiStationTally
WifiNeighbours::Take(uint32_t station)
{
    Counters& counters = m_counters.at(station);
    const double periodS = (Simulator::Now() - counters.begin).GetSeconds();
    WifiStationTally tally;
    tally.throughputBps = periodS > 0 ? 8 * counters.bytes / periodS : 0;
    tally.timeouts = counters.timeouts;
    counters = Counters();
    counters.begin = Simulator::Now();
    return tally;
}

} // namespace ns3::tandem
