// SPDX-License-Identifier: GPL-2.0-only
// How an inference run is put together: network, applications, what the agent sees.
#include "access/backhaul.h"
#include "access/delay-queue-disc.h"
#include "agent-link/argument-check.h"
#include "model/inference-run.h"
#include "model/run-metadata.h"

#include "ns3/abort.h"
#include "ns3/boolean.h"
#include "ns3/ipv4-address.h"
#include "ns3/log.h"
#include "ns3/uinteger.h"

#include <algorithm>
#include <cmath>

namespace ns3::tandem
{

NS_LOG_COMPONENT_DEFINE("TandemInferenceRunBuild");

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

void
InferenceRun::BuildApplications()
{
    NS_LOG_FUNCTION(this);
    std::vector<RequestLedger::Cells> cells;
    for (const ObservedUser& user : m_users)
    {
        auto& ofUser = cells.emplace_back();
        for (const UserAccess& access : user.accesses)
        {
            ofUser.push_back({access.cell, m_cells[access.cell]->GetKind() == "lte" ? 1U : 0U});
        }
    }
    m_ledger = std::make_unique<RequestLedger>(m_options,
                                               std::move(cells),
                                               MakeCallback(&InferenceRun::CountTransfers, this));
    m_ledger->SetQueueCounter(MakeCallback(&InferenceRun::CountQueuedBytes, this));
    m_ledger->SetJobCounter(MakeCallback(&InferenceRun::CountJobs, this));
    WatchEnergy();
    WatchServing();

    for (uint32_t i = 0; i < m_config.sites.size(); ++i)
    {
        const RemoteSite& site = m_config.sites[i];
        auto server =
            CreateObjectWithAttributes<InferenceServer>("Cores", UintegerValue(site.cores));
        server->Configure(m_options, site.load);
        RequestLedger* ledger = m_ledger.get();
        server->TraceConnectWithoutContext("UploadArrived",
                                           MakeCallback(&RequestLedger::UploadArrived, ledger));
        server->TraceConnectWithoutContext("ServiceStarted",
                                           MakeCallback(&RequestLedger::SiteStarted, ledger));
        server->TraceConnectWithoutContext("ServiceFinished",
                                           MakeCallback(&RequestLedger::SiteFinished, ledger));
        m_backhaul->GetHost(i)->AddApplication(server);
        m_servers.push_back(server);
    }

    for (uint32_t i = 0; i < m_users.size(); ++i)
    {
        ObservedUser& user = m_users[i];
        user.client =
            CreateObjectWithAttributes<InferenceClient>("User",
                                                        UintegerValue(i),
                                                        "Timeout",
                                                        TimeValue(Seconds(m_config.timeoutS)),
                                                        "ConnectAtStart",
                                                        BooleanValue(false));
        std::vector<ClientAccess> accesses;
        for (const UserAccess& access : user.accesses)
        {
            auto& to = accesses.emplace_back();
            to.gateway = m_gateways[access.cell].get();
            for (uint32_t site = 0; site < m_servers.size(); ++site)
            {
                to.sites.push_back(m_backhaul->GetAddress(access.cell, site));
            }
        }
        user.client->Attach(m_options, m_paths, std::move(accesses), *m_ledger);
        const UserAccess& home = user.GetHome();
        m_cells[home.cell]->GetUser(home.index)->AddApplication(user.client);
    }
}

void
InferenceRun::WatchServing()
{
    if (CanHandOver(GetCells()))
    {
        m_ledger->WatchServing(MakeCallback(&InferenceRun::FindServing, this));
    }
}

uint32_t
InferenceRun::FindServing(uint32_t index, uint32_t access) const
{
    const UserAccess& at = m_users[index].accesses.at(access);
    return m_cells[at.cell]->GetServing(at.index);
}

void
InferenceRun::WatchEnergy()
{
    if (!m_config.energy.watched)
    {
        return;
    }
    std::vector<std::vector<RadioPower>> radios;
    for (const ObservedUser& user : m_users)
    {
        auto& ofUser = radios.emplace_back();
        for (const UserAccess& access : user.accesses)
        {
            ofUser.push_back(m_config.energy.OfKind(m_cells[access.cell]->GetKind()));
        }
    }
    m_ledger->WatchEnergy(m_config.energy, std::move(radios));
    for (const auto& cell : m_cells)
    {
        cell->WatchReception();
    }
}

double
InferenceRun::CountQueuedBytes(uint32_t index, uint32_t access) const
{
    const UserAccess& at = m_users[index].accesses.at(access);
    return m_cells[at.cell]->Sample(at.index).macQueueBytes;
}

bool
InferenceRun::HasQueue(uint32_t index) const
{
    for (uint32_t access = 0; access < m_users[index].accesses.size(); ++access)
    {
        if (CountQueuedBytes(index, access) > 0)
        {
            return true;
        }
    }
    return false;
}

uint32_t
InferenceRun::CountJobs(Site site) const
{
    const CorePool& cores = m_servers.at(site - 1)->GetCores();
    return cores.GetBusyCores() + cores.GetQueueLength();
}

TransferCounters
InferenceRun::CountTransfers(uint32_t index, uint32_t access) const
{
    const ObservedUser& user = m_users[index];
    const UserAccess& taken = user.accesses.at(access);
    const RadioCounters radio = m_cells[taken.cell]->Count(taken.index);
    TransferCounters counters;
    counters.airtimeS = radio.txAirtimeS;
    counters.macRetransmissions = radio.macRetransmissions;
    counters.tcpRetransmissions = user.client->CountRetransmissions();
    for (const UserAccess& each : user.accesses)
    {
        if (m_config.energy.watched)
        {
            const RadioCounters times = m_cells[each.cell]->Count(each.index);
            counters.radios.push_back({times.txAirtimeS, times.rxAirtimeS});
        }
    }
    return counters;
}

void
InferenceRun::Declare()
{
    NS_LOG_FUNCTION(this);
    const std::vector<std::string> sites = m_config.GetSiteNames();
    m_observation = std::make_unique<Observation>(m_users,
                                                  GetCells(),
                                                  m_servers,
                                                  sites,
                                                  m_paths,
                                                  *m_ledger,
                                                  m_config.energy);
    m_observation->Declare(m_link);
    ActionBlock* action = m_link.AddAction("option",
                                           {m_config.users},
                                           0,
                                           static_cast<int32_t>(m_options.GetCount()) - 1,
                                           "user");
    DeclareMask(*action);
    m_ledger->DeclareRecords(m_link, sites, m_paths.GetNames());
    m_positions = std::make_unique<PositionTable>(m_link, GetCells());
    DeclareFrames();
    if (m_policy) // agents have policies like it of their own
    {
        m_link.SetPolicy([this](ActionBlock* block) { m_policy->Act(*block); });
    }
    if (m_linkTrace)
    {
        m_link.Warn("the link trace lasts " + FormatNumber(m_linkTrace->GetPeriod().GetSeconds()) +
                    " s, carries " + FormatNumber(std::round(m_linkTrace->GetMeanBps())) +
                    " bit/s on average, and is repeated in longer episodes");
    }
    DescribeRun(m_link, m_config, m_options, GetCells(), m_users, m_paths, *m_backhaul);

    std::vector<Ptr<InferenceClient>> clients;
    for (const ObservedUser& user : m_users)
    {
        clients.push_back(user.client);
    }
    m_loop = CreateObject<EpochLoop>(m_config,
                                     m_link,
                                     *action,
                                     *m_observation,
                                     std::move(clients),
                                     [this](uint32_t user) { return HasQueue(user); });
    m_loop->TraceConnectWithoutContext("Decided",
                                       MakeCallback(&PositionTable::Write, m_positions.get()));
}

void
InferenceRun::DeclareFrames()
{
    if (!m_config.recordFrames)
    {
        return;
    }
    m_frames = std::make_unique<FrameTables>(m_link);
    std::vector<StationNumber> users; // in the order of their numbers
    int64_t first = 0;
    for (uint32_t c = 0; c < m_cells.size(); ++c)
    {
        const AccessCell& cell = *m_cells[c];
        const auto placed = static_cast<int64_t>(cell.GetPlacedNodes().size());
        const uint32_t background = cell.GetStationCount() - cell.GetUserCount();
        // AP or eNBs come first in the topology, then the cell's own stations.
        int64_t node = first + placed - m_cellUsers[c] - background;
        std::vector<StationNumber> stations;
        for (uint32_t i = 0; i < m_cellUsers[c]; ++i)
        {
            users.push_back({node++, static_cast<int64_t>(users.size())});
            stations.push_back(users.back());
        }
        for (const uint32_t guest : m_guests[c])
        {
            stations.push_back(users.at(guest));
        }
        for (uint32_t i = 0; i < background; ++i)
        {
            stations.push_back({node++, -1});
        }
        for (const StationNumber& station : stations)
        {
            m_frames->AddNode(station.node, station.user);
        }
        m_cells[c]->RecordFrames(*m_frames, first, stations);
        first += placed;
    }
}

void
InferenceRun::DeclareMask(const ActionBlock& action)
{
    if (m_paths.GetNames().empty())
    {
        return;
    }
    ActionMask* mask = m_link.AddActionMask(&action);
    for (uint32_t user = 0; user < m_users.size(); ++user)
    {
        for (uint32_t option = 0; option < m_options.GetCount(); ++option)
        {
            const bool has = m_paths.Find(user, m_options.Get(option)).has_value();
            mask->Allow(user, static_cast<int32_t>(option), has);
        }
    }
}

} // namespace ns3::tandem
