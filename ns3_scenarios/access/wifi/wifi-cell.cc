// SPDX-License-Identifier: GPL-2.0-only
#include "access/wifi/wifi-cell.h"

#include "ns3/internet-stack-helper.h"
#include "ns3/log.h"
#include "ns3/mobility-model.h"
#include "ns3/sta-wifi-mac.h"
#include "ns3/wifi-net-device.h"

namespace ns3::tandem
{

NS_LOG_COMPONENT_DEFINE("TandemWifiCell");

namespace
{
/** ns-3's time-out of an association request and one more exchange. */
const Time ASSOCIATION_RETRY = MilliSeconds(600);
/** What is set up without frames is there from the first event on. */
const Time SETTLING = MilliSeconds(10);
} // namespace

WifiCell::WifiCell(const WifiCellConfig& config)
    : m_config(config)
{
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

Ipv4Address
WifiCell::GetUserGateway() const
{
    return m_apAddress;
}

std::pair<Ipv4Address, Ipv4Mask>
WifiCell::GetUserNetwork() const
{
    return {GetNetwork(), Ipv4Mask(NETWORK_MASK)};
}

Ipv4Address
WifiCell::GetNetwork() const
{
    return Ipv4Address(Ipv4Address(FIRST_NETWORK).Get() + m_number * NETWORK_SIZE);
}

void
WifiCell::ShareChannel(const WifiCell& other)
{
    m_channelOwner = &other;
}

void
WifiCell::StartBackground(Ptr<Node> sink, Ipv4Address address, uint16_t port)
{
    NS_LOG_FUNCTION(this << address << port);
    const std::vector<Ptr<Node>> sources(m_backgroundNodes.Begin(), m_backgroundNodes.End());
    m_background.Install(m_config.background, sources, sink, address, port);
}

RadioSample
WifiCell::Sample(uint32_t i) const
{
    const UserProbes& probes = m_userProbes.at(i);
    RadioSample sample;
    sample.snrDb = probes.snr.GetSnrDb();
    sample.rateBps = probes.station->GetRateBps();
    sample.mcs = probes.station->GetMcs();
    sample.macQueueBytes = static_cast<double>(probes.queue.GetBytes());
    return sample;
}

RadioCounters
WifiCell::Count(uint32_t i) const
{
    return m_userProbes.at(i).station->Count();
}

void
WifiCell::WatchReception()
{
    for (uint32_t i = 0; i < m_users.GetN(); ++i)
    {
        m_userProbes.at(i).station->WatchReception();
    }
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
        {"ap", "ap", m_config.centre}
    };
    AppendStations(nodes);
    return nodes;
}

void
WifiCell::RecordFrames(FrameTables& tables,
                       int64_t firstNode,
                       const std::vector<StationNumber>& stations)
{
    NS_LOG_FUNCTION(this << firstNode);
    const auto watch = [&](Ptr<NetDevice> device, int64_t node) {
        m_frameProbes.push_back(
            std::make_unique<WifiFrameProbe>(DynamicCast<WifiNetDevice>(device), node, tables));
    };
    watch(m_apDevice, firstNode);
    for (uint32_t i = 0; i < m_stationDevices.GetN(); ++i)
    {
        watch(m_stationDevices.Get(i), stations.at(i).node);
    }
}

Time
WifiCell::GetWarmup() const
{
    if (m_config.staticAssociation)
    {
        return SETTLING;
    }
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
    NS_LOG_FUNCTION(this << first);
    int64_t next = first;
    next += m_wifi.AssignStreams(NetDeviceContainer(m_stationDevices, m_apDevice), next);
    next += m_channel->AssignStreams(next);
    next += InternetStackHelper().AssignStreams(GetAllNodes(), next);
    next += m_placement.AssignStreams(next);
    next += m_background.AssignStreams(next);
    return next - first;
}

bool
WifiCell::MayLoseStations() const
{
    return m_config.pathLoss.shadowingDb > 0;
}

int64_t
WifiCell::DrawPlaces(int64_t first)
{
    NS_LOG_FUNCTION(this << first);
    int64_t next = first;
    next += m_placement.Draw(next);
    next += m_channel->AssignStreams(next);
    return next - first;
}

uint32_t
WifiCell::CountConnected() const
{
    uint32_t associated = 0;
    for (uint32_t i = 0; i < m_stationDevices.GetN(); ++i)
    {
        auto device = DynamicCast<WifiNetDevice>(m_stationDevices.Get(i));
        associated += DynamicCast<StaWifiMac>(device->GetMac())->IsAssociated() ? 1 : 0;
    }
    return associated;
}

void
WifiCell::BeginTraining()
{
    NS_LOG_FUNCTION(this);
    m_training.Begin();
}

bool
WifiCell::IsTrained() const
{
    return m_training.IsDone();
}

void
WifiCell::BeginEpisode()
{
    NS_LOG_FUNCTION(this);
    m_placement.BeginEpisode();
    m_background.BeginEpisode();
    if (m_measured)
    {
        m_measured->Begin();
    }
}

std::string
WifiCell::GetNotice() const
{
    return m_config.rssiTrace.GetNotice("rssi");
}

} // namespace ns3::tandem
