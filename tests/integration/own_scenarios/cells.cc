// SPDX-License-Identifier: MIT
/**
 * @file
 * A scenario with everything that actions can have: cells choose a channel, some of which are shut
 * at times, a power and a share; how all are served is chosen once for all.
 */
#include "agent-link/agent-link.h"

#include "ns3/command-line.h"
#include "ns3/nstime.h"
#include "ns3/random-variable-stream.h"
#include "ns3/simulator.h"

#include <algorithm>
#include <functional>
#include <vector>

using namespace ns3;
using namespace ns3::tandem;

namespace
{
constexpr int32_t CHANNELS = 4;
} // namespace

int
main(int argc, char* argv[])
{
    uint32_t cells = 3;
    double mostBacklog = 1e6;
    AgentLink link("cells");
    CommandLine cmd(__FILE__);
    Arguments arguments(cmd);
    arguments.Add("cells", "number of cells", cells, Range(1, 100, "cells"));
    arguments.Add("mostBacklog", "bound of what is seen", mostBacklog, Range(1, 1e6));
    link.AddArguments(cmd);
    cmd.Parse(argc, argv);

    auto* seen = link.AddObservation("cells",
                                     {
                                         cells,
                                         2
    },
                                     {{"backlog", "packets", 0, mostBacklog, "waiting"},
                                      {"channel", "", 0, CHANNELS, "channel in use"}},
                                     "cell");
    auto* clock = link.AddObservation("clock",
                                      {
    },
                                      {{"time", "s", 0, 1e9, "simulated time"}});
    auto* channel = link.AddAction("channel", {cells}, 0, CHANNELS - 1, "cell");
    auto* radio = link.AddRealAction(
        "radio",
        {
            cells,
            2
    },
        {{"power", "dBm", -10, 20, "transmit power"}, {"share", "", 0, 1, "of the air"}},
        "cell");
    auto* mode = link.AddAction(
        "mode",
        {
            2
    },
        {{"burst", "packets", 1, 3, "packets served at once"}, {"trend", "", -2, 5, "nothing"}});
    auto* open = link.AddActionMask(channel);
    auto* served = link.AddRecords("served",
                                   {
                                       {"decision", RecordColumn::INT64,   "",        "its number"},
                                       {"cell",     RecordColumn::INT64,   "",        "number"    },
                                       {"packets",  RecordColumn::FLOAT64, "packets", "served"    }
    });
    auto draw = CreateObject<UniformRandomVariable>();
    const auto set = [&](int32_t first, double share, int32_t burst) {
        for (uint32_t i = 0; i < cells; ++i)
        {
            channel->Set(i, (first + static_cast<int32_t>(i)) % CHANNELS);
            radio->SetReal(2 * i, 10.0);
            radio->SetReal(2 * i + 1, share);
        }
        mode->Set(0, burst);
        mode->Set(1, -1);
    };
    link.SetPolicy("steady", [&] { set(0, 0.5, 2); });
    link.SetPolicy("drawn", [&] { set(draw->GetInteger(0, CHANNELS - 1), draw->GetValue(), 3); });

    std::vector<double> waiting(cells, 0.0);
    auto arrival = CreateObject<UniformRandomVariable>();
    std::function<void()> epoch = [&] {
        for (uint32_t i = 0; i < cells; ++i)
        {
            waiting[i] += arrival->GetInteger(0, 3);
            seen->Set(i, 0, waiting[i]);
            for (int32_t c = 0; c < CHANNELS; ++c)
            {
                open->Allow(i, c, (link.GetEpoch() + c + i) % CHANNELS != 0);
            }
        }
        clock->Set(0, Simulator::Now().GetSeconds());
        if (!link.Decide())
        {
            Simulator::Stop();
            return;
        }
        for (uint32_t i = 0; i < cells; ++i)
        {
            const bool isGood = open->IsAllowed(i, channel->Get(i));
            const double packets =
                isGood ? std::min(waiting[i], mode->Get(0) * 2 * radio->GetReal(i, 1)) : 0.0;
            waiting[i] -= packets;
            seen->Set(i, 1, channel->Get(i));
            served->Begin();
            served->SetInt(0, link.GetEpoch() - 1);
            served->SetInt(1, i);
            served->Set(2, packets);
            served->End();
        }
        Simulator::Schedule(MilliSeconds(2), epoch);
    };
    const auto redraw = [&] {
        arrival->SetStream(0);
        draw->SetStream(1);
    };
    link.SetRedraw(redraw);
    link.BeginEpisode();
    redraw();
    Simulator::ScheduleNow(epoch);
    Simulator::Run();
    Simulator::Destroy();
    return 0;
}
