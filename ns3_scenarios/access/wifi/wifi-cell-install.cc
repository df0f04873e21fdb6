// SPDX-License-Identifier: GPL-2.0-only
// How a WiFi cell is put together: nodes, radios, addresses, probes.
#include "access/wifi/wifi-cell.h"
#include "access/wifi/wifi-handshake-rescue.h"

#include "ns3/abort.h"
#include "ns3/arp-cache.h"
#include "ns3/boolean.h"
#include "ns3/constant-position-mobility-model.h"
#include "ns3/double.h"
#include "ns3/he-configuration.h"
#include "ns3/ht-configuration.h"
#include "ns3/ipv4-address-helper.h"
#include "ns3/ipv4-interface.h"
#include "ns3/ipv4-l3-protocol.h"
#include "ns3/ipv4-static-routing-helper.h"
#include "ns3/ipv4-static-routing.h"
#include "ns3/log.h"
#include "ns3/pointer.h"
#include "ns3/propagation-delay-model.h"
#include "ns3/propagation-loss-model.h"
#include "ns3/qos-txop.h"
#include "ns3/ssid.h"
#include "ns3/string.h"
#include "ns3/uinteger.h"
#include "ns3/wifi-mac-queue.h"
#include "ns3/wifi-net-device.h"
#include "ns3/yans-wifi-helper.h"
#if NS3_MINOR >= 46
#include "ns3/wifi-static-setup-helper.h"
#endif

namespace ns3::tandem
{

NS_LOG_COMPONENT_DEFINE("TandemWifiCellInstall");

namespace
{
/** The short guard interval of 802.11n and 802.11ac. */
constexpr uint32_t SHORT_GUARD_INTERVAL_NS = 400;
#if NS3_MINOR >= 46
constexpr uint8_t BEST_EFFORT_TID = 0;
#endif

WifiStandard
ParseStandard(const std::string& standard)
{
    if (standard == "80211a")
    {
        return WIFI_STANDARD_80211a;
    }
    if (standard == "80211n")
    {
        return WIFI_STANDARD_80211n;
    }
    if (standard == "80211ac")
    {
        return WIFI_STANDARD_80211ac;
    }
#if NS3_MINOR >= 42
    if (standard == "80211be")
    {
        return WIFI_STANDARD_80211be;
    }
#endif
    return WIFI_STANDARD_80211ax;
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
    wifi.SetRemoteStationManager("ns3::ConstantRateWifiManager",
                                 "DataMode",
                                 StringValue(config.GetLowestMode()),
                                 "ControlMode",
                                 StringValue("OfdmRate24Mbps"),
                                 "RtsCtsThreshold",
                                 rts);
}

void
SetGuardInterval(Ptr<WifiNetDevice> device, uint32_t guardIntervalNs)
{
    if (const auto he = device->GetHeConfiguration())
    {
        he->SetAttribute("GuardInterval", TimeValue(NanoSeconds(guardIntervalNs)));
        return;
    }
    if (const auto ht = device->GetHtConfiguration())
    {
        ht->SetAttribute("ShortGuardIntervalSupported",
                         BooleanValue(guardIntervalNs == SHORT_GUARD_INTERVAL_NS));
    }
}

void
SetAntenna(YansWifiPhyHelper& phy, double powerDbm, double gainDb)
{
    phy.Set("TxPowerStart", DoubleValue(powerDbm));
    phy.Set("TxPowerEnd", DoubleValue(powerDbm));
    phy.Set("TxGain", DoubleValue(gainDb));
    phy.Set("RxGain", DoubleValue(gainDb));
}

/** Of data; the AP's own, too, so that its beacons tell stations the same. */
void
SetChannelAccess(Ptr<WifiMac> mac, const WifiCellConfig& config)
{
    const auto access = mac->GetQosTxop(AC_BE);
    access->SetAifsn(config.aifsn);
    access->SetMinCw(config.minWindow);
    access->SetMaxCw(config.maxWindow);
}
} // namespace

void
WifiCell::Build(NodeContainer users)
{
    NS_LOG_FUNCTION(this << users.GetN());
    m_users = users;
    m_backgroundNodes.Create(m_config.background.stations);
    m_stations = NodeContainer(m_users, m_backgroundNodes);
    CheckStations(MAX_STATIONS, "the AP gives each an association identifier");
    m_ap = CreateObject<Node>();

    auto apMobility = CreateObject<ConstantPositionMobilityModel>();
    apMobility->SetPosition(m_config.centre);
    m_ap->AggregateObject(apMobility);
    m_placement.Install(m_config.placement, m_config.centre, m_stations);

    InstallRadio();
    if (m_config.staticAssociation)
    {
        AssociateWithoutFrames();
    }
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

    const auto ap = DynamicCast<WifiNetDevice>(m_apDevice);
    for (uint32_t i = 0; i < m_users.GetN(); ++i)
    {
        const auto user = DynamicCast<WifiNetDevice>(m_stationDevices.Get(i));
        const auto address = Mac48Address::ConvertFrom(user->GetAddress());
        m_userProbes.push_back({std::make_unique<WifiStationProbe>(user),
                                WifiMacQueueProbe(user),
                                WifiSnrProbe(ap, address, m_config.channelWidthMhz)});
    }
    m_training.Install(
        m_stations,
        m_ap,
        m_apAddress,
        m_config.rateControl == "minstrel" ? m_config.trainingBytes * m_config.CountRates() : 0);
    m_medium = std::make_unique<WifiMediumProbe>(ap);
}

void
WifiCell::InstallChannel()
{
    if (m_channelOwner)
    {
        m_channel = m_channelOwner->m_channel;
        NS_ABORT_MSG_UNLESS(m_channel, "ShareChannel() needs a cell that is built before this one");
        return;
    }
    m_channel = CreateObject<YansWifiChannel>();
    m_channel->SetPropagationDelayModel(CreateObject<ConstantSpeedPropagationDelayModel>());
    m_channel->SetPropagationLossModel(m_config.pathLoss.Create(CARRIER_HZ));
}

void
WifiCell::InstallMeasuredLoss()
{
    if (m_config.rssiTrace.file.empty())
    {
        return;
    }
    NS_LOG_FUNCTION(this);
    // RSSI is what a station's antenna makes of the AP's frames.
    const double sentDbm = m_config.txPowerDbm + m_config.apExtraPowerDb + m_config.stationGainDb;
    m_measured = CreateObject<MeasuredLossModel>();
    m_measured->Configure(std::make_shared<SignalTrace>(m_config.rssiTrace.Read("rssi")),
                          sentDbm,
                          m_config.pathLoss,
                          CARRIER_HZ);
    m_measured->SetLinks(m_ap, m_users, Seconds(m_config.rssiTrace.shiftS));
    PointerValue first;
    m_channel->GetAttribute("PropagationLossModel", first);
    Ptr<PropagationLossModel> last = first.Get<PropagationLossModel>();
    while (last->GetNext())
    {
        last = last->GetNext();
    }
    last->SetNext(m_measured);
}

void
WifiCell::InstallRadio()
{
    NS_LOG_FUNCTION(this);
    InstallChannel();
    InstallMeasuredLoss();

    YansWifiPhyHelper phy;
    phy.SetChannel(m_channel);
    // Channel number 0: the standard's first channel of this width in the band.
    phy.Set("ChannelSettings",
            StringValue("{0, " + std::to_string(m_config.channelWidthMhz) + ", BAND_5GHZ, 0}"));
    phy.SetPreambleDetectionModel("ns3::ThresholdPreambleDetectionModel",
                                  "MinimumRssi",
                                  DoubleValue(m_config.detectionDbm));
    phy.Set("CcaSensitivity", DoubleValue(m_config.detectionDbm));
    if (m_config.fadingLossDb > 0)
    {
        phy.SetErrorRateModel("ns3::tandem::FadingErrorRateModel",
                              "Loss",
                              DoubleValue(m_config.fadingLossDb));
    }
    SetAntenna(phy, m_config.txPowerDbm, m_config.stationGainDb);
    phy.Set("RxNoiseFigure", DoubleValue(WIFI_NOISE_FIGURE_DB));

    m_wifi.SetStandard(ParseStandard(m_config.standard));
    SetRateControl(m_wifi, m_config);

    WifiMacHelper mac;
    // A station only ever joins the AP of its own cell.
    const SsidValue ssid(Ssid(m_number == 0 ? "tandem" : "tandem-" + std::to_string(m_number + 1)));
    const UintegerValue ampdu(m_config.ampduBytes);
    // ns-3 gives 802.11a no EDCA of itself, as devices have had since WMM.
    const BooleanValue qos(true);
    mac.SetType("ns3::StaWifiMac", "Ssid", ssid, "BE_MaxAmpduSize", ampdu, "QosSupported", qos);
    m_stationDevices = m_wifi.Install(phy, mac, m_stations);
    for (uint32_t i = 0; i < m_stations.GetN(); ++i)
    {
        // Stations otherwise all end their scan at once, collide, and try again 0.5 s later.
        DynamicCast<WifiNetDevice>(m_stationDevices.Get(i))
            ->GetMac()
            ->SetAttribute("WaitBeaconTimeout",
                           TimeValue(SCAN_TIME + static_cast<int64_t>(i) * ASSOCIATION_SPACING));
    }
    SetAntenna(phy, m_config.txPowerDbm + m_config.apExtraPowerDb, 0);
    mac.SetType("ns3::ApWifiMac", "Ssid", ssid, "BE_MaxAmpduSize", ampdu, "QosSupported", qos);
    m_apDevice = m_wifi.Install(phy, mac, m_ap).Get(0);
    NetDeviceContainer devices(m_apDevice);
    devices.Add(m_stationDevices);
    for (uint32_t i = 0; i < devices.GetN(); ++i)
    {
        const auto device = DynamicCast<WifiNetDevice>(devices.Get(i));
        for (const AcIndex ac : {AC_BE, AC_BK, AC_VI, AC_VO})
        {
            device->GetMac()->GetTxopQueue(ac)->SetMaxDelay(Seconds(m_config.queueLifetimeS));
        }
        SetGuardInterval(device, m_config.guardIntervalNs);
        SetChannelAccess(device->GetMac(), m_config);
        RescueBlockAckHandshakes(device);
    }
}

void
WifiCell::AssociateWithoutFrames()
{
#if NS3_MINOR >= 46
    NS_LOG_FUNCTION(this);
    const auto ap = DynamicCast<WifiNetDevice>(m_apDevice);
    WifiStaticSetupHelper::SetStaticAssociation(ap, m_stationDevices);
    if (m_config.ampduBytes > 0 && !m_config.IsLegacy())
    {
        WifiStaticSetupHelper::SetStaticBlockAck(ap, m_stationDevices, {BEST_EFFORT_TID});
    }
#endif
}

void
WifiCell::InstallAddresses()
{
    NS_LOG_FUNCTION(this);
    // Without IPv6 no router solicitations disturb the medium.
    InstallStacks(m_ap);
    InstallStacks(m_stations);

    Ipv4AddressHelper addresses;
    addresses.SetBase(GetNetwork(), NETWORK_MASK);
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
    NS_LOG_FUNCTION(this);
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

} // namespace ns3::tandem
