// SPDX-License-Identifier: GPL-2.0-only
/**
 * @file
 * Channel access by an agent: two 802.11ax networks share a channel, and half of a network's
 * stations are hidden from the other half. At each decision every AP is given the contention window
 * of its network and the size from which frames are preceded by RTS and CTS.
 *
 *     wifi-contention --policy=crowd --requests=stations.csv
 *     wifi-contention --policy=standard
 *     wifi-contention --aps=1 --stations=10 --payload=1000 --epochs=200
 *     wifi-contention --help                      lists every argument
 *
 * The policy `standard` (the default) is a window of 15 and no RTS. With `crowd` it is a window of
 * 127 and RTS where more than one station has data. Table `stations`: a row per decision and
 * station that had data.
 */
#include "access/warm-up.h"
#include "access/wifi/wifi-neighbours.h"
#include "agent-link/agent-link.h"
#include "agent-link/argument-check.h"
#include "agent-link/typed-observation.h"
#include "agent-link/typed-records.h"

#include "ns3/command-line.h"
#include "ns3/simulator.h"

#include <iterator>
#include <string>
#include <vector>

using namespace ns3;
using namespace ns3::tandem;

namespace
{

constexpr uint32_t WINDOWS[] = {3, 7, 15, 31, 63, 127};
constexpr uint32_t RTS_THRESHOLDS[] = {4692480, 0}; //!< bytes: no frame, every frame
constexpr int32_t LAST_WINDOW = std::size(WINDOWS) - 1;
constexpr int32_t LAST_THRESHOLD = std::size(RTS_THRESHOLDS) - 1;

/** Choices of a network. */
struct Access
{
    int32_t window;
    int32_t rts;
};

constexpr Access STANDARD{2, 0}; //!< of the policies where few have data
constexpr Access IN_RUSH{LAST_WINDOW, LAST_THRESHOLD};
const Time WARMUP = Seconds(1);

/** What happened to one station in one epoch. */
struct StationEpoch
{
    int64_t decision;
    int64_t ap;
    int64_t station;
    WifiStationTally tally;
};

const std::vector<RecordField<StationEpoch>> STATION_FIELDS{
    {"decision",       "", "decision, from 0",                        [](const StationEpoch& s) { return s.decision; }},
    {"ap",             "", "number of its AP",                        [](const StationEpoch& s) { return s.ap; }      },
    {"station",        "", "number of the station",                   [](const StationEpoch& s) { return s.station; } },
    {"throughput_bps",
     "bit/s",              "payload that reached the AP",
     [](const StationEpoch& s) { return s.tally.throughputBps; }                                                      },
    {"timeouts",
     "",                   "frames sent without an answer, also RTS",
     [](const StationEpoch& s) { return static_cast<int64_t>(s.tally.timeouts); }                                     },
};

/** What an AP knows of its network. */
struct ApEpoch
{
    double active{0};
    double throughputBps{0};
    double timeouts{0};
    double window{0};
    double rts{0};
};

const std::vector<ObservationField<ApEpoch>> AP_FIELDS{
    {{"active_stations", "", 0, 64, "stations that have data now"},
     [](const ApEpoch& a) { return a.active; }                                                                      },
    {{"throughput_bps", "bit/s", 0, 1e9, "payload received"},
     [](const ApEpoch& a) { return a.throughputBps; }                                                               },
    {{"timeouts", "", 0, 1e6, "frames of its stations without an answer"},
     [](const ApEpoch& a) { return a.timeouts; }                                                                    },
    {{"window", "slots", 0, 1023, "contention window"},                    [](const ApEpoch& a) { return a.window; }},
    {{"rts", "", 0, 1, "whether frames are preceded by RTS and CTS"},
     [](const ApEpoch& a) { return a.rts; }                                                                         },
};

/** Tells of the networks, asks how they shall contend, and so on every epoch. */
class ContentionLoop
{
  public:
    ContentionLoop(AgentLink& link, WifiNeighbours& networks, uint32_t aps, Time epoch)
        : m_link(link),
          m_networks(networks),
          m_epoch(epoch),
          m_seen(aps),
          m_observation(link, "aps", aps, AP_FIELDS, "ap"),
          m_access(link.AddAction("access",
                                  {
                                      aps,
                                      2
    },
                                  {{"window", "", 0, LAST_WINDOW, "which contention window"},
                                   {"rts", "", 0, LAST_THRESHOLD, "1: RTS before every frame"}},
                                  "ap")),
          m_stations(link, "stations", STATION_FIELDS)
    {
        std::string windows;
        for (const uint32_t slots : WINDOWS)
        {
            windows += (windows.empty() ? "[" : ", ") + std::to_string(slots);
        }
        link.SetMeta("windows_slots", windows + "]");
        link.SetLastLook([this] { Report(); });
        link.SetPolicy("standard", [this] { Play(STANDARD); });
        link.SetPolicy("crowd", [this] { Play(IN_RUSH); });
    }

    void Begin()
    {
        m_networks.Start();
        Decide();
    }

  private:
    /** The standard's access where one station of a network has data, another where more have. */
    void Play(Access inRush)
    {
        for (uint32_t ap = 0; ap < m_seen.size(); ++ap)
        {
            const Access access = m_seen[ap].active > 1 ? inRush : STANDARD;
            m_access->Set(2 * ap, access.window);
            m_access->Set(2 * ap + 1, access.rts);
        }
    }

    void Decide()
    {
        Report();
        if (!m_link.Decide())
        {
            Simulator::Stop();
            return;
        }
        for (uint32_t ap = 0; ap < m_seen.size(); ++ap)
        {
            const uint32_t window = WINDOWS[m_access->Get(ap, 0)];
            const int32_t rts = m_access->Get(ap, 1);
            m_seen[ap].window = window;
            m_seen[ap].rts = rts;
            m_networks.SetWindow(ap, window);
            m_networks.SetRtsThreshold(ap, RTS_THRESHOLDS[rts]);
        }
        Simulator::Schedule(m_epoch, &ContentionLoop::Decide, this);
    }

    void Report()
    {
        const int64_t decision = static_cast<int64_t>(m_link.GetEpoch()) - 1;
        for (ApEpoch& ap : m_seen)
        {
            ap = {0, 0, 0, ap.window, ap.rts};
        }
        for (uint32_t i = 0; i < m_networks.GetStationCount(); ++i)
        {
            const StationEpoch station{decision, m_networks.GetApOf(i), i, m_networks.Take(i)};
            ApEpoch& ap = m_seen[station.ap];
            ap.throughputBps += station.tally.throughputBps;
            ap.timeouts += station.tally.timeouts;
            if (decision >= 0 && m_networks.IsActive(i))
            {
                m_stations.Add(station);
            }
        }
        m_networks.DrawActive(m_epoch);
        for (uint32_t i = 0; i < m_networks.GetStationCount(); ++i)
        {
            m_seen[m_networks.GetApOf(i)].active += m_networks.IsActive(i) ? 1 : 0;
        }
        for (uint32_t ap = 0; ap < m_seen.size(); ++ap)
        {
            m_observation.Fill(ap, m_seen[ap]);
        }
    }

    AgentLink& m_link;
    WifiNeighbours& m_networks;
    Time m_epoch;
    std::vector<ApEpoch> m_seen;
    TypedObservation<ApEpoch> m_observation;
    ActionBlock* m_access;
    TypedRecords<StationEpoch> m_stations;
};

} // namespace

int
main(int argc, char* argv[])
{
    AgentLink link("wifi-contention");
    WifiNeighboursConfig config;
    double epochS = 0.02;
    CommandLine cmd(__FILE__);
    cmd.Usage(
        "802.11ax networks on one channel, with hidden stations; an agent sets how they contend.");
    Arguments arguments(cmd);
    config.Declare(arguments);
    arguments.Add("epoch", "time between decisions", epochS, Range(0.001, 100, "s"));
    link.AddArguments(cmd);
    cmd.Parse(argc, argv);

    WifiNeighbours networks(config);
    networks.Build();
    ContentionLoop loop(link, networks, config.aps, Seconds(epochS));
    const uint32_t stations = networks.GetStationCount();
    if (!RunUntil(WARMUP, [&] { return networks.CountAssociated() == stations; }))
    {
        Fail(
            "only " + std::to_string(networks.CountAssociated()) + " of " +
            std::to_string(stations) +
            " stations are associated after the warm-up; give less --distance or fewer --stations");
    }
    const auto redraw = [&networks] { networks.AssignStreams(0); };
    link.SetRedraw(redraw);
    link.BeginEpisode();
    redraw();
    Simulator::ScheduleNow(&ContentionLoop::Begin, &loop);
    Simulator::Run();
    Simulator::Destroy();
    return 0;
}
