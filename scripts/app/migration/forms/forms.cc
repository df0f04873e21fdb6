// SPDX-License-Identifier: MIT
// The same little task in the three forms that ns3-ai offers: Python adds what the simulator sends.
//
//     forms --form=struct|vector|gym

#include "forms.h"

#include <ns3/ai-module.h>
#include <ns3/core-module.h>

using namespace ns3;

namespace
{

Summands g_sent;
uint32_t g_received = 0;

/// Check the last answer, make the next question.
void
Advance(uint32_t sum)
{
    NS_ABORT_MSG_UNLESS(sum == g_sent.a + g_sent.b, "Python says " << sum);
    ++g_sent.a;
    g_sent.b = g_sent.a / 2;
}

void
RunMessages(bool vector)
{
    auto* interface = Ns3AiMsgInterface::Get();
    interface->SetIsMemoryCreator(false);
    interface->SetUseVector(vector);
    interface->SetHandleFinish(true);
    auto* msg = interface->GetInterface<Summands, Sum>();
    while (true)
    {
        msg->CppSendBegin();
        const std::size_t count = vector ? msg->GetCpp2PyVector()->size() : 1;
        for (std::size_t i = 0; i < count; ++i)
        {
            (vector ? msg->GetCpp2PyVector()->at(i) : *msg->GetCpp2PyStruct()) = g_sent;
        }
        msg->CppSendEnd();
        msg->CppRecvBegin();
        const Sum sum = vector ? msg->GetPy2CppVector()->at(count - 1) : *msg->GetPy2CppStruct();
        msg->CppRecvEnd();
        Advance(sum.c);
    }
}

Ptr<OpenGymSpace>
GetObservationSpace()
{
    const std::vector<uint32_t> shape{2};
    return CreateObject<OpenGymBoxSpace>(0, 1e9, shape, TypeNameGet<uint32_t>());
}

Ptr<OpenGymSpace>
GetActionSpace()
{
    const std::vector<uint32_t> shape{1};
    return CreateObject<OpenGymBoxSpace>(0, 2e9, shape, TypeNameGet<uint32_t>());
}

Ptr<OpenGymDataContainer>
GetObservation()
{
    const std::vector<uint32_t> shape{2};
    auto box = CreateObject<OpenGymBoxContainer<uint32_t>>(shape);
    box->AddValue(g_sent.a);
    box->AddValue(g_sent.b);
    return box;
}

bool
ExecuteActions(Ptr<OpenGymDataContainer> action)
{
    g_received = DynamicCast<OpenGymBoxContainer<uint32_t>>(action)->GetValue(0);
    return true;
}

void
RunGym()
{
    auto gym = OpenGymInterface::Get();
    gym->SetGetObservationSpaceCb(MakeCallback(&GetObservationSpace));
    gym->SetGetActionSpaceCb(MakeCallback(&GetActionSpace));
    gym->SetGetObservationCb(MakeCallback(&GetObservation));
    gym->SetExecuteActionsCb(MakeCallback(&ExecuteActions));
    while (true)
    {
        gym->NotifyCurrentState();
        Advance(g_received);
    }
}

} // namespace

int
main(int argc, char* argv[])
{
    std::string form = "struct";
    CommandLine cmd(__FILE__);
    cmd.AddValue("form", "struct, vector or gym", form);
    cmd.Parse(argc, argv);
    if (form == "gym")
    {
        RunGym();
    }
    RunMessages(form == "vector");
    return 0;
}
