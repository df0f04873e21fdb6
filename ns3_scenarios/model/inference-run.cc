// SPDX-License-Identifier: GPL-2.0-only
#include "model/inference-run.h"

#include "agent-link/argument-check.h"

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
    if (m_link.HasPolicy())
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
    m_link.SetEpisodeEnd([this] { m_ledger->RecordOpen(); });
    m_link.SetLastLook([this] { m_observation->Fill(); });
    m_link.BeginEpisode();
    Play();
    m_outputs->Finish();
    Simulator::Destroy();
    return 0;
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
