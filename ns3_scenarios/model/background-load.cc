// SPDX-License-Identifier: GPL-2.0-only
#include "model/background-load.h"

#include "model/core-pool.h"

#include "ns3/double.h"
#include "ns3/log.h"
#include "ns3/simulator.h"

#include <limits>

namespace ns3::tandem
{

NS_LOG_COMPONENT_DEFINE("TandemBackgroundLoad");

namespace
{

constexpr double INFINITE = std::numeric_limits<double>::infinity();
constexpr double SHORTEST_JOB_S = 1e-4; //!< below this the events cost more than they tell

} // namespace

void
BackgroundLoadConfig::Declare(Arguments& arguments)
{
    arguments.Add("quietLoad",
                  "mean share of the site's cores that background jobs use in the quiet state",
                  quietUtilisation,
                  Range(0, 1));
    arguments.Add("busyLoad",
                  "mean share of the site's cores that background jobs use in the busy state",
                  busyUtilisation,
                  Range(0, 1));
    arguments.Add("loadDwell",
                  "mean time that the site's background load stays in a state",
                  dwellS,
                  Range(SHORTEST_JOB_S, INFINITE, "s"));
    arguments.Add("jobTime",
                  "mean service time of a background job at the site, on one core",
                  jobS,
                  Range(SHORTEST_JOB_S, INFINITE, "s"));
}

void
BackgroundLoadConfig::AddArguments(CommandLine& cmd, const std::string& site)
{
    Arguments arguments(cmd, site);
    Declare(arguments);
}

void
BackgroundLoadConfig::Check(const std::string& site) const
{
    CheckDeclared(*this, site);
}

BackgroundLoad::BackgroundLoad(const BackgroundLoadConfig& config, CorePool& cores)
    : m_config(config),
      m_cores(cores),
      m_state(CreateObject<UniformRandomVariable>()),
      m_dwell(CreateObject<ExponentialRandomVariable>()),
      m_gap(CreateObject<ExponentialRandomVariable>()),
      m_service(CreateObject<ExponentialRandomVariable>())
{
    m_dwell->SetAttribute("Mean", DoubleValue(config.dwellS));
    m_gap->SetAttribute("Mean", DoubleValue(1.0)); // scaled by the rate of the state
    m_service->SetAttribute("Mean", DoubleValue(config.jobS));
}

BackgroundLoad::~BackgroundLoad()
{
    m_switch.Cancel();
    m_arrival.Cancel();
}

int64_t
BackgroundLoad::AssignStreams(int64_t first)
{
    NS_LOG_FUNCTION(this << first);
    m_state->SetStream(first);
    m_dwell->SetStream(first + 1);
    m_gap->SetStream(first + 2);
    m_service->SetStream(first + 3);
    return 4;
}

void
BackgroundLoad::Start()
{
    NS_LOG_FUNCTION(this);
    if (m_config.quietUtilisation <= 0 && m_config.busyUtilisation <= 0)
    {
        return;
    }
    // Both states last equally long on average, so this is the stationary distribution.
    m_busy = m_state->GetValue() < 0.5;
    m_switch = Simulator::Schedule(Seconds(m_dwell->GetValue()), &BackgroundLoad::Switch, this);
    ScheduleArrival();
}

void
BackgroundLoad::Switch()
{
    NS_LOG_FUNCTION(this << m_busy);
    m_busy = !m_busy;
    m_switch = Simulator::Schedule(Seconds(m_dwell->GetValue()), &BackgroundLoad::Switch, this);
    // The exponential distribution has no memory: the next arrival may be drawn anew.
    m_arrival.Cancel();
    ScheduleArrival();
}

void
BackgroundLoad::ScheduleArrival()
{
    const double utilisation = m_busy ? m_config.busyUtilisation : m_config.quietUtilisation;
    const double rate = utilisation * m_cores.GetCores() / m_config.jobS;
    if (rate > 0)
    {
        m_arrival =
            Simulator::Schedule(Seconds(m_gap->GetValue() / rate), &BackgroundLoad::Arrive, this);
    }
}

void
BackgroundLoad::Arrive()
{
    NS_LOG_FUNCTION(this);
    m_cores.Submit(Seconds(m_service->GetValue()), true, nullptr, nullptr);
    ScheduleArrival();
}

bool
BackgroundLoad::IsBusy() const
{
    return m_busy;
}

} // namespace ns3::tandem
