// SPDX-License-Identifier: GPL-2.0-only
#include "access/wifi/wifi-cell.h"

#include "access/delay-queue-disc.h"
#include "agent-link/argument-check.h"

#include "ns3/arp-cache.h"
#include "ns3/boolean.h"
#include "ns3/constant-position-mobility-model.h"
#include "ns3/double.h"
#include "ns3/internet-stack-helper.h"
#include "ns3/ipv4-address-helper.h"
#include "ns3/ipv4-interface.h"
#include "ns3/ipv4-l3-protocol.h"
#include "ns3/ipv4-static-routing-helper.h"
#include "ns3/ipv4-static-routing.h"
#include "ns3/pointer.h"
#include "ns3/propagation-delay-model.h"
#include "ns3/qos-txop.h"
#include "ns3/ssid.h"
#include "ns3/sta-wifi-mac.h"
#include "ns3/string.h"
#include "ns3/uinteger.h"
#include "ns3/wifi-mac-queue.h"
#include "ns3/wifi-net-device.h"
#include "ns3/wifi-phy.h"
#include "ns3/yans-wifi-helper.h"

#include <algorithm>
#include <cmath>

namespace ns3
{
namespace tandem
{

namespace
{
constexpr double CARRIER_HZ = 5.18e9;
/** ns-3's threshold preamble detection: a weaker frame is not received at all. */
constexpr double DETECTION_DBM = -82.0;
/** ns-3's default receiver noise figure. */
constexpr double NOISE_FIGURE_DB = 7.0;
/** Boltzmann's constant times 290 K, in dBm per Hz. */
constexpr double WIFI_THERMAL_NOISE_DBM_PER_HZ = -173.975;
/** Cells at the origin, antennas at the height of the stations. */
const Vector AP_CENTRE(0, 0, 0);
/** Long enough to hear a beacon, sent every 102.4 ms. */
const Time SCAN_TIME = MilliSeconds(120);
/** Between the ends of the scans of two stations; an association takes about 1 ms. */
const Time ASSOCIATION_SPACING = MilliSeconds(4);
/** ns-3's time-out of an association request and one more exchange. */
const Time ASSOCIATION_RETRY = MilliSeconds(600);
const char* const WIFI_NETWORK = "10.1.0.0";
const char* const WIFI_MASK = "255.255.0.0";

WifiStandard
ParseStandard(const std::string& standard)
{
    if (standard == "80211n")
    {
        return WIFI_STANDARD_80211n;
    }
    return standard == "80211ac" ? WIFI_STANDARD_80211ac : WIFI_STANDARD_80211ax;
}

void
SetRateControl(WifiHelper& wifi, const WifiCellConfig& config)
{
    const UintegerValue rts(config.rtsThresholdBytes);
    if (config.rateControl == "minstrel")
    {
        wifi.SetRemoteStationManager("ns3::MinstrelHtWifiManager", "RtsCtsThreshold", rts);
        return;
    }
    if (config.rateControl == "ideal")
    {
        wifi.SetRemoteStationManager("ns3::IdealWifiManager", "RtsCtsThreshold", rts);
        return;
    }
    const std::string mcs = config.rateControl.substr(config.rateControl.find(':') + 1);
    const std::string family = config.standard == "80211n"    ? "HtMcs"
                               : config.standard == "80211ac" ? "VhtMcs"
                                                              : "HeMcs";
    wifi.SetRemoteStationManager("ns3::ConstantRateWifiManager",
                                 "DataMode",
                                 StringValue(family + mcs),
                                 "ControlMode",
                                 StringValue("OfdmRate24Mbps"),
                                 "RtsCtsThreshold",
                                 rts);
}
} // namespace

WifiCell::WifiCell(const WifiCellConfig& config)
    : m_config(config)
{
}

double
WifiCell::GetRange(const WifiCellConfig& config)
{
    return config.pathLoss.DistanceForLoss(CARRIER_HZ, config.txPowerDbm - DETECTION_DBM);
}

void
WifiCell::Build(NodeContainer users)
{
    m_users = users;
    m_backgroundNodes.Create(m_config.background.stations);
    m_stations = NodeContainer(m_users, m_backgroundNodes);
    m_ap = CreateObject<Node>();

    auto apMobility = CreateObject<ConstantPositionMobilityModel>();
    apMobility->SetPosition(AP_CENTRE);
    m_ap->AggregateObject(apMobility);
    m_placement.Install(m_config.placement, AP_CENTRE, m_stations);

    InstallRadio();
    InstallAddresses();
    // An ARP cache forgets everything when its link goes up or down, so also at association. The
    // caches have registered for that before, so they are empty by the time this is called.
    for (uint32_t i = 0; i < m_stationDevices.GetN(); ++i)
    {
        m_stationDevices.Get(i)->AddLinkChangeCallback(
            MakeCallback(&WifiCell::FillNeighbourCaches, this));
    }
    m_apDevice->AddLinkChangeCallback(MakeCallback(&WifiCell::FillNeighbourCaches, this));
    FillNeighbourCaches();

    for (uint32_t i = 0; i < m_users.GetN(); ++i)
    {
        m_userProbes.push_back(std::make_unique<WifiStationProbe>(
            DynamicCast<WifiNetDevice>(m_stationDevices.Get(i))));
    }
    m_medium = std::make_unique<MediumProbe>(DynamicCast<WifiNetDevice>(m_apDevice));
}

void
WifiCell::InstallRadio()
{
    m_channel = CreateObject<YansWifiChannel>();
    m_channel->SetPropagationDelayModel(CreateObject<ConstantSpeedPropagationDelayModel>());
    m_channel->SetPropagationLossModel(m_config.pathLoss.Create(CARRIER_HZ));

    YansWifiPhyHelper phy;
    phy.SetChannel(m_channel);
    // Channel number 0: the standard's first channel of this width in the band.
    phy.Set("ChannelSettings",
            StringValue("{0, " + std::to_string(m_config.channelWidthMhz) + ", BAND_5GHZ, 0}"));
    phy.Set("TxPowerStart", DoubleValue(m_config.txPowerDbm));
    phy.Set("TxPowerEnd", DoubleValue(m_config.txPowerDbm));
    phy.Set("RxNoiseFigure", DoubleValue(NOISE_FIGURE_DB));

    m_wifi.SetStandard(ParseStandard(m_config.standard));
    SetRateControl(m_wifi, m_config);

    WifiMacHelper mac;
    const SsidValue ssid(Ssid("tandem"));
    const UintegerValue ampdu(m_config.ampduBytes);
    mac.SetType("ns3::StaWifiMac", "Ssid", ssid, "BE_MaxAmpduSize", ampdu);
    m_stationDevices = m_wifi.Install(phy, mac, m_stations);
    for (uint32_t i = 0; i < m_stations.GetN(); ++i)
    {
        // Stations otherwise all end their scan at once, collide, and try again 0.5 s later.
        DynamicCast<WifiNetDevice>(m_stationDevices.Get(i))
            ->GetMac()
            ->SetAttribute("WaitBeaconTimeout",
                           TimeValue(SCAN_TIME + static_cast<int64_t>(i) * ASSOCIATION_SPACING));
    }
    mac.SetType("ns3::ApWifiMac", "Ssid", ssid, "BE_MaxAmpduSize", ampdu);
    m_apDevice = m_wifi.Install(phy, mac, m_ap).Get(0);
}

void
WifiCell::InstallAddresses()
{
    InternetStackHelper internet;
    // Without IPv6 no router solicitations disturb the medium.
    internet.SetIpv6StackInstall(false);
    internet.Install(m_ap);
    internet.Install(m_stations);

    Ipv4AddressHelper addresses;
    addresses.SetBase(WIFI_NETWORK, WIFI_MASK);
    m_apAddress = addresses.Assign(NetDeviceContainer(m_apDevice)).GetAddress(0);
    m_stationInterfaces = addresses.Assign(m_stationDevices);

    Ipv4StaticRoutingHelper routing;
    for (uint32_t i = 0; i < m_stations.GetN(); ++i)
    {
        const auto [ipv4, interface] = m_stationInterfaces.Get(i);
        routing.GetStaticRouting(ipv4)->SetDefaultRoute(m_apAddress, interface);
    }
}

void
WifiCell::FillNeighbourCaches()
{
    // Permanent entries between AP and stations: an ARP exchange in an episode would delay
    // whichever request comes first.
    const auto add = [](Ptr<Ipv4> ipv4, Ptr<NetDevice> device, Ipv4Address address, Address mac) {
        auto l3 = DynamicCast<Ipv4L3Protocol>(ipv4);
        auto interface = l3->GetInterface(l3->GetInterfaceForDevice(device));
        auto cache = interface->GetArpCache();
        ArpCache::Entry* entry = cache->Lookup(address);
        if (!entry)
        {
            entry = cache->Add(address);
        }
        entry->SetMacAddress(mac);
        entry->MarkPermanent();
    };
    for (uint32_t i = 0; i < m_stations.GetN(); ++i)
    {
        auto device = m_stationDevices.Get(i);
        add(m_stationInterfaces.Get(i).first, device, m_apAddress, m_apDevice->GetAddress());
        add(m_ap->GetObject<Ipv4>(),
            m_apDevice,
            m_stationInterfaces.GetAddress(i),
            device->GetAddress());
    }
}

std::string
WifiCell::GetKind() const
{
    return "wifi";
}

std::string
WifiCell::GetStandard() const
{
    return "802.11" + m_config.standard.substr(5);
}

Ptr<Node>
WifiCell::GetGateway() const
{
    return m_ap;
}

std::pair<Ipv4Address, Ipv4Mask>
WifiCell::GetUserNetwork() const
{
    return {Ipv4Address(WIFI_NETWORK), Ipv4Mask(WIFI_MASK)};
}

Ptr<NetDevice>
WifiCell::GetApDevice() const
{
    return m_apDevice;
}

void
WifiCell::StartBackground(Ptr<Node> sink, Ipv4Address address, uint16_t port)
{
    const std::vector<Ptr<Node>> sources(m_backgroundNodes.Begin(), m_backgroundNodes.End());
    m_background.Install(m_config.background, sources, sink, address, port);
}

RadioSample
WifiCell::Sample(uint32_t i) const
{
    RadioSample sample;
    auto device = DynamicCast<WifiNetDevice>(m_stationDevices.Get(i));

    // The AP's own record of the last frame from this station, so nothing is done per frame.
    auto manager = DynamicCast<WifiNetDevice>(m_apDevice)->GetRemoteStationManager();
    const double noiseDbm = WIFI_THERMAL_NOISE_DBM_PER_HZ +
                            10 * std::log10(m_config.channelWidthMhz * 1e6) + NOISE_FIGURE_DB;
    const auto address = Mac48Address::ConvertFrom(device->GetAddress());
#if NS3_MINOR >= 42
    const auto rssiDbm = manager->GetMostRecentRssi(address);
    sample.snrDb = rssiDbm ? static_cast<double>(*rssiDbm) - noiseDbm : 0;
#else
    sample.snrDb = manager->GetMostRecentRssi(address) - noiseDbm;
#endif

    sample.rateBps = m_userProbes.at(i)->GetRateBps();
    sample.mcs = m_userProbes.at(i)->GetMcs();

    PointerValue txop;
    device->GetMac()->GetAttribute("BE_Txop", txop);
    sample.macQueueBytes = GetQueueDiscBytes(device);
    sample.macQueueBytes += txop.Get<QosTxop>()->GetWifiMacQueue()->GetNBytes();
    return sample;
}

RadioCounters
WifiCell::Count(uint32_t i) const
{
    return m_userProbes.at(i)->Count();
}

CellCounters
WifiCell::CountCell() const
{
    CellCounters counters;
    counters.busyS = m_medium->GetBusyS();
    counters.backgroundBytes = m_background.GetReceivedBytes();
    return counters;
}

double
WifiCell::GetDistance(uint32_t i) const
{
    return m_placement.GetDistance(i);
}

std::vector<PlacedNode>
WifiCell::GetPlacedNodes() const
{
    std::vector<PlacedNode> nodes{
        {"ap", "ap", AP_CENTRE}
    };
    AppendStations(nodes);
    return nodes;
}

void
WifiCell::RecordFrames(FrameTables& tables, int64_t firstNode, int64_t firstUser)
{
    const int64_t firstStation = firstNode + 1; // after the AP
    RegisterStations(tables, firstStation, firstUser);
    const auto watch = [&](Ptr<NetDevice> device, int64_t node) {
        m_frameProbes.push_back(
            std::make_unique<WifiFrameProbe>(DynamicCast<WifiNetDevice>(device), node, tables));
    };
    watch(m_apDevice, firstNode);
    for (uint32_t i = 0; i < m_stationDevices.GetN(); ++i)
    {
        watch(m_stationDevices.Get(i), firstStation + i);
    }
}

Time
WifiCell::GetWarmup() const
{
    // One more scan for an exchange that is lost to a beacon.
    const auto count = static_cast<int64_t>(m_stations.GetN());
    return SCAN_TIME + count * ASSOCIATION_SPACING + ASSOCIATION_RETRY;
}

NodeContainer
WifiCell::GetAllNodes() const
{
    return NodeContainer(NodeContainer(m_ap), m_stations);
}

int64_t
WifiCell::AssignStreams(int64_t first)
{
    int64_t next = first;
    next += m_wifi.AssignStreams(NetDeviceContainer(m_stationDevices, m_apDevice), next);
    next += m_channel->AssignStreams(next);
    next += InternetStackHelper().AssignStreams(GetAllNodes(), next);
    next += m_placement.AssignStreams(next);
    next += m_background.AssignStreams(next);
    return next - first;
}

void
WifiCell::BeginEpisode()
{
    uint32_t associated = 0;
    for (uint32_t i = 0; i < m_stations.GetN(); ++i)
    {
        auto device = DynamicCast<WifiNetDevice>(m_stationDevices.Get(i));
        associated += DynamicCast<StaWifiMac>(device->GetMac())->IsAssociated() ? 1 : 0;
    }
    if (associated < m_stations.GetN())
    {
        Fail("only " + std::to_string(associated) + " of " + std::to_string(m_stations.GetN()) +
             " WiFi stations are associated after the warm-up; give a longer warm-up");
    }
    m_placement.BeginEpisode();
    m_background.BeginEpisode();
}

} // namespace tandem
} // namespace ns3
