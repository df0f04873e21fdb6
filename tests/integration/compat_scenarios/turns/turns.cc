// SPDX-License-Identifier: MIT
// Written against ns3-ai 1.x: a queue that Python drains. One block in turns for the policy, one
// for a predictor that is told what came.
#include <ns3/core-module.h>
#include <ns3/ns3-ai-module.h>

using namespace ns3;

NS_LOG_COMPONENT_DEFINE("Turns");

struct Seen
{
    double time_s;
    int32_t length;
    uint8_t turn;
} Packed;

struct Done
{
    int32_t served;
} Packed;

struct Feature
{
    float last[3];
} Packed;

struct Guess
{
    float next;
} Packed;

struct Truth
{
    float next;
} Packed;

class Policy : public Ns3AIRL<Seen, Done>
{
  public:
    explicit Policy(uint16_t id)
        : Ns3AIRL<Seen, Done>(id)
    {
        SetCond(2, 0);
    }

    int Ask(int length, int turn)
    {
        auto seen = EnvSetterCond();
        seen->time_s = Simulator::Now().GetSeconds();
        seen->length = length;
        seen->turn = static_cast<uint8_t>(turn);
        SetCompleted();
        NS_LOG_DEBUG("version " << int(SharedMemoryPool::Get()->GetMemoryVersion(m_id)));
        auto done = ActionGetterCond();
        const int served = done->served;
        GetCompleted();
        return served;
    }
};

class Predictor : public Ns3AIDL<Feature, Guess, Truth>
{
  public:
    using Ns3AIDL<Feature, Guess, Truth>::Ns3AIDL;

    float Ask(const float* last, float truth)
    {
        auto feature = FeatureSetterCond();
        std::copy(last, last + 3, feature->last);
        TargetSetterCond()->next = truth;
        SetCompleted();
        const float guess = PredictedGetterCond()->next;
        GetCompleted();
        return guess;
    }
};

int
main(int argc, char* argv[])
{
    int turns = 5;
    int policyId = 2333;
    int predictorId = 7;
    bool fail = false;
    bool twice = false;
    CommandLine cmd(__FILE__);
    cmd.AddValue("turns", "exchanges", turns);
    cmd.AddValue("policy", "id of the policy's memory", policyId);
    cmd.AddValue("predictor", "id of the predictor's memory; 0: none", predictorId);
    cmd.AddValue("fail", "abort before the end", fail);
    cmd.AddValue("twice", "ask by two objects with one id, by turns", twice);
    cmd.Parse(argc, argv);
    Policy policy(policyId);
    std::unique_ptr<Policy> other;
    if (twice)
    {
        other = std::make_unique<Policy>(policyId);
    }
    std::unique_ptr<Predictor> predictor;
    if (predictorId > 0)
    {
        predictor = std::make_unique<Predictor>(predictorId);
    }
    int length = 100;
    float last[3] = {0, 0, 0};
    float error = 0;
    for (int turn = 0; turn < turns; ++turn)
    {
        Simulator::Schedule(Seconds(turn), [&, turn] {
            const int served = (twice && turn % 2 == 1 ? *other : policy).Ask(length, turn);
            length += 3 - served;
            if (predictor)
            {
                error += std::abs(predictor->Ask(last, length) - length);
                std::rotate(last, last + 1, last + 3);
                last[2] = length;
            }
            NS_ABORT_MSG_IF(fail && turn == 2, "as asked for");
        });
    }
    Simulator::Run();
    std::cout << "length " << length << " error " << error << std::endl;
    Simulator::Destroy();
    return 0;
}
