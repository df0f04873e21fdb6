// SPDX-License-Identifier: GPL-2.0-only
/**
 * @file
 * Power control by an agent: two small LTE cells share a carrier, and each serves a UE of its own
 * that moves among them. At each decision every cell is given a transmit power.
 *
 *     lte-power --policy=yield --requests=ues.csv
 *     lte-power --policy=full
 *     lte-power --cells=3 --ues=2 --epochs=200
 *     lte-power --help                         lists every argument
 *
 * The policy `full` (the default) uses the full power of every cell. With `yield` a cell uses less
 * if its own UE is much nearer to it than to the other cell. Table `ues`: a row per UE and
 * decision.
 */
#include "access/lte/lte-small-cells.h"
#include "access/warm-up.h"
#include "agent-link/agent-link.h"
#include "agent-link/argument-check.h"
#include "agent-link/seen-and-recorded.h"

#include "ns3/command-line.h"
#include "ns3/simulator.h"

#include <algorithm>
#include <string>
#include <vector>

using namespace ns3;
using namespace ns3::tandem;

namespace
{

constexpr int32_t LAST_CHOICE = 6; //!< full power; each choice below has POWER_STEP_DB less
constexpr double POWER_STEP_DB = 6;
constexpr double SPARE_DB = 20;        //!< a cell that is so much nearer than others yields
constexpr int32_t YIELDING_CHOICE = 3; //!< of the policy `yield`
constexpr int64_t PLACE_STREAMS = 1 << 20;
constexpr int64_t WARMUP_STREAMS = 1 << 21;
const Time WARMUP = MilliSeconds(50);

/** What happened to one UE in one epoch. */
struct UeEpoch
{
    int64_t decision;
    int64_t ue;
    int64_t cell;
    double powerDbm;
    LteDownlinkSample sample;
};

const std::vector<RecordField<UeEpoch>> UE_NUMBERS{
    {"decision", "", "decision, from 0",   [](const UeEpoch& u) { return u.decision; }},
    {"ue",       "", "number of the UE",   [](const UeEpoch& u) { return u.ue; }      },
    {"cell",     "", "number of its cell", [](const UeEpoch& u) { return u.cell; }    },
};

const std::vector<ObservationField<UeEpoch>> UE_FIELDS{
    {{"throughput_bps", "bit/s", 0, 1e9, "received without error"},
     [](const UeEpoch& u) { return u.sample.throughputBps; }              },
    {{"sinr_db", "dB", -50, 100, "signal to interference and noise"},
     [](const UeEpoch& u) { return u.sample.sinrDb; }                     },
    {{"serving_loss_db", "dB", 0, 300, "path loss to its own cell at the end"},
     [](const UeEpoch& u) { return u.sample.servingLossDb; }              },
    {{"other_loss_db", "dB", 0, 300, "path loss to the nearest other cell at the end"},
     [](const UeEpoch& u) { return u.sample.otherLossDb; }                },
    {{"power_dbm", "dBm", -200, 100, "transmit power of its cell"},
     [](const UeEpoch& u) { return u.powerDbm; }                          },
    {{"errors", "", 0, 1e6, "transport blocks received with errors"},
     [](const UeEpoch& u) { return static_cast<double>(u.sample.errors); }},
};

/** Tells of the UEs, asks for powers, and so on every epoch. */
class PowerLoop
{
  public:
    PowerLoop(AgentLink& link, LteSmallCells& cells, const LteSmallCellsConfig& config, Time epoch)
        : m_link(link),
          m_cells(cells),
          m_epoch(epoch),
          m_powersDbm(config.cells, config.maxPowerDbm),
          m_seen(cells.GetUeCount()),
          m_maxPowerDbm(config.maxPowerDbm),
          m_observation(link,
                        "ues",
                        m_seen.size(),
                        UE_FIELDS,
                        config.uesPerCell == 1 ? "cell" : "ue"),
          m_power(link.AddAction("power", {config.cells}, 0, LAST_CHOICE, "cell")),
          m_ues(link, "ues", RecordWhatIsSeen(UE_NUMBERS, UE_FIELDS))
    {
        std::string powers;
        for (int32_t choice = 0; choice <= LAST_CHOICE; ++choice)
        {
            powers += (powers.empty() ? "[" : ", ") + std::to_string(GetPowerDbm(choice));
        }
        link.SetMeta("powers_dbm", powers + "]");
        link.SetLastLook([this] { Report(); });
        link.SetPolicy("full", [this] { Play(&PowerLoop::UseAll); });
        link.SetPolicy("yield", [this] { Play(&PowerLoop::Yield); });
    }

    void Decide()
    {
        Report();
        if (!m_link.Decide())
        {
            Simulator::Stop();
            return;
        }
        for (uint32_t cell = 0; cell < m_powersDbm.size(); ++cell)
        {
            m_powersDbm[cell] = GetPowerDbm(m_power->Get(cell));
            m_cells.SetPower(cell, m_powersDbm[cell]);
        }
        Simulator::Schedule(m_epoch, &PowerLoop::Decide, this);
    }

  private:
    void Report()
    {
        const int64_t decision = static_cast<int64_t>(m_link.GetEpoch()) - 1;
        for (uint32_t i = 0; i < m_seen.size(); ++i)
        {
            const uint32_t cell = m_cells.GetCellOf(i);
            m_seen[i] = {decision, i, cell, m_powersDbm[cell], m_cells.Take(i)};
            m_observation.Fill(i, m_seen[i]);
        }
        if (decision >= 0)
        {
            std::for_each(m_seen.begin(), m_seen.end(), [this](const auto& u) { m_ues.Add(u); });
        }
    }

    double GetPowerDbm(int32_t choice) const
    {
        return m_maxPowerDbm - POWER_STEP_DB * (LAST_CHOICE - choice);
    }

    /** Let a rule choose for every cell. */
    void Play(int32_t (PowerLoop::*rule)(uint32_t) const)
    {
        for (uint32_t cell = 0; cell < m_powersDbm.size(); ++cell)
        {
            m_power->Set(cell, (this->*rule)(cell));
        }
    }

    int32_t UseAll(uint32_t) const
    {
        return LAST_CHOICE;
    }

    int32_t Yield(uint32_t cell) const
    {
        const bool isSpare = std::all_of(m_seen.begin(), m_seen.end(), [cell](const UeEpoch& u) {
            return u.cell != cell || u.sample.otherLossDb - u.sample.servingLossDb > SPARE_DB;
        });
        return isSpare ? YIELDING_CHOICE : LAST_CHOICE;
    }

    AgentLink& m_link;
    LteSmallCells& m_cells;
    Time m_epoch;
    std::vector<double> m_powersDbm; //!< of each cell, now
    std::vector<UeEpoch> m_seen;
    double m_maxPowerDbm;
    TypedObservation<UeEpoch> m_observation;
    ActionBlock* m_power;
    TypedRecords<UeEpoch> m_ues;
};

} // namespace

int
main(int argc, char* argv[])
{
    AgentLink link("lte-power");
    LteSmallCellsConfig config;
    double epochS = 0.05;
    CommandLine cmd(__FILE__);
    cmd.Usage("Small LTE cells on one carrier whose transmit powers an agent sets.");
    Arguments arguments(cmd);
    config.Declare(arguments);
    arguments.Add("epoch", "time between decisions", epochS, Range(0.001, 100, "s"));
    link.AddArguments(cmd);
    cmd.Parse(argc, argv);

    LteSmallCells cells(config);
    cells.Build();
    PowerLoop loop(link, cells, config, Seconds(epochS));
    const auto redraw = [&cells] { cells.AssignStreams(0); };
    link.SetRedraw(redraw);
    link.BeginWarmup([&cells] {
        cells.DrawPlaces(PLACE_STREAMS);
        cells.AssignStreams(WARMUP_STREAMS);
    });
    if (!RunUntil(WARMUP, [&cells] { return cells.CountConnected() == cells.GetUeCount(); }))
    {
        Fail("only " + std::to_string(cells.CountConnected()) + " of " +
             std::to_string(cells.GetUeCount()) +
             " UEs are connected after the warm-up; give less roam or more maxPower");
    }
    link.BeginEpisode();
    redraw();
    Simulator::ScheduleNow(&PowerLoop::Decide, &loop);
    Simulator::Run();
    Simulator::Destroy();
    return 0;
}
