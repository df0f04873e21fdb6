// SPDX-License-Identifier: GPL-2.0-only
/**
 * @file
 * A scenario that simulates nothing: what is left is the cost of the bridge. `tandem bench` and
 * tests of the bridge use it.
 *
 *     echo --values=16 --epochs=1000
 *
 * --workUs stands for an epoch that takes that long to simulate.
 * --crashAt, --crashAbove, --segvAt, --exitAt and --hangAt make the process fail, --terminateAt,
 * --stopAt and --drainAt end the episode, --printLines has it print, to test who notices.
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
#include <iostream>
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

/** Not inlined, so that a call stack has its name. */
[[gnu::noinline]] void
Overwrite(volatile int* target)
{
    *target = 1;
}

/** Calls itself until the stack is full. */
[[gnu::noinline]] int
Overflow(volatile int* depth)
{
    ++*depth;
    return Overflow(depth) + *depth;
}

int
main(int argc, char* argv[])
{
    uint32_t values = 16;
    uint32_t choices = 0;
    uint32_t changing = 0;
    uint32_t rows = 0;
    double workUs = 0.0;
    uint32_t printLines = 0;
    double crashAbove = 0.0;
    int64_t crashAt = -1;
    int64_t segvAt = -1;
    bool overflow = false;
    int64_t exitAt = -1;
    int32_t exitStatus = 7;
    int64_t hangAt = -1;
    int64_t terminateAt = -1;
    int64_t stopAt = -1;
    int64_t drainAt = -1;
    constexpr double ANY = std::numeric_limits<double>::max();
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
    arguments.Add("changing",
                  "how many values, the last ones, are others at each decision",
                  changing,
                  count);
    arguments.Add("rows", "records reported per epoch", rows, count);
    arguments.Add("workUs",
                  "how long each epoch keeps the processor busy",
                  workUs,
                  Range(0, MAX_WORK_US, "us"));
    arguments.Add("printLines", "lines printed per epoch", printLines, count);
    arguments.Add("crashAbove",
                  "an action whose first value exceeds this aborts the process; 0: none does",
                  crashAbove,
                  Range(0, std::numeric_limits<double>::infinity()));
    arguments.Add("segvAt",
                  "epoch at which the process writes where it must not; -1: never",
                  segvAt,
                  epoch);
    arguments.Add("overflow", "whether that happens by filling the stack", overflow);
    arguments.Add("terminateAt",
                  "epoch at which the scenario terminates; -1: never",
                  terminateAt,
                  epoch);
    arguments.Add("stopAt", "epoch at which it only stops ns-3; -1: never", stopAt, epoch);
    arguments.Add("drainAt",
                  "epoch after which nothing is left to simulate; -1: never",
                  drainAt,
                  epoch);
    arguments.Add("crashAt", "epoch at which the process aborts; -1: never", crashAt, epoch);
    arguments.Add("exitAt", "epoch at which the process exits; -1: never", exitAt, epoch);
    arguments.Add("exitStatus", "its exit status then", exitStatus, Range(0, 255));
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
    if (changing > values)
    {
        Fail("--changing=" + std::to_string(changing) + " exceeds the " + std::to_string(values) +
             " --values; give at most as many");
    }
    std::vector<double> echoed(values, 0.0);
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
        for (uint32_t i = 0; i < printLines; ++i)
        {
            std::cout << "line " << i << " of decision " << now << '\n';
        }
        while (now == hangAt)
        {
            pause();
        }
        if (now == segvAt)
        {
            volatile int depth = 0;
            overflow ? static_cast<void>(Overflow(&depth)) : Overwrite(nullptr);
        }
        if (now == exitAt)
        {
            std::exit(exitStatus);
        }
        Work(workUs);
        for (uint32_t i = 0; i < rows; ++i)
        {
            table->Begin();
            table->SetInt(0, now);
            table->Set(1, i);
            table->End();
        }
        if (now == terminateAt)
        {
            link.Terminate();
        }
        if (now == stopAt)
        {
            Simulator::Stop();
        }
        if (now == drainAt || now == stopAt)
        {
            return;
        }
        if (!link.Decide())
        {
            Simulator::Stop();
            return;
        }
        NS_ABORT_MSG_IF(crashAbove > 0 && action->GetReal(0) > crashAbove,
                        "told to crash above " << crashAbove << ", got " << action->GetReal(0));
        std::copy_n(action->GetReals(), choices, echoed.begin());
        std::fill(echoed.end() - changing, echoed.end(), static_cast<double>(now));
        sight->Assign(echoed.data());
        Simulator::ScheduleNow(play);
    };
    link.BeginEpisode();
    Simulator::ScheduleNow(play);
    Simulator::Run();
    Simulator::Destroy();
    return 0;
}
