// SPDX-License-Identifier: GPL-2.0-only
#include "model/inference-run.h"

#include "access/backhaul.h"
#include "access/delay-queue-disc.h"
#include "agent-link/argument-check.h"
#include "model/run-metadata.h"

#include "ns3/abort.h"
#include "ns3/config.h"
#include "ns3/log.h"
#include "ns3/simulator.h"
#include "ns3/uinteger.h"

#include <algorithm>

namespace ns3::tandem
{

NS_LOG_COMPONENT_DEFINE("TandemInferenceRun");

namespace
{

/** Random streams are handed out in blocks of this size. */
constexpr int64_t STREAM_BLOCK = 1 << 20;
constexpr int64_t FIRST_CELL_BLOCK = 16;

constexpr uint16_t FIRST_BACKGROUND_PORT = 9100; //!< UDP, one per cell

/** Users connect one after the other, so that the handshakes do not collide. */
const Time CONNECT_SPACING = MilliSeconds(5);
const Time CONNECT_STEP = MilliSeconds(100);
const Time CONNECT_LIMIT = Seconds(20);

/** TCP as today's hosts have it, where ns-3's defaults are older; --ns3::… arguments override. */
void
SetTcpDefaults()
{
    // 1400 bytes leave room for every TCP option in an Ethernet-sized packet.
    Config::SetDefault("ns3::TcpSocket::SegmentSize", UintegerValue(1400));
    Config::SetDefault("ns3::TcpSocket::SndBufSize", UintegerValue(1 << 20));
    Config::SetDefault("ns3::TcpSocket::RcvBufSize", UintegerValue(1 << 20));
    Config::SetDefault("ns3::TcpSocket::ConnTimeout", TimeValue(Seconds(1))); // RFC 6298
    // As Linux. A delayed acknowledgement must come well before the shortest retransmission
    // timeout: with ns-3's 200 ms, a sender whose window is one segment times out for ever.
    Config::SetDefault("ns3::TcpSocketBase::MinRto", TimeValue(MilliSeconds(200)));
    Config::SetDefault("ns3::TcpSocket::DelAckTimeout", TimeValue(MilliSeconds(40)));
}

} // namespace

InferenceRun::InferenceRun(const std::string& scenario, const std::string& usage)
    : m_link(scenario),
      m_command(scenario)
{
    SetTcpDefaults();
    m_command.Usage(usage);
    m_link.AddArguments(m_command);
    m_config.AddArguments(m_command);
}

InferenceRun::~InferenceRun() = default;

CommandLine&
InferenceRun::GetCommandLine()
{
    return m_command;
}

InferenceConfig&
InferenceRun::GetConfig()
{
    return m_config;
}

void
InferenceRun::Parse(int argc, char* argv[])
{
    m_command.Parse(argc, argv);
    m_config.Check();
    try
    {
        m_options = OptionTable::Read(m_config.GetOptionsFile());
    }
    catch (const CsvError& error)
    {
        Fail(error.what());
    }
    m_options.ScaleService(Site::DEVICE, m_config.deviceServiceScale);
    m_options.ScaleService(Site::EDGE, m_config.edgeServiceScale);
    m_options.ScaleService(Site::CLOUD, m_config.cloudServiceScale);
    if (!m_link.HasAgent())
    {
        m_policy = std::make_unique<FixedPolicy>(m_link.GetPolicyName(), m_options);
    }
}

void
InferenceRun::AddCell(std::unique_ptr<AccessCell> cell, uint32_t users)
{
    m_cells.push_back(std::move(cell));
    m_cellUsers.push_back(users);
}

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

int
InferenceRun::Run()
{
    NS_LOG_FUNCTION(this);
    BuildNetwork();
    BuildApplications();
    try
    {
        Declare();
    }
    catch (const CsvError& error)
    {
        Fail(error.what());
    }
    m_outputs = std::make_unique<RunOutputs>(m_config);
    m_outputs->Enable(GetCells(), *m_backhaul);
    WarmUp();
    m_link.SetRedraw([this] { AssignStreams(); });
    m_link.BeginEpisode();
    Play();
    m_outputs->Finish();
    Simulator::Destroy();
    return 0;
}

void
InferenceRun::BuildNetwork()
{
    NS_LOG_FUNCTION(this);
    m_backhaul = std::make_unique<Backhaul>(m_config.backhaul);
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
            if (user.weak)
            {
                InstallDelay(cell.GetUserDevice(i), Seconds(m_config.weakDelayMs * 1e-3));
            }
            m_users.push_back(user);
        }
        cell.StartBackground(m_backhaul->GetEdge(),
                             m_backhaul->GetEdgeAddress(c),
                             static_cast<uint16_t>(FIRST_BACKGROUND_PORT + c));
    }
    NS_ABORT_MSG_UNLESS(m_users.size() == m_config.users,
                        "the cells have " << m_users.size() << " users, --users says "
                                          << m_config.users);
}

void
InferenceRun::BuildApplications()
{
    NS_LOG_FUNCTION(this);
    std::vector<uint32_t> kinds;
    Time connect;
    for (const ObservedUser& user : m_users)
    {
        kinds.push_back(m_cells[user.cell]->GetKind() == "lte" ? 1 : 0);
        connect = std::max(connect, m_cells[user.cell]->GetWarmup());
    }
    m_ledger = std::make_unique<RequestLedger>(m_options,
                                               kinds,
                                               MakeCallback(&InferenceRun::CountTransfers, this));
    m_ledger->SetQueueCounter(MakeCallback(&InferenceRun::CountQueuedBytes, this));
    m_ledger->SetJobCounter(MakeCallback(&InferenceRun::CountJobs, this));

    const auto serve = [this](Ptr<Node> node, uint32_t cores, const BackgroundLoadConfig& load) {
        auto server = CreateObjectWithAttributes<InferenceServer>("Cores", UintegerValue(cores));
        server->Configure(m_options, load);
        RequestLedger* ledger = m_ledger.get();
        server->TraceConnectWithoutContext("UploadArrived",
                                           MakeCallback(&RequestLedger::UploadArrived, ledger));
        server->TraceConnectWithoutContext("ServiceStarted",
                                           MakeCallback(&RequestLedger::SiteStarted, ledger));
        server->TraceConnectWithoutContext("ServiceFinished",
                                           MakeCallback(&RequestLedger::SiteFinished, ledger));
        node->AddApplication(server);
        return server;
    };
    m_edge = serve(m_backhaul->GetEdge(), m_config.edgeCores, m_config.edgeLoad);
    m_cloud = serve(m_backhaul->GetCloud(), m_config.cloudCores, m_config.cloudLoad);

    for (uint32_t i = 0; i < m_users.size(); ++i)
    {
        ObservedUser& user = m_users[i];
        user.client = CreateObjectWithAttributes<InferenceClient>(
            "User",
            UintegerValue(i),
            "EdgeAddress",
            Ipv4AddressValue(m_backhaul->GetEdgeAddress(user.cell)),
            "CloudAddress",
            Ipv4AddressValue(m_backhaul->GetCloudAddress(user.cell)),
            "Timeout",
            TimeValue(Seconds(m_config.timeoutS)));
        user.client->Attach(m_options, *m_gateways[user.cell], *m_ledger);
        user.client->SetStartTime(connect);
        connect += CONNECT_SPACING;
        m_cells[user.cell]->GetUser(user.indexInCell)->AddApplication(user.client);
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
    const CorePool& cores = (site == Site::EDGE ? m_edge : m_cloud)->GetCores();
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
    for (const Site site : {Site::EDGE, Site::CLOUD})
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
    m_observation = std::make_unique<Observation>(m_users, GetCells(), m_edge, m_cloud, *m_ledger);
    m_observation->Declare(m_link);
    ActionBlock* action = m_link.AddAction("option",
                                           {m_config.users},
                                           0,
                                           static_cast<int32_t>(m_options.GetCount()) - 1,
                                           "user");
    m_ledger->DeclareRecords(m_link);
    m_positions = std::make_unique<PositionTable>(m_link, GetCells());
    DeclareFrames();
    m_link.SetPolicy([this](ActionBlock* block) { m_policy->Act(*block); });
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

void
InferenceRun::WarmUp()
{
    NS_LOG_FUNCTION(this);
    Time until = CONNECT_SPACING * static_cast<int64_t>(m_users.size());
    for (const auto& cell : m_cells)
    {
        until = std::max(until, cell->GetWarmup() + until);
    }
    const auto run = [](Time duration) {
        // A stop that is left over would end a later run too early.
        const EventId stop = Simulator::Schedule(duration, [] { Simulator::Stop(); });
        Simulator::Run();
        EventId(stop).Cancel();
    };
    run(until);
    const auto unready = [this] {
        return std::count_if(m_users.begin(), m_users.end(), [](const ObservedUser& user) {
            return !user.client->IsReady();
        });
    };
    while (unready() > 0)
    {
        NS_ABORT_MSG_IF(Simulator::Now() > until + CONNECT_LIMIT,
                        unready() << " of " << m_users.size()
                                  << " users have no connection to edge and cloud after "
                                  << Simulator::Now().GetSeconds()
                                  << " s of warm-up; are they in range of the cell?");
        run(CONNECT_STEP);
    }
}

void
InferenceRun::AssignStreams()
{
    NS_LOG_FUNCTION(this);
    // A block for each part, so that a change in one part (one more background station, say) does
    // not change what the others draw.
    int64_t block = 0;
    const auto assign = [&block](auto& part) {
        const int64_t used = part.AssignStreams(block * STREAM_BLOCK);
        NS_ABORT_MSG_IF(used > STREAM_BLOCK, "a part of the scenario needs " << used << " streams");
        ++block;
    };
    assign(*m_edge);
    assign(*m_cloud);
    assign(*m_loop);
    assign(*m_backhaul);
    if (m_policy)
    {
        assign(*m_policy);
    }
    block = FIRST_CELL_BLOCK;
    for (const auto& cell : m_cells)
    {
        assign(*cell);
    }
}

void
InferenceRun::Play()
{
    NS_LOG_FUNCTION(this);
    AssignStreams();
    for (const auto& cell : m_cells)
    {
        cell->BeginEpisode();
    }
    m_edge->BeginEpisode();
    m_cloud->BeginEpisode();
    m_observation->BeginEpisode();
    m_loop->Start(Seconds(m_config.settleS));
    Simulator::Run();
}

} // namespace ns3::tandem
