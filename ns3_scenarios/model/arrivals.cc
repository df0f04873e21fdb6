// SPDX-License-Identifier: GPL-2.0-only
#include "model/arrivals.h"

#include "access/csv-table.h"
#include "agent-link/argument-check.h"

#include "ns3/double.h"
#include "ns3/log.h"
#include "ns3/simulator.h"

namespace ns3::tandem
{

NS_LOG_COMPONENT_DEFINE("TandemArrivals");

namespace
{

constexpr double MAX_RATE_HZ = 1e4;
constexpr double MAX_JITTER_S = 1.0;
constexpr double MAX_TRACE_S = 1e6;

} // namespace

void
ArrivalConfig::Declare(Arguments& arguments)
{
    arguments.Add("arrivals",
                  "when requests arrive: sync (one per user at each decision), poisson (see "
                  "--rate; MLPerf's Server), trace (see --trace) or single (each user's next one "
                  "when its last one has ended; MLPerf's SingleStream)",
                  mode,
                  Choices({"sync", "poisson", "trace", "single"}));
    arguments
        .Add("rate",
             "arrivals=poisson: mean requests per user",
             rateHz,
             Range(0, MAX_RATE_HZ, "1/s"))
        .Unless([this] { return mode == "poisson" ? "" : Obstacle("--arrivals=poisson"); });
    arguments.AddFile("trace",
                      "arrivals=trace: CSV file with the columns time_s (since the first decision, "
                      "s) and user (from 0)",
                      traceFile);
    arguments
        .Add("arrivalJitter",
             "arrivals=sync: requests arrive within this time after a decision",
             jitterS,
             Range(0, MAX_JITTER_S, "s"))
        .Unless(
            [this] { return mode == "sync" || jitterS == 0 ? "" : Obstacle("--arrivals=sync"); });
}

std::string
ArrivalConfig::Obstacle(const std::string& needed) const
{
    return "it is used with " + needed + " only, and this is --arrivals=" + mode +
           "; leave one of the two out";
}

void
ArrivalConfig::AddArguments(CommandLine& cmd)
{
    Arguments arguments(cmd);
    Declare(arguments);
}

void
ArrivalConfig::Check() const
{
    CheckDeclared(*this);
    if (mode != "trace" && !traceFile.empty())
    {
        Fail("--trace=" + traceFile +
             " is used with --arrivals=trace only, not with --arrivals=" + mode);
    }
    if (mode == "trace" && traceFile.empty())
    {
        Fail("--arrivals=trace needs --trace=FILE, a CSV file with the columns time_s,user");
    }
}

Arrivals::Arrivals(const ArrivalConfig& config,
                   uint32_t users,
                   std::function<void(uint32_t)> onArrival)
    : m_config(config),
      m_onArrival(std::move(onArrival)),
      m_jitter(CreateObject<UniformRandomVariable>()),
      m_events(users)
{
    for (uint32_t i = 0; i < users; ++i)
    {
        m_gaps.push_back(CreateObject<ExponentialRandomVariable>());
        if (config.rateHz > 0)
        {
            m_gaps.back()->SetAttribute("Mean", DoubleValue(1.0 / config.rateHz));
        }
    }
    if (m_config.mode == "trace")
    {
        ReadTrace();
    }
}

Arrivals::~Arrivals()
{
    for (EventId& event : m_events)
    {
        event.Cancel();
    }
}

void
Arrivals::ReadTrace()
{
    const auto lastUser = static_cast<uint32_t>(m_gaps.size()) - 1;
    CsvTable csv(m_config.traceFile, {"time_s", "user"});
    while (csv.Next())
    {
        m_trace.push_back({csv.GetNumber(0, 0, MAX_TRACE_S), csv.GetCount(1, 0, lastUser)});
    }
    if (m_trace.empty())
    {
        throw CsvError(m_config.traceFile + ": has a header but no row; at least one is needed");
    }
}

bool
Arrivals::IsSynchronous() const
{
    return m_config.mode == "sync";
}

void
Arrivals::Start()
{
    NS_LOG_FUNCTION(this);
    if (m_config.mode == "poisson" && m_config.rateHz > 0)
    {
        for (uint32_t user = 0; user < m_gaps.size(); ++user)
        {
            ScheduleNext(user);
        }
    }
    if (m_config.mode == "single")
    {
        IssueAll();
    }
    for (const TraceRow& row : m_trace)
    {
        Simulator::Schedule(Seconds(row.timeS), &Arrivals::Arrive, this, row.user);
    }
}

void
Arrivals::NoteEnd(uint32_t user)
{
    NS_LOG_FUNCTION(this << user);
    if (m_config.mode == "single")
    {
        Simulator::ScheduleNow(&Arrivals::Arrive, this, user);
    }
}

void
Arrivals::ScheduleNext(uint32_t user)
{
    m_events[user] = Simulator::Schedule(Seconds(m_gaps[user]->GetValue()), [this, user] {
        Arrive(user);
        ScheduleNext(user);
    });
}

void
Arrivals::Arrive(uint32_t user)
{
    NS_LOG_FUNCTION(this << user);
    m_onArrival(user);
}

void
Arrivals::IssueAll()
{
    NS_LOG_FUNCTION(this);
    for (uint32_t user = 0; user < m_gaps.size(); ++user)
    {
        const double delay = m_jitter->GetValue(0, m_config.jitterS);
        Simulator::Schedule(Seconds(delay), &Arrivals::Arrive, this, user);
    }
}

int64_t
Arrivals::AssignStreams(int64_t first)
{
    NS_LOG_FUNCTION(this << first);
    m_jitter->SetStream(first);
    int64_t used = 1;
    for (const auto& gap : m_gaps)
    {
        gap->SetStream(first + used++);
    }
    return used;
}

} // namespace ns3::tandem
