// SPDX-License-Identifier: GPL-2.0-only
#include "access/backhaul.h"

#include "ns3/data-rate.h"
#include "ns3/internet-stack-helper.h"
#include "ns3/ipv4-address-helper.h"
#include "ns3/ipv4-static-routing-helper.h"
#include "ns3/ipv4-static-routing.h"
#include "ns3/ipv4.h"
#include "ns3/log.h"
#include "ns3/point-to-point-helper.h"

namespace ns3::tandem
{

NS_LOG_COMPONENT_DEFINE("TandemBackhaul");

namespace
{
/** First address of the links; each takes four addresses from here on. */
const Ipv4Address LINK_BASE("10.200.0.0");
} // namespace

void
BackhaulConfig::Declare(Arguments& arguments)
{
    const Range delay(0, 10000, "ms");
    const Range rate(0.01, 1e6, "Mbit/s");
    arguments.Add("edgeDelay", "one-way delay between gateway and edge", edgeDelayMs, delay);
    arguments.Add("edgeRate", "rate of the link between gateway and edge", edgeRateMbps, rate);
    arguments.Add("cloudDelay", "one-way delay between gateway and cloud", cloudDelayMs, delay);
    arguments.Add("cloudRate", "rate of the link between gateway and cloud", cloudRateMbps, rate);
}

void
BackhaulConfig::AddArguments(CommandLine& cmd, const std::string& prefix)
{
    Arguments arguments(cmd, prefix);
    Declare(arguments);
}

void
BackhaulConfig::Check(const std::string& prefix) const
{
    CheckDeclared(*this, prefix);
}

Backhaul::Backhaul(const BackhaulConfig& config)
    : m_config(config),
      m_edge(CreateObject<Node>()),
      m_cloud(CreateObject<Node>())
{
    InternetStackHelper internet;
    internet.SetIpv6StackInstall(false);
    internet.Install(NodeContainer(m_edge, m_cloud));
}

uint32_t
Backhaul::Connect(const AccessCell& cell)
{
    m_edgeLinks.push_back(Link(cell, m_edge, "edge", m_config.edgeDelayMs, m_config.edgeRateMbps));
    m_cloudLinks.push_back(
        Link(cell, m_cloud, "cloud", m_config.cloudDelayMs, m_config.cloudRateMbps));
    return static_cast<uint32_t>(m_edgeLinks.size()) - 1;
}

BackhaulLink
Backhaul::Link(const AccessCell& cell,
               Ptr<Node> host,
               const std::string& name,
               double delayMs,
               double rateMbps)
{
    NS_LOG_FUNCTION(this << name << delayMs << rateMbps);
    BackhaulLink link;
    link.gateway = cell.GetGateway();
    link.host = host;
    link.name = name;
    link.rateBps = rateMbps * 1e6;
    link.delayS = delayMs * 1e-3;

    PointToPointHelper wire;
    wire.SetDeviceAttribute("DataRate",
                            DataRateValue(DataRate(static_cast<uint64_t>(link.rateBps))));
    wire.SetChannelAttribute("Delay", TimeValue(Seconds(link.delayS)));
    const NetDeviceContainer devices = wire.Install(link.gateway, host);
    link.gatewayDevice = devices.Get(0);
    link.hostDevice = devices.Get(1);

    constexpr uint32_t ADDRESSES_PER_LINK = 4;
    Ipv4AddressHelper addresses;
    addresses.SetBase(Ipv4Address(LINK_BASE.Get() + ADDRESSES_PER_LINK * m_subnets++),
                      "255.255.255.252");
    const Ipv4InterfaceContainer interfaces = addresses.Assign(devices);
    link.gatewayAddress = interfaces.GetAddress(0);
    link.hostAddress = interfaces.GetAddress(1);

    const auto network = cell.GetUserNetwork();
    Ipv4StaticRoutingHelper routing;
    routing.GetStaticRouting(host->GetObject<Ipv4>())
        ->AddNetworkRouteTo(network.first,
                            network.second,
                            link.gatewayAddress,
                            interfaces.Get(1).second);
    return link;
}

Ptr<Node>
Backhaul::GetEdge() const
{
    return m_edge;
}

Ptr<Node>
Backhaul::GetCloud() const
{
    return m_cloud;
}

Ipv4Address
Backhaul::GetEdgeAddress(uint32_t cell) const
{
    return GetEdgeLink(cell).hostAddress;
}

Ipv4Address
Backhaul::GetCloudAddress(uint32_t cell) const
{
    return GetCloudLink(cell).hostAddress;
}

const BackhaulLink&
Backhaul::GetEdgeLink(uint32_t cell) const
{
    return m_edgeLinks.at(cell);
}

const BackhaulLink&
Backhaul::GetCloudLink(uint32_t cell) const
{
    return m_cloudLinks.at(cell);
}

int64_t
Backhaul::AssignStreams(int64_t first)
{
    InternetStackHelper internet;
    return internet.AssignStreams(NodeContainer(m_edge, m_cloud), first);
}

} // namespace ns3::tandem
