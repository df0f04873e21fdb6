// SPDX-License-Identifier: GPL-2.0-only
/**
 * \file
 * A diagnostic: how much goodput a cell gives to users that always have data to send, or to
 * receive.
 *
 *     saturation --users=10 --rateControl=constant:7 --ampdu=0 --epochs=1 --requests=goodput.csv
 *     saturation --cell=lte --users=4 --scheduler=rr --epochs=1 --requests=goodput.csv
 *     saturation --direction=both --standard=80211a --rateControl=constant:24 --aifsn=2
 *     saturation --help                         lists every argument
 *
 * Each epoch the agent says which users send; goodput is measured for --duration after --settle.
 * The policy `all` (the default) lets everybody send. Table `goodput`: a row per user and one for
 * all together (user = -1).
 */
#include "access/backhaul.h"
#include "access/lte/lte-cell.h"
#include "access/saturated-source.h"
#include "access/warm-up.h"
#include "access/wifi/wifi-cell.h"
#include "agent-link/agent-link.h"
#include "agent-link/argument-check.h"

#include "ns3/command-line.h"
#include "ns3/simulator.h"
#include "ns3/uinteger.h"

#include <cmath>
#include <memory>
#include <string>
#include <vector>

using namespace ns3;
using namespace ns3::tandem;

namespace
{

constexpr uint16_t SINK_PORT = 9000;
constexpr uint16_t BACKGROUND_PORT = 9100;
constexpr int64_t CELL_STREAMS = 1 << 20;
constexpr int64_t PLACE_STREAMS = 1 << 21;
constexpr int64_t WARMUP_STREAMS = 1 << 22;
constexpr int64_t EVERYBODY = -1;
constexpr double MAX_TIME_S = 1e4;
/** A backlog takes seconds to send when many share the medium: no frame is dropped for its age. */
constexpr double QUEUE_LIFETIME_S = 1000;
/** Of a packet's number in its payload. */
constexpr uint32_t NUMBER_BYTES = 4;

/** What has been counted for one user since the start. */
struct Tally
{
    uint64_t bytes{0};
    RadioCounters radio;
    uint64_t queueBytes{0}; //!< now
    uint64_t grantedBits{0};
    uint64_t grantedPrbs{0};
    uint64_t downlinkBytes{0};
    uint64_t downlinkBits{0};
};

/** The measurement loop: decide, settle, measure, report. */
class Saturation
{
  public:
    Saturation(AgentLink& link,
               AccessCell& cell,
               SaturatedSource& source,
               Time settle,
               Time duration)
        : m_link(link),
          m_cell(cell),
          m_source(source),
          m_settle(settle),
          m_duration(duration),
          m_start(cell.GetUserCount()),
          m_goodputBps(cell.GetUserCount(), 0.0)
    {
        const uint32_t users = cell.GetUserCount();
        m_observation =
            link.AddObservation("users",
                                {
                                    users,
                                    4
        },
                                {{"snr_db", "dB", -50, 100, "uplink SNR"},
                                 {"rate_bps", "bit/s", 0, 1e10, "PHY rate"},
                                 {"mcs", "", 0, 31, "MCS of the last data frame"},
                                 {"goodput_bps", "bit/s", 0, 1e10, "of the last epoch"}},
                                "user");
        m_action = link.AddAction("send", {users}, 0, 1, "user");
        const auto INT64 = RecordColumn::INT64;
        const auto FLOAT64 = RecordColumn::FLOAT64;
        m_records = link.AddRecords(
            "goodput",
            {
                {"decision",            INT64,   "",      "decision, from 0"                                      },
                {"user",                INT64,   "",      "user; -1: all users together"                          },
                {"bytes",               INT64,   "bytes", "UDP payload that reached the edge"                     },
                {"mcs",                 INT64,   "",      "MCS of the user's last data frame; -1 for all together"},
                {"mac_retransmissions", INT64,   "",      "MPDUs or HARQ blocks sent again"                       },
                {"queue_bytes",         INT64,   "bytes", "waiting in the radio queue at the end"                 },
                {"granted_prbs",        INT64,   "PRB",   "LTE: PRBs granted; WiFi: 0"                            },
                {"granted_bits",        INT64,   "bit",   "LTE: new transport blocks granted; WiFi: 0"            },
                {"duration_s",          FLOAT64, "s",     "time measured"                                         },
                {"goodput_bps",         FLOAT64, "bit/s", "UDP payload per time"                                  },
                {"airtime_s",
                 FLOAT64,                        "s",
                 "time in which the user's radio transmitted; LTE: whole subframes, shared by "
                 "users"                                                                                          },
                {"busy_fraction",       FLOAT64, "",      "medium busy or uplink PRBs used; of the cell"          },
                {"downlink_bps",        FLOAT64, "bit/s", "UDP payload that reached the user per time"            },
                {"downlink_block_bps",
                 FLOAT64,                        "bit/s",
                 "LTE: transport blocks that reached the user without error; WiFi: 0"                             }
        });
        link.SetPolicy([users](ActionBlock* action) {
            for (uint32_t i = 0; i < users; ++i)
            {
                action->Set(i, 1);
            }
        });
    }

    void Decide()
    {
        for (uint32_t i = 0; i < m_start.size(); ++i)
        {
            const RadioSample sample = m_cell.Sample(i);
            m_observation->Set(i, 0, sample.snrDb);
            m_observation->Set(i, 1, sample.rateBps);
            m_observation->Set(i, 2, sample.mcs);
            m_observation->Set(i, 3, m_goodputBps[i]);
        }
        m_epoch = m_link.GetEpoch();
        if (!m_link.Decide())
        {
            Simulator::Stop();
            return;
        }
        for (uint32_t i = 0; i < m_start.size(); ++i)
        {
            m_source.SetActive(i, m_action->Get(i) == 1);
        }
        Simulator::Schedule(m_settle, &Saturation::Start, this);
    }

  private:
    Tally Count(uint32_t i) const
    {
        Tally tally;
        tally.bytes = m_source.GetReceivedBytes(i);
        tally.downlinkBytes = m_source.GetDownlinkBytes(i);
        tally.radio = m_cell.Count(i);
        tally.queueBytes = static_cast<uint64_t>(m_cell.Sample(i).macQueueBytes);
        if (const auto* lte = dynamic_cast<const LteCell*>(&m_cell))
        {
            tally.grantedBits = lte->GetProbe(i).GetGrantedBits();
            tally.grantedPrbs = lte->GetProbe(i).GetGrantedPrbs();
            tally.downlinkBits = lte->GetProbe(i).GetReceivedBits();
        }
        return tally;
    }

    void Start()
    {
        for (uint32_t i = 0; i < m_start.size(); ++i)
        {
            m_start[i] = Count(i);
        }
        m_busyStartS = m_cell.CountCell().busyS;
        Simulator::Schedule(m_duration, &Saturation::Report, this);
    }

    void Report()
    {
        Tally all;
        const double busy = (m_cell.CountCell().busyS - m_busyStartS) / m_duration.GetSeconds();
        for (uint32_t i = 0; i < m_start.size(); ++i)
        {
            const Tally now = Count(i);
            const Tally& then = m_start[i];
            Tally tally;
            tally.bytes = now.bytes - then.bytes;
            tally.radio.txAirtimeS = now.radio.txAirtimeS - then.radio.txAirtimeS;
            tally.radio.macRetransmissions =
                now.radio.macRetransmissions - then.radio.macRetransmissions;
            tally.queueBytes = now.queueBytes;
            tally.grantedBits = now.grantedBits - then.grantedBits;
            tally.grantedPrbs = now.grantedPrbs - then.grantedPrbs;
            tally.downlinkBytes = now.downlinkBytes - then.downlinkBytes;
            tally.downlinkBits = now.downlinkBits - then.downlinkBits;
            m_goodputBps[i] = 8 * tally.bytes / m_duration.GetSeconds();
            WriteRow(i, std::lround(m_cell.Sample(i).mcs), tally, busy);

            all.bytes += tally.bytes;
            all.radio.txAirtimeS += tally.radio.txAirtimeS;
            all.radio.macRetransmissions += tally.radio.macRetransmissions;
            all.queueBytes += tally.queueBytes;
            all.grantedBits += tally.grantedBits;
            all.grantedPrbs += tally.grantedPrbs;
            all.downlinkBytes += tally.downlinkBytes;
            all.downlinkBits += tally.downlinkBits;
        }
        WriteRow(EVERYBODY, -1, all, busy);
        Decide();
    }

    void WriteRow(int64_t user, int64_t mcs, const Tally& tally, double busy)
    {
        m_records->Begin();
        size_t column = 0;
        for (const int64_t value : {static_cast<int64_t>(m_epoch),
                                    user,
                                    static_cast<int64_t>(tally.bytes),
                                    mcs,
                                    static_cast<int64_t>(tally.radio.macRetransmissions),
                                    static_cast<int64_t>(tally.queueBytes),
                                    static_cast<int64_t>(tally.grantedPrbs),
                                    static_cast<int64_t>(tally.grantedBits)})
        {
            m_records->SetInt(column++, value);
        }
        for (const double value : {m_duration.GetSeconds(),
                                   8 * tally.bytes / m_duration.GetSeconds(),
                                   tally.radio.txAirtimeS,
                                   busy,
                                   8 * tally.downlinkBytes / m_duration.GetSeconds(),
                                   tally.downlinkBits / m_duration.GetSeconds()})
        {
            m_records->Set(column++, value);
        }
        m_records->End();
    }

    AgentLink& m_link;
    AccessCell& m_cell;
    SaturatedSource& m_source;
    Time m_settle;
    Time m_duration;
    ObservationBlock* m_observation;
    ActionBlock* m_action;
    RecordTable* m_records;
    std::vector<Tally> m_start;
    std::vector<double> m_goodputBps;
    double m_busyStartS{0};
    uint32_t m_epoch{0};
};

} // namespace

int
main(int argc, char* argv[])
{
    std::string kind = "wifi";
    uint32_t users = 5;
    double settleS = 0.5;
    double durationS = 1.0;
    std::string direction = "uplink";
    AgentLink link("saturation");
    WireConfig wire;
    WifiCellConfig wifi;
    wifi.queueLifetimeS = QUEUE_LIFETIME_S;
    LteCellConfig lte;

    CommandLine cmd(__FILE__);
    cmd.Usage("Goodput of users that always have data to send, or to receive. --help with "
              "--cell=lte lists the arguments of the LTE cell.");
    Arguments arguments(cmd);
    arguments.Add("cell", "the access network", kind, Choices({"wifi", "lte"})).Selects();
    arguments.Add("users", "users of the cell", users, Range(1, WifiCell::MAX_STATIONS, "users"));
    arguments.Add("settle", "time before each measurement", settleS, Range(0, MAX_TIME_S, "s"));
    arguments.Add("duration",
                  "time measured in each epoch",
                  durationS,
                  Range(0.001, MAX_TIME_S, "s"));
    arguments.Add("direction",
                  "which way users always have data",
                  direction,
                  Choices({"uplink", "downlink", "both"}));
    arguments.AddAttribute("payload", "ns3::tandem::SaturatedSource::PayloadBytes", "bytes");
    arguments.AddAttribute("backlog", "ns3::tandem::SaturatedSource::BacklogBytes", "bytes");
    link.AddArguments(cmd);
    Arguments edge = arguments.WithPrefix("edge");
    wire.Declare(edge, "edge");
    arguments.ParseSelectors(argc, argv);
    const bool isLte = kind == "lte";
    if (isLte)
    {
        lte.Declare(arguments);
    }
    else
    {
        wifi.Declare(arguments);
    }
    cmd.Parse(argc, argv);
    auto source = CreateObject<SaturatedSource>();
    UintegerValue payload;
    UintegerValue backlog;
    source->GetAttribute("PayloadBytes", payload);
    source->GetAttribute("BacklogBytes", backlog);
    if (direction != "uplink" && payload.Get() < NUMBER_BYTES)
    {
        Fail("--payload=" + std::to_string(payload.Get()) +
             " bytes hold no packet number, which --direction=" + direction +
             " needs; give at least " + std::to_string(NUMBER_BYTES));
    }
    if (backlog.Get() < payload.Get())
    {
        Fail("--backlog=" + std::to_string(backlog.Get()) + " bytes are less than a packet of " +
             std::to_string(payload.Get()) + " bytes; give at least as many, or less --payload");
    }

    std::unique_ptr<AccessCell> cell;
    if (isLte)
    {
        lte.Check();
        cell = std::make_unique<LteCell>(lte);
    }
    else
    {
        wifi.Check();
        cell = std::make_unique<WifiCell>(wifi);
    }
    NodeContainer nodes;
    nodes.Create(users);
    cell->Build(nodes);
    if (direction != "uplink")
    {
        cell->WatchReception();
    }
    Backhaul backhaul({
        {"edge", wire}
    });
    backhaul.Connect(*cell);
    cell->StartBackground(backhaul.GetHost(0), backhaul.GetAddress(0, 0), BACKGROUND_PORT);
    source->Install(*cell,
                    backhaul.GetHost(0),
                    backhaul.GetAddress(0, 0),
                    SINK_PORT,
                    {direction != "downlink", direction != "uplink"});
    Saturation saturation(link, *cell, *source, Seconds(settleS), Seconds(durationS));

    for (const std::string& warning : cell->GetWarnings())
    {
        link.Warn(warning);
    }
    link.BeginWarmup([&cell] {
        cell->DrawPlaces(PLACE_STREAMS);
        cell->AssignStreams(WARMUP_STREAMS);
    });
    const uint32_t stations = cell->GetStationCount();
    if (!WarmUp({cell.get()}))
    {
        Fail("only " + std::to_string(cell->CountConnected()) + " of " + std::to_string(stations) +
             " stations are connected after the warm-up; give a smaller radius or less shadowing");
    }
    link.BeginEpisode();
    backhaul.AssignStreams(0);
    cell->AssignStreams(CELL_STREAMS);
    cell->BeginEpisode();
    Simulator::ScheduleNow(&Saturation::Decide, &saturation);
    Simulator::Run();
    Simulator::Destroy();
    return 0;
}
