// SPDX-License-Identifier: GPL-2.0-only
/**
 * @file
 * Congestion control by an agent: TCP flows and cross traffic share the bottleneck of a dumbbell.
 * At each decision every flow is given the congestion window that it has until the next one.
 *
 *     tcp-bottleneck --policy=delay --requests=flows.csv
 *     tcp-bottleneck --congestion=TcpCubic          what ns-3's own TCP makes of it
 *     tcp-bottleneck --flows=4 --crossLoad=0.5 --epochs=200
 *     tcp-bottleneck --help                         lists every argument
 *
 * The policy `delay` (the default) keeps two segments of each flow in the queue, as TCP Vegas does;
 * `fixed` is a window of 8 segments. Table `flows`: a row per flow and decision; table `link`: a
 * row per decision about the bottleneck, which no sender sees.
 */
#include "agent-link/agent-link.h"
#include "agent-link/seen-and-recorded.h"
#include "model/tcp-dumbbell.h"

#include "ns3/command-line.h"
#include "ns3/simulator.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <vector>

using namespace ns3;
using namespace ns3::tandem;

namespace
{

/** Congestion windows to choose from, segments: each twice the one before. */
constexpr uint32_t WINDOWS[] = {1, 2, 4, 8, 16, 32};
constexpr int32_t LAST_CHOICE = std::size(WINDOWS) - 1;
constexpr int32_t FIXED_CHOICE = 3;   //!< of the policy `fixed`
constexpr double QUEUED_SEGMENTS = 2; //!< of each flow, by the policy `delay`

/** What happened to one flow in one epoch. */
struct FlowEpoch
{
    int64_t decision;
    int64_t flow;
    TcpFlowSample sample;
};

const std::vector<RecordField<FlowEpoch>> FLOW_NUMBERS{
    {"decision", "", "decision, from 0",   [](const FlowEpoch& f) { return f.decision; }},
    {"flow",     "", "number of the flow", [](const FlowEpoch& f) { return f.flow; }    },
};

const std::vector<ObservationField<FlowEpoch>> FLOW_FIELDS{
    {{"throughput_bps", "bit/s", 0, 1e9, "data acknowledged per time"},
     [](const FlowEpoch& f) { return f.sample.throughputBps; }                       },
    {{"rtt_s", "s", 0, 100, "mean round-trip time"},
     [](const FlowEpoch& f) { return f.sample.rttS; }                                },
    {{"base_rtt_s", "s", 0, 100, "shortest round-trip time so far"},
     [](const FlowEpoch& f) { return f.sample.baseRttS; }                            },
    {{"window_segments", "", 0, 1e6, "congestion window at the end"},
     [](const FlowEpoch& f) { return f.sample.windowSegments; }                      },
    {{"retransmissions", "", 0, 1e6, "segments sent again"},
     [](const FlowEpoch& f) { return static_cast<double>(f.sample.retransmissions); }},
};

/** What happened at the bottleneck in one epoch. */
struct LinkEpoch
{
    int64_t decision;
    BottleneckSample sample;
};

const std::vector<RecordField<LinkEpoch>> LINK_FIELDS{
    {"decision",      "", "decision, from 0",                     [](const LinkEpoch& l) { return l.decision; }    },
    {"queue_packets",
     "",                  "waiting at the end",
     [](const LinkEpoch& l) { return l.sample.queuePackets; }                                                      },
    {"drops",         "", "packets dropped",                      [](const LinkEpoch& l) { return l.sample.drops; }},
    {"cross_bps",
     "bit/s",             "rate of the cross traffic at the end",
     [](const LinkEpoch& l) { return l.sample.crossBps; }                                                          },
};

/** Tells of the flows, asks for their windows, and so on every epoch. */
class WindowLoop
{
  public:
    WindowLoop(AgentLink& link, TcpDumbbell& dumbbell, uint32_t flows, Time epoch)
        : m_link(link),
          m_dumbbell(dumbbell),
          m_epoch(epoch),
          m_seen(flows),
          m_observation(link, "flows", flows, FLOW_FIELDS, "flow"),
          m_window(link.AddAction("window", {flows}, 0, LAST_CHOICE, "flow")),
          m_flows(link, "flows", RecordWhatIsSeen(FLOW_NUMBERS, FLOW_FIELDS)),
          m_links(link, "link", LINK_FIELDS)
    {
        std::string windows;
        for (const uint32_t segments : WINDOWS)
        {
            windows += (windows.empty() ? "[" : ", ") + std::to_string(segments);
        }
        link.SetMeta("windows_segments", windows + "]");
        link.SetLastLook([this] { Report(); });
        link.SetPolicy("delay", [this] { Play(&WindowLoop::FollowDelay); });
        link.SetPolicy("fixed", [this] { Play(&WindowLoop::KeepWindow); });
    }

    void Decide()
    {
        Report();
        if (!m_link.Decide())
        {
            Simulator::Stop();
            return;
        }
        for (uint32_t i = 0; i < m_seen.size(); ++i)
        {
            m_dumbbell.SetWindow(i, WINDOWS[m_window->Get(i)]);
        }
        Simulator::Schedule(m_epoch, &WindowLoop::Decide, this);
    }

  private:
    void Report()
    {
        const int64_t decision = static_cast<int64_t>(m_link.GetEpoch()) - 1;
        const LinkEpoch bottleneck{decision, m_dumbbell.TakeBottleneck()};
        for (uint32_t i = 0; i < m_seen.size(); ++i)
        {
            m_seen[i] = {decision, i, m_dumbbell.TakeFlow(i)};
            m_observation.Fill(i, m_seen[i]);
        }
        if (decision >= 0)
        {
            std::for_each(m_seen.begin(), m_seen.end(), [this](const auto& f) { m_flows.Add(f); });
            m_links.Add(bottleneck);
        }
    }

    /** Let a rule choose for every flow. */
    void Play(int32_t (WindowLoop::*rule)(uint32_t) const)
    {
        for (uint32_t i = 0; i < m_seen.size(); ++i)
        {
            m_window->Set(i, (this->*rule)(i));
        }
    }

    int32_t KeepWindow(uint32_t) const
    {
        return FIXED_CHOICE;
    }

    /** @return the choice next to a window that keeps QUEUED_SEGMENTS of a flow in the queue */
    int32_t FollowDelay(uint32_t flow) const
    {
        const TcpFlowSample& seen = m_seen[flow].sample;
        const double inPipe = seen.windowSegments * std::min(1.0, seen.baseRttS / seen.rttS);
        const auto* next =
            std::lower_bound(std::begin(WINDOWS), std::end(WINDOWS), inPipe + QUEUED_SEGMENTS);
        return std::min<int32_t>(next - std::begin(WINDOWS), LAST_CHOICE);
    }

    AgentLink& m_link;
    TcpDumbbell& m_dumbbell;
    Time m_epoch;
    std::vector<FlowEpoch> m_seen;
    TypedObservation<FlowEpoch> m_observation;
    ActionBlock* m_window;
    TypedRecords<FlowEpoch> m_flows;
    TypedRecords<LinkEpoch> m_links;
};

} // namespace

int
main(int argc, char* argv[])
{
    AgentLink link("tcp-bottleneck");
    TcpDumbbellConfig config;
    double epochS = 0.2;
    CommandLine cmd(__FILE__);
    cmd.Usage("TCP flows whose congestion windows an agent sets, and cross traffic.");
    Arguments arguments(cmd);
    config.Declare(arguments);
    arguments.Add("epoch", "time between decisions", epochS, Range(0.001, 100, "s"));
    link.AddArguments(cmd);
    cmd.Parse(argc, argv);

    TcpDumbbell dumbbell(config);
    dumbbell.Build();
    WindowLoop loop(link, dumbbell, config.flows, Seconds(epochS));
    dumbbell.WarmUp();
    const auto redraw = [&dumbbell] { dumbbell.AssignStreams(0); };
    link.SetRedraw(redraw);
    link.BeginEpisode();
    redraw();
    Simulator::ScheduleNow(&WindowLoop::Decide, &loop);
    Simulator::Run();
    Simulator::Destroy();
    return 0;
}
