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
WireConfig::Declare(Arguments& arguments, const std::string& host)
{
    arguments.Add("delay",
                  "one-way delay between gateway and " + host,
                  delayMs,
                  Range(0, 10000, "ms"));
    arguments.Add("rate",
                  "rate of the link between gateway and " + host,
                  rateMbps,
                  Range(0.01, 1e6, "Mbit/s"));
}

Backhaul::Backhaul(std::vector<HostConfig> hosts, double detourMs)
    : m_configs(std::move(hosts)),
      m_detourMs(detourMs)
{
    m_hosts.Create(static_cast<uint32_t>(m_configs.size()));
    InternetStackHelper internet;
    internet.SetIpv6StackInstall(false);
    internet.Install(m_hosts);
}

uint32_t
Backhaul::Connect(const AccessCell& cell)
{
    std::vector<BackhaulLink>& links = m_links.emplace_back();
    for (uint32_t host = 0; host < GetHostCount(); ++host)
    {
        links.push_back(Link(cell, host));
    }
    return static_cast<uint32_t>(m_links.size()) - 1;
}

BackhaulLink
Backhaul::Link(const AccessCell& cell, uint32_t index)
{
    const HostConfig& config = m_configs.at(index);
    NS_LOG_FUNCTION(this << config.name);
    const Ptr<Node> host = m_hosts.Get(index);
    const auto cellIndex = static_cast<int32_t>(m_links.size()) - 1;
    const bool elsewhere = config.home >= 0 && config.home != cellIndex;
    BackhaulLink link;
    link.gateway = cell.GetGateway();
    link.host = host;
    link.name = config.name;
    link.rateBps = config.wire.rateMbps * 1e6;
    link.delayS = (config.wire.delayMs + (elsewhere ? m_detourMs : 0)) * 1e-3;

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

uint32_t
Backhaul::GetHostCount() const
{
    return m_hosts.GetN();
}

Ptr<Node>
Backhaul::GetHost(uint32_t host) const
{
    return m_hosts.Get(host);
}

const std::string&
Backhaul::GetHostName(uint32_t host) const
{
    return m_configs.at(host).name;
}

Ipv4Address
Backhaul::GetAddress(uint32_t cell, uint32_t host) const
{
    return GetLink(cell, host).hostAddress;
}

const BackhaulLink&
Backhaul::GetLink(uint32_t cell, uint32_t host) const
{
    return m_links.at(cell).at(host);
}

int64_t
Backhaul::AssignStreams(int64_t first)
{
    InternetStackHelper internet;
    return internet.AssignStreams(m_hosts, first);
}

} // namespace ns3::tandem
