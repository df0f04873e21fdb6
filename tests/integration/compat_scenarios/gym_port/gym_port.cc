// SPDX-License-Identifier: MIT
// A scenario in the style of ns3-gym: callbacks, a port, and simSeed.

#include <ns3/core-module.h>
#include <ns3/opengym-module.h>

using namespace ns3;

namespace
{
uint32_t g_last = 0;

Ptr<OpenGymSpace>
GetActionSpace()
{
    return CreateObject<OpenGymDiscreteSpace>(4);
}

Ptr<OpenGymSpace>
GetObservationSpace()
{
    const std::vector<uint32_t> shape{2};
    return CreateObject<OpenGymBoxSpace>(0, 1e6, shape, TypeNameGet<uint64_t>());
}

Ptr<OpenGymDataContainer>
GetObservation()
{
    // The shape is not told, as in many a scenario; the space's holds.
    auto box = CreateObject<OpenGymBoxContainer<uint64_t>>();
    box->AddValue(g_last);
    box->AddValue(RngSeedManager::GetRun());
    return box;
}

bool
ExecuteActions(Ptr<OpenGymDataContainer> action)
{
    g_last = DynamicCast<OpenGymDiscreteContainer>(action)->GetValue();
    return true;
}

void
Step(Ptr<OpenGymInterface> gym)
{
    Simulator::Schedule(Seconds(0.1), &Step, gym);
    gym->NotifyCurrentState();
}
} // namespace

int
main(int argc, char* argv[])
{
    uint32_t openGymPort = 5555;
    uint32_t secondPort = 0;
    uint32_t simSeed = 1;
    double simTime = 0.35;
    CommandLine cmd(__FILE__);
    cmd.AddValue("openGymPort", "port of the environment", openGymPort);
    cmd.AddValue("secondPort", "port of another environment; 0: none", secondPort);
    cmd.AddValue("simSeed", "run number", simSeed);
    cmd.AddValue("simTime", "duration [s]", simTime);
    cmd.Parse(argc, argv);
    LogComponentEnable("OpenGymInterface", LOG_LEVEL_INFO); // as scenarios do
    RngSeedManager::SetRun(simSeed);
    auto gym = CreateObject<OpenGymInterface>(openGymPort);
    gym->SetGetActionSpaceCb(MakeCallback(&GetActionSpace));
    gym->SetGetObservationSpaceCb(MakeCallback(&GetObservationSpace));
    gym->SetGetObservationCb(MakeCallback(&GetObservation));
    gym->SetExecuteActionsCb(MakeCallback(&ExecuteActions));
    auto second = CreateObject<OpenGymInterface>(secondPort);
    if (secondPort != 0)
    {
        second->SetGetObservationSpaceCb(MakeCallback(&GetObservationSpace));
        second->SetGetObservationCb(MakeCallback(&GetObservation));
        second->Init();
    }
    Simulator::ScheduleNow(&Step, gym);
    Simulator::Stop(Seconds(simTime));
    Simulator::Run();
    gym->NotifySimulationEnd();
    second->NotifySimulationEnd();
    Simulator::Destroy();
    return 0;
}
