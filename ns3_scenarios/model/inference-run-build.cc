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
InferenceRun::BuildNetwork()
{
    NS_LOG_FUNCTION(this);
    m_backhaul = std::make_unique<Backhaul>(m_config.GetHosts(), m_config.detourMs);
    const std::vector<bool> weak = m_config.GetWeakUsers();
    for (uint32_t c = 0; c < m_cells.size(); ++c)
    {
        AccessCell& cell = *m_cells[c];
        NodeContainer nodes;
        nodes.Create(m_cellUsers[c]);
        cell.Build(nodes);
        m_backhaul->Connect(cell);
        m_gateways.push_back(std::make_unique<GatewayProbe>(cell.GetGateway()));
        for (uint32_t i = 0; i < m_cellUsers[c]; ++i)
        {
            ObservedUser user;
            user.cell = c;
            user.indexInCell = i;
            user.weak = weak.at(m_users.size());
            ShapeUplink(static_cast<uint32_t>(m_users.size()), cell.GetUserDevice(i), user.weak);
            m_users.push_back(user);
        }
        cell.StartBackground(m_backhaul->GetHost(BACKGROUND_SINK),
                             m_backhaul->GetAddress(c, BACKGROUND_SINK),
                             static_cast<uint16_t>(FIRST_BACKGROUND_PORT + c));
    }
    NS_ABORT_MSG_UNLESS(m_users.size() == m_config.users,
                        "the cells have " << m_users.size() << " users, --users says "
                                          << m_config.users);
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
    std::vector<uint32_t> kinds;
    for (const ObservedUser& user : m_users)
    {
        kinds.push_back(m_cells[user.cell]->GetKind() == "lte" ? 1 : 0);
    }
    m_ledger = std::make_unique<RequestLedger>(m_options,
                                               kinds,
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
        std::vector<Ipv4Address> sites;
        for (uint32_t site = 0; site < m_servers.size(); ++site)
        {
            sites.push_back(m_backhaul->GetAddress(user.cell, site));
        }
        user.client->Attach(m_options, std::move(sites), *m_gateways[user.cell], *m_ledger);
        m_cells[user.cell]->GetUser(user.indexInCell)->AddApplication(user.client);
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
InferenceRun::FindServing(uint32_t index) const
{
    const ObservedUser& user = m_users[index];
    return m_cells[user.cell]->GetServing(user.indexInCell);
}

void
InferenceRun::WatchEnergy()
{
    if (!m_config.energy.watched)
    {
        return;
    }
    std::vector<RadioPower> radios;
    for (const ObservedUser& user : m_users)
    {
        radios.push_back(m_config.energy.OfKind(m_cells[user.cell]->GetKind()));
    }
    m_ledger->WatchEnergy(m_config.energy, std::move(radios));
    for (const auto& cell : m_cells)
    {
        cell->WatchReception();
    }
}

double
InferenceRun::CountQueuedBytes(uint32_t index) const
{
    const ObservedUser& user = m_users[index];
    return m_cells[user.cell]->Sample(user.indexInCell).macQueueBytes;
}

uint32_t
InferenceRun::CountJobs(Site site) const
{
    const CorePool& cores = m_servers.at(site - 1)->GetCores();
    return cores.GetBusyCores() + cores.GetQueueLength();
}

TransferCounters
InferenceRun::CountTransfers(uint32_t index) const
{
    const ObservedUser& user = m_users[index];
    const RadioCounters radio = m_cells[user.cell]->Count(user.indexInCell);
    TransferCounters counters;
    counters.airtimeS = radio.txAirtimeS;
    counters.macRetransmissions = radio.macRetransmissions;
    counters.rxAirtimeS = radio.rxAirtimeS;
    for (Site site = 1; site <= m_servers.size(); ++site)
    {
        counters.tcpRetransmissions +=
            user.client->GetConnection(site).GetProbe().GetRetransmissions();
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
                                                  *m_ledger,
                                                  m_config.energy);
    m_observation->Declare(m_link);
    ActionBlock* action = m_link.AddAction("option",
                                           {m_config.users},
                                           0,
                                           static_cast<int32_t>(m_options.GetCount()) - 1,
                                           "user");
    m_ledger->DeclareRecords(m_link, sites);
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
    DescribeRun(m_link, m_config, m_options, GetCells(), m_users, *m_backhaul);

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
                                     [this](uint32_t user) { return CountQueuedBytes(user) > 0; });
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
    int64_t node = 0;
    int64_t user = 0;
    for (uint32_t c = 0; c < m_cells.size(); ++c)
    {
        m_cells[c]->RecordFrames(*m_frames, node, user);
        node += static_cast<int64_t>(m_cells[c]->GetPlacedNodes().size());
        user += m_cellUsers[c];
    }
}

} // namespace ns3::tandem
