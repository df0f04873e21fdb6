// SPDX-License-Identifier: GPL-2.0-only
// Who has which interfaces, cells and backhaul of an inference run.
#include "access/backhaul.h"
#include "access/delay-queue-disc.h"
#include "agent-link/argument-check.h"
#include "model/inference-run.h"

#include "ns3/abort.h"
#include "ns3/log.h"

namespace ns3::tandem
{

NS_LOG_COMPONENT_DEFINE("TandemInferenceRunNetwork");

namespace
{
constexpr uint16_t FIRST_BACKGROUND_PORT = 9100; //!< UDP, one per cell
constexpr uint32_t BACKGROUND_SINK = 0;          //!< host that background traffic goes to
} // namespace

std::vector<const AccessCell*>
InferenceRun::GetCells() const
{
    std::vector<const AccessCell*> cells;
    for (const auto& cell : m_cells)
    {
        cells.push_back(cell.get());
    }
    return cells;
}

void
InferenceRun::PlanUsers()
{
    NS_LOG_FUNCTION(this);
    for (uint32_t c = 0; c < m_cells.size(); ++c)
    {
        for (uint32_t i = 0; i < m_cellUsers[c]; ++i)
        {
            m_users.push_back({nullptr, {{c, i}}, false});
        }
        for (uint32_t i = 0; i < m_guests[c].size(); ++i)
        {
            UserAccesses& accesses = m_users.at(m_guests[c][i]).accesses;
            for (const UserAccess& other : accesses)
            {
                NS_ABORT_MSG_IF(m_cells[other.cell]->GetKind() == m_cells[c]->GetKind(),
                                "user " << m_guests[c][i] << " would have two "
                                        << m_cells[c]->GetKind()
                                        << " interfaces, and a path is named by its kind");
            }
            accesses.push_back({c, m_cellUsers[c] + i});
        }
    }
    NS_ABORT_MSG_UNLESS(m_users.size() == m_config.users,
                        "the cells have " << m_users.size() << " users, --users says "
                                          << m_config.users);
    std::vector<UserAccesses> accesses;
    const std::vector<bool> weak = m_config.GetWeakUsers();
    for (uint32_t i = 0; i < m_users.size(); ++i)
    {
        m_users[i].weak = weak.at(i);
        accesses.push_back(m_users[i].accesses);
    }
    for (const AccessCell* cell : GetCells())
    {
        m_config.energy.kinds.push_back(cell->GetKind());
    }
    Arguments(m_command).CheckEffects();
    m_paths = UserPaths(GetCells(), accesses);
    const size_t paths = m_paths.GetNames().size();
    if (paths > 0 && m_linkTrace)
    {
        Fail("--linkTrace=" + m_config.linkTraceFile +
             " is the capacity of a user's one uplink, and some users have two interfaces; leave "
             "one of the two out");
    }
    m_options = m_options.OverPaths(static_cast<uint32_t>(paths));
    if (m_link.HasPolicy())
    {
        m_policy = std::make_unique<FixedPolicy>(m_link.GetPolicyName(),
                                                 m_options,
                                                 m_paths,
                                                 m_config.GetSiteNames());
    }
}

void
InferenceRun::BuildNetwork()
{
    NS_LOG_FUNCTION(this);
    m_backhaul = std::make_unique<Backhaul>(m_config.GetHosts(), m_config.detourMs);
    for (uint32_t c = 0; c < m_cells.size(); ++c)
    {
        BuildCell(c);
        m_cells[c]->StartBackground(m_backhaul->GetHost(BACKGROUND_SINK),
                                    m_backhaul->GetAddress(c, BACKGROUND_SINK),
                                    static_cast<uint16_t>(FIRST_BACKGROUND_PORT + c));
    }
    RouteUsers();
}

void
InferenceRun::BuildCell(uint32_t index)
{
    AccessCell& cell = *m_cells[index];
    NodeContainer nodes;
    nodes.Create(m_cellUsers[index]);
    for (const uint32_t guest : m_guests[index])
    {
        const UserAccess& home = m_users[guest].GetHome();
        nodes.Add(m_cells[home.cell]->GetUser(home.index));
    }
    cell.Build(nodes);
    m_backhaul->Connect(cell);
    m_gateways.push_back(std::make_unique<GatewayProbe>(cell.GetGateway()));
    for (uint32_t i = 0; i < m_users.size(); ++i)
    {
        for (const UserAccess& access : m_users[i].accesses)
        {
            if (access.cell == index)
            {
                ShapeUplink(i, cell.GetUserDevice(access.index), m_users[i].weak);
            }
        }
    }
}

void
InferenceRun::RouteUsers()
{
    for (const ObservedUser& user : m_users)
    {
        for (const UserAccess& access : user.accesses)
        {
            for (uint32_t host = 0; user.accesses.size() > 1 && host < m_backhaul->GetHostCount();
                 ++host)
            {
                m_cells[access.cell]->RouteUser(access.index,
                                                m_backhaul->GetAddress(access.cell, host));
            }
        }
    }
}

void
InferenceRun::ShapeUplink(uint32_t user, Ptr<NetDevice> device, bool weak)
{
    const Time delay = Seconds(weak ? m_config.weakDelayMs * 1e-3 : 0);
    if (m_linkTrace)
    {
        m_linkTraces.push_back(
            InstallTrace(device, m_linkTrace, Seconds(user * m_config.linkTraceShiftS), delay));
    }
    else if (weak)
    {
        InstallDelay(device, delay);
    }
}

} // namespace ns3::tandem
