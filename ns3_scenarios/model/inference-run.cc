// SPDX-License-Identifier: GPL-2.0-only
#include "model/inference-run.h"

#include "access/warm-up.h"
#include "agent-link/argument-check.h"

#include "ns3/abort.h"
#include "ns3/config.h"
#include "ns3/log.h"
#include "ns3/simulator.h"
#include "ns3/uinteger.h"

#include <algorithm>
#include <iostream>
#include <sstream>

namespace ns3::tandem
{

NS_LOG_COMPONENT_DEFINE("TandemInferenceRun");

namespace
{

/** Random streams are handed out in blocks of this size. */
constexpr int64_t STREAM_BLOCK = 1 << 20;
constexpr int64_t FIRST_CELL_BLOCK = 16;
/** Random streams are reserved for so many. */
constexpr int64_t MAX_CELLS_OF_A_KIND = 8;
constexpr int64_t FIRST_WARMUP_BLOCK = 32;

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

InferenceRun::InferenceRun(const std::string& scenario, const std::string& usage, uint32_t maxUsers)
    : m_link(scenario),
      m_command(scenario),
      m_traces(m_link)
{
    SetTcpDefaults();
    m_config.maxUsers = maxUsers;
    m_command.Usage(usage);
    m_link.AddArguments(m_command);
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
    // Only now: a scenario may have set other sites.
    m_config.AddArguments(m_command);
    Arguments arguments(m_command);
    m_traces.Declare(arguments);
    m_command.Parse(argc, argv);
    m_config.Check();
    try
    {
        m_options = OptionTable::Read(m_config.GetOptionsFile(),
                                      m_config.sites,
                                      m_config.deviceServiceScale);
        if (!m_config.linkTraceFile.empty())
        {
            m_linkTrace = std::make_shared<LinkTrace>(LinkTrace::Read(m_config.linkTraceFile));
        }
    }
    catch (const CsvError& error)
    {
        Fail(error.what());
    }
}

void
InferenceRun::AddCell(std::unique_ptr<AccessCell> cell,
                      uint32_t users,
                      std::vector<uint32_t> guests)
{
    const std::string kind = cell->GetKind();
    const auto before = std::count_if(m_cells.begin(), m_cells.end(), [&kind](const auto& other) {
        return other->GetKind() == kind;
    });
    if (kind == "lte" && before > 0)
    {
        Fail("two LTE cells: ns-3's core network serves one; give it several eNBs "
             "(LteCellConfig::enbs), "
             "or use WiFi cells for the others");
    }
    if (before >= MAX_CELLS_OF_A_KIND)
    {
        Fail("more than " + std::to_string(MAX_CELLS_OF_A_KIND) + " " + kind + " cells");
    }
    cell->SetNumber(static_cast<uint32_t>(before));
    m_cells.push_back(std::move(cell));
    m_cellUsers.push_back(users);
    m_guests.push_back(std::move(guests));
}

int
InferenceRun::Run()
{
    NS_LOG_FUNCTION(this);
    PlanUsers();
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
    InstallRunOutputs(m_traces, GetCells(), *m_backhaul);
    m_link.SetRedraw([this] { AssignStreams(); });
    m_link.SetEpisodeEnd([this] { m_ledger->RecordOpen(); });
    m_link.SetLastLook([this] { m_observation->Fill(); });
    m_link.BeginWarmup([this] { PrepareWarmup(); });
    WarmUp();
    m_link.BeginEpisode();
    Play();
    Simulator::Destroy();
    return 0;
}

void
InferenceRun::PrepareWarmup()
{
    NS_LOG_FUNCTION(this);
    // Minstrel's tables of what to try are random as well, and stay for the episode.
    int64_t block = FIRST_WARMUP_BLOCK;
    for (const auto& cell : m_cells)
    {
        cell->DrawPlaces(block++ * STREAM_BLOCK);
        cell->AssignStreams(block++ * STREAM_BLOCK);
    }
}

void
InferenceRun::WarmUp()
{
    NS_LOG_FUNCTION(this);
    std::vector<AccessCell*> cells;
    for (const auto& cell : m_cells)
    {
        cells.push_back(cell.get());
    }
    tandem::WarmUp(cells);
    // Only now, so that TCP measures its round trips in a quiet network.
    Time start;
    for (const ObservedUser& user : m_users)
    {
        Simulator::Schedule(start, &InferenceClient::Connect, user.client);
        start += CONNECT_SPACING;
    }
    if (!RunUntil(start, [this] { return CountUnready() == 0; }))
    {
        ReportUnready();
    }
}

size_t
InferenceRun::CountUnready() const
{
    size_t unready = 0;
    for (const ObservedUser& user : m_users)
    {
        unready += user.client->IsReady() ? 0 : 1;
    }
    for (const auto& cell : m_cells)
    {
        // Background stations; users that are not associated are not ready either.
        const uint32_t apart = cell->GetStationCount() - cell->CountConnected();
        unready = std::max<size_t>(unready, apart);
    }
    return unready;
}

void
InferenceRun::ReportUnready() const
{
    std::ostringstream text;
    text << CountUnready() << " stations have no connection after " << Simulator::Now().GetSeconds()
         << " s of warm-up";
    // In the tail of shadowing, or between eNBs on one carrier, a station may be out of reach: that
    // is a result, not a mistake.
    const bool expected = std::any_of(m_cells.begin(), m_cells.end(), [](const auto& cell) {
        return cell->MayLoseStations();
    });
    NS_ABORT_MSG_UNLESS(expected, text.str() << "; are they in range of the cell?");
    std::cerr << "tandem: " << text.str()
              << ": shadowing or interference puts them out of reach, and their requests will time "
                 "out\n";
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
    for (const auto& server : m_servers)
    {
        assign(*server);
    }
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
    for (const auto& server : m_servers)
    {
        server->BeginEpisode();
    }
    m_observation->BeginEpisode();
    for (const auto& trace : m_linkTraces)
    {
        Simulator::Schedule(Seconds(m_config.settleS), &TraceQueueDisc::Begin, trace);
    }
    m_loop->Start(Seconds(m_config.settleS));
    Simulator::Run();
}

} // namespace ns3::tandem
