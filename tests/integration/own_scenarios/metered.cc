// SPDX-License-Identifier: MIT
/** @file A scenario that uses a contrib module: each decision sends as many packets as it says. */
#include "agent-link/agent-link.h"

#include "ns3/command-line.h"
#include "ns3/meter-module.h"
#include "ns3/node-container.h"
#include "ns3/packet.h"
#include "ns3/point-to-point-helper.h"
#include "ns3/simulator.h"
#include "ns3/uinteger.h"

using namespace ns3;
using namespace ns3::tandem;

int
main(int argc, char* argv[])
{
    AgentLink link("metered");
    CommandLine cmd(__FILE__);
    link.AddArguments(cmd);
    cmd.Parse(argc, argv);
    auto* seen = link.AddObservation("seen",
                                     {
                                         1
    },
                                     {{"sent", "", 0, 1e6, "what the meter shows"}});
    auto* action = link.AddAction("packets", {1}, 0, 9);
    NodeContainer nodes(2);
    const auto devices = PointToPointHelper().Install(nodes);
    PacketMeterHelper helper;
    helper.SetAttribute("Factor", UintegerValue(2));
    const auto meter = helper.Install(devices.Get(0));
    link.BeginEpisode();
    do
    {
        seen->Set(0, 0, meter->GetCount());
        if (!link.Decide())
        {
            break;
        }
        for (int i = 0; i < action->Get(0); ++i)
        {
            devices.Get(0)->Send(Create<Packet>(100), devices.Get(1)->GetAddress(), 0x0800);
        }
        Simulator::Run();
    } while (true);
    Simulator::Destroy();
    return 0;
}
