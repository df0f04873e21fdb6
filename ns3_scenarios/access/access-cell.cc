// SPDX-License-Identifier: GPL-2.0-only
#include "access/access-cell.h"

#include "access/frame-tables.h"

namespace ns3::tandem
{

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

void
AccessCell::AppendStations(std::vector<PlacedNode>& nodes) const
{
    for (uint32_t i = 0; i < m_stations.GetN(); ++i)
    {
        const bool isUser = i < m_users.GetN();
        nodes.push_back({isUser ? "user-" + std::to_string(i)
                                : "background-" + std::to_string(i - m_users.GetN()),
                         isUser ? "user" : "background",
                         m_placement.GetPosition(i)});
    }
}

void
AccessCell::RegisterStations(FrameTables& tables, int64_t firstStation, int64_t firstUser) const
{
    for (uint32_t i = 0; i < m_stations.GetN(); ++i)
    {
        tables.AddNode(firstStation + i, i < m_users.GetN() ? firstUser + i : -1);
    }
}

} // namespace ns3::tandem
