// SPDX-License-Identifier: GPL-2.0-only
/**
 * @file
 * A scenario that simulates nothing: what is left is the cost of the bridge. `tandem bench` and
 * tests of the bridge use it.
 *
 *     echo --values=16 --epochs=1000
 *
 * --workUs stands for an epoch that takes that long to simulate.
 * --crashAt, --exitAt and --hangAt make the process fail at an epoch, to test who notices.
 */
#include "agent-link/agent-link.h"
#include "agent-link/argument-check.h"

#include "ns3/abort.h"
#include "ns3/command-line.h"
#include "ns3/simulator.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <limits>
#include <unistd.h>
#include <vector>

using namespace ns3;
using namespace ns3::tandem;

namespace
{

constexpr double MAX_COUNT = 1e7;
constexpr double MAX_WORK_US = 1e9;

/** Keep the processor busy. */
void
Work(double us)
{
    using Clock = std::chrono::steady_clock;
    if (us <= 0.0)
    {
        return;
    }
    const auto end = Clock::now() + std::chrono::duration_cast<Clock::duration>(
                                        std::chrono::duration<double, std::micro>(us));
    while (Clock::now() < end)
    {
    }
}

} // namespace

int
main(int argc, char* argv[])
{
    uint32_t values = 16;
    uint32_t choices = 0;
    uint32_t rows = 0;
    double workUs = 0.0;
    int64_t crashAt = -1;
    int64_t exitAt = -1;
    int64_t hangAt = -1;
    AgentLink link("echo");
    CommandLine cmd(__FILE__);
    Arguments arguments(cmd);
    const Range count(0, MAX_COUNT);
    const Range epoch(-1, std::numeric_limits<double>::infinity());
    arguments.Add("values",
                  "number of float64 values in the observation",
                  values,
                  Range(1, MAX_COUNT, "values"));
    arguments.Add("choices", "number of float64 values in the action; 0: as many", choices, count);
    arguments.Add("rows", "records reported per epoch", rows, count);
    arguments.Add("workUs",
                  "how long each epoch keeps the processor busy",
                  workUs,
                  Range(0, MAX_WORK_US, "us"));
    arguments.Add("crashAt", "epoch at which the process aborts; -1: never", crashAt, epoch);
    arguments.Add("exitAt",
                  "epoch at which the process exits with status 7; -1: never",
                  exitAt,
                  epoch);
    arguments.Add("hangAt",
                  "epoch at which the process stands still for ever; -1: never",
                  hangAt,
                  epoch);
    link.AddArguments(cmd);
    cmd.Parse(argc, argv);

    choices = choices == 0 ? values : choices;
    if (choices > values)
    {
        Fail("--choices=" + std::to_string(choices) + " exceeds the " + std::to_string(values) +
             " --values that echo them; give at most as many");
    }
    std::vector<double> echoed(values, 0.0);
    constexpr double ANY = std::numeric_limits<double>::max();
    auto* sight = link.AddObservation("values",
                                      {
                                          values
    },
                                      {{"value", "", -ANY, ANY, "an echo"}});
    auto* action = link.AddRealAction("values", {choices}, -ANY, ANY);
    auto* table =
        rows == 0
            ? nullptr
            : link.AddRecords("rows",
                              {
                                  {"decision", RecordColumn::INT64,   "", "decision of the row"},
                                  {"value",    RecordColumn::FLOAT64, "", "number of the row"  }
    });
    link.SetPolicy([&](ActionBlock* block) {
        for (uint32_t i = 0; i < choices; ++i)
        {
            block->SetReal(i, i);
        }
    });
    std::function<void()> play = [&] {
        const int64_t now = link.GetEpoch();
        NS_ABORT_MSG_IF(now == crashAt, "told to crash at epoch " << now);
        if (now == exitAt)
        {
            std::exit(7);
        }
        while (now == hangAt)
        {
            pause();
        }
        Work(workUs);
        for (uint32_t i = 0; i < rows; ++i)
        {
            table->Begin();
            table->SetInt(0, now);
            table->Set(1, i);
            table->End();
        }
        if (!link.Decide())
        {
            Simulator::Stop();
            return;
        }
        std::copy_n(action->GetReals(), choices, echoed.begin());
        sight->Assign(echoed.data());
        Simulator::ScheduleNow(play);
    };
    link.BeginEpisode();
    Simulator::ScheduleNow(play);
    Simulator::Run();
    Simulator::Destroy();
    return 0;
}
