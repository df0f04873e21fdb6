// SPDX-License-Identifier: MIT
// A scenario in the style of ns3-ai's message interface, with structs or vectors.

#include "pair.h"

#include <ns3/ai-module.h>
#include <ns3/core-module.h>

#include <cstdlib>
#include <iostream>

using namespace ns3;

int
main(int argc, char* argv[])
{
    bool vector = false;
    int turns = 3;
    bool handleFinish = true;
    std::string end = "finish";
    std::string segment = "My Seg";
    std::string second;
    CommandLine cmd(__FILE__);
    cmd.AddValue("vector", "vectors instead of structs", vector);
    cmd.AddValue("turns", "round trips", turns);
    cmd.AddValue("handleFinish", "tell Python the end", handleFinish);
    cmd.AddValue("end", "finish, exit, crash or wait", end);
    cmd.AddValue("segment", "name of the segment; - for none", segment);
    cmd.AddValue("second", "name of a second segment, for one message", second);
    cmd.Parse(argc, argv);

    auto interface = Ns3AiMsgInterface::Get();
    interface->SetIsMemoryCreator(false);
    interface->SetUseVector(vector);
    interface->SetHandleFinish(handleFinish);
    interface->SetNames(segment == "-" ? "" : segment, "to Python", "to C++", "lock");
    auto* msg = interface->GetInterface<Sent, Answer>();
    if (!second.empty())
    {
        Ns3AiMsgInterfaceImpl<Sent, Answer> other(false, vector, false, 0, second.c_str());
        other.CppSendBegin();
        other.GetCpp2PyStruct()->a = 42;
        other.CppSendEnd();
    }
    double total = 0;
    for (int turn = 0; turn < turns; ++turn)
    {
        msg->CppSendBegin();
        const std::size_t count = vector ? msg->GetCpp2PyVector()->size() : 1;
        for (std::size_t i = 0; i < count; ++i)
        {
            Sent& sent = vector ? msg->GetCpp2PyVector()->at(i) : *msg->GetCpp2PyStruct();
            sent.a = turn;
            sent.b = static_cast<float>(i) / 4;
            sent.c[0] = static_cast<uint8_t>(turn);
        }
        msg->CppSendEnd();
        if (end == "crash")
        {
            std::abort();
        }
        msg->CppRecvBegin();
        for (std::size_t i = 0; i < count; ++i)
        {
            const Answer& answer = vector ? (*msg->GetPy2CppVector())[i] : *msg->GetPy2CppStruct();
            NS_ABORT_MSG_UNLESS(answer.turn == turn, "answer of turn " << answer.turn);
            total += answer.sum;
        }
        msg->CppRecvEnd();
    }
    std::cout << "total " << total << std::endl;
    if (end == "exit")
    {
        _exit(7);
    }
    return 0;
}
