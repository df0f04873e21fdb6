// SPDX-License-Identifier: GPL-2.0-only
#include "access/access-cell.h"

#include "agent-link/argument-check.h"

#include "ns3/internet-stack-helper.h"
#include "ns3/ipv4-static-routing-helper.h"
#include "ns3/ipv4-static-routing.h"
#include "ns3/ipv4.h"

#include <algorithm>
#include <map>

namespace ns3::tandem
{

std::string
AccessCell::GetNotice() const
{
    return "";
}

uint32_t
AccessCell::CountRadios() const
{
    return 1;
}

uint32_t
AccessCell::GetServing(uint32_t /* i */) const
{
    return 0;
}

void
AccessCell::SetNumber(uint32_t number)
{
    m_number = number;
}

Ipv4Address
AccessCell::GetUserAddress(uint32_t i) const
{
    return m_stationInterfaces.GetAddress(i);
}

Ptr<Node>
AccessCell::GetUser(uint32_t i) const
{
    return m_users.Get(i);
}

uint32_t
AccessCell::GetUserCount() const
{
    return m_users.GetN();
}

uint32_t
AccessCell::GetStationCount() const
{
    return m_stations.GetN();
}

Ptr<NetDevice>
AccessCell::GetUserDevice(uint32_t i) const
{
    return m_stationDevices.Get(i);
}

std::vector<std::string>
AccessCell::GetWarnings() const
{
    return {};
}

void
AccessCell::CheckStations(uint32_t most, const std::string& reason) const
{
    const uint32_t count = m_stations.GetN();
    if (count > most)
    {
        Fail(std::to_string(m_users.GetN()) + " users and " +
             std::to_string(count - m_users.GetN()) + " background stations are more than the " +
             std::to_string(most) + " stations of a " + GetStandard() + " cell (" + reason +
             "); give fewer users or background stations");
    }
}

void
AccessCell::AppendStations(std::vector<PlacedNode>& nodes) const
{
    for (uint32_t i = 0; i < m_stations.GetN(); ++i)
    {
        if (!m_placement.IsOwn(i))
        {
            continue;
        }
        const bool isUser = i < m_users.GetN();
        nodes.push_back({isUser ? "user-" + std::to_string(i)
                                : "background-" + std::to_string(i - m_users.GetN()),
                         isUser ? "user" : "background",
                         m_placement.GetPosition(i)});
    }
}

void
AccessCell::RouteUser(uint32_t i, Ipv4Address host) const
{
    const auto [ipv4, interface] = m_stationInterfaces.Get(i);
    Ipv4StaticRoutingHelper().GetStaticRouting(ipv4)->AddHostRouteTo(host,
                                                                     GetUserGateway(),
                                                                     interface);
}

void
AccessCell::InstallStacks(const NodeContainer& nodes)
{
    InternetStackHelper internet;
    internet.SetIpv6StackInstall(false);
    for (auto node = nodes.Begin(); node != nodes.End(); ++node)
    {
        if (!(*node)->GetObject<Ipv4>())
        {
            internet.Install(*node);
        }
    }
}

bool
CanHandOver(const std::vector<const AccessCell*>& cells)
{
    return std::any_of(cells.begin(), cells.end(), [](const AccessCell* cell) {
        return cell->CountRadios() > 1;
    });
}

std::vector<std::string>
NameCells(const std::vector<const AccessCell*>& cells)
{
    std::map<std::string, uint32_t> count;
    for (const AccessCell* cell : cells)
    {
        ++count[cell->GetKind()];
    }
    std::map<std::string, uint32_t> seen;
    std::vector<std::string> names;
    for (const AccessCell* cell : cells)
    {
        const std::string kind = cell->GetKind();
        const uint32_t number = ++seen[kind];
        names.push_back(count[kind] > 1 ? kind + "-" + std::to_string(number) : kind);
    }
    return names;
}

} // namespace ns3::tandem
