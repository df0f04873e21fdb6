// SPDX-License-Identifier: GPL-2.0-only
/**
 * @file
 * The smallest scenario, a template for your own: N queues receive packets at random, the agent
 * chooses which one is served next.
 *
 *     hello --queues=4 --epochs=1000        runs alone, serving the queues in turn
 *     hello --help                          lists every argument
 */
#include "agent-link/agent-link.h"

#include "ns3/command-line.h"
#include "ns3/nstime.h"
#include "ns3/random-variable-stream.h"
#include "ns3/simulator.h"

#include <algorithm>
#include <functional>
#include <iostream>
#include <numeric>
#include <vector>

using namespace ns3;
using namespace ns3::tandem;

int
main(int argc, char* argv[])
{
    uint32_t queues = 4;
    double arrivalProbability = 0.2;
    AgentLink link("hello");
    CommandLine cmd(__FILE__);
    Arguments arguments(cmd); // one line per argument: name, help, variable, limits
    arguments.Add("queues", "number of queues", queues, Range(1, 4096, "queues"));
    arguments.Add("arrival",
                  "probability of an arrival per queue and epoch",
                  arrivalProbability,
                  Range(0, 1));
    link.AddArguments(cmd);
    cmd.Parse(argc, argv);

    auto* backlog = link.AddObservation("backlog",
                                        {
                                            queues
    },
                                        {{"packets", "", 0, 1e6, "packets waiting"}});
    auto* serve = link.AddAction("serve", {1}, 0, static_cast<int32_t>(queues) - 1);
    link.SetPolicy([&](ActionBlock* action) {
        action->Set(0, static_cast<int32_t>(link.GetEpoch() % queues));
    });

    auto arrival = CreateObject<UniformRandomVariable>();
    std::vector<double> waiting(queues, 0.0);
    std::function<void()> epoch = [&] {
        for (uint32_t i = 0; i < queues; ++i)
        {
            waiting[i] += arrival->GetValue() < arrivalProbability ? 1 : 0;
            backlog->Set(i, waiting[i]);
        }
        if (!link.Decide())
        {
            Simulator::Stop();
            return;
        }
        double& served = waiting[serve->Get(0)];
        served = std::max(0.0, served - 1);
        Simulator::Schedule(MilliSeconds(1), epoch);
    };

    const auto redraw = [arrival] { arrival->SetStream(0); };
    link.SetRedraw(redraw); // so that branches can try other futures
    link.BeginEpisode();
    redraw(); // draws from the episode's seed from here on
    Simulator::ScheduleNow(epoch);
    Simulator::Run();
    if (!link.HasAgent())
    {
        std::cout << "packets waiting after " << link.GetEpoch()
                  << " epochs: " << std::accumulate(waiting.begin(), waiting.end(), 0.0) << '\n';
    }
    Simulator::Destroy();
    return 0;
}
