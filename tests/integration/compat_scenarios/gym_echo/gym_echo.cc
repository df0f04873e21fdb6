// SPDX-License-Identifier: MIT
// A scenario in the style of ns3-ai's and ns3-gym's Gym interface: every kind of space, and the
// observation repeats the last action, so that a test sees what arrived.

#include <ns3/ai-module.h>
#include <ns3/core-module.h>

#include <cstdlib>

using namespace ns3;

class EchoEnv : public OpenGymEnv
{
  public:
    EchoEnv(uint32_t steps, std::string end, uint32_t elements)
        : m_steps(steps),
          m_end(std::move(end)),
          m_elements(elements)
    {
        SetOpenGymInterface(OpenGymInterface::Get());
    }

    static TypeId GetTypeId()
    {
        static TypeId tid = TypeId("EchoEnv").SetParent<OpenGymEnv>().SetGroupName("OpenGym");
        return tid;
    }

    Ptr<OpenGymSpace> GetActionSpace() override
    {
        auto both = CreateObject<OpenGymTupleSpace>();
        both->Add(Box<int16_t>(-300, 300, {3}));
        both->Add(CreateObject<OpenGymDiscreteSpace>(2));
        auto space = CreateObject<OpenGymDictSpace>();
        space->Add("gain", Box<double>(-10, 10, {2, 2}));
        space->Add("level", Box<float>(0, 1, {1}));
        space->Add("pick", CreateObject<OpenGymDiscreteSpace>(5));
        space->Add("both", both);
        return space;
    }

    Ptr<OpenGymSpace> GetObservationSpace() override
    {
        auto space = DynamicCast<OpenGymDictSpace>(GetActionSpace());
        const std::vector<float> low{0, 1, 2, 3, 4, 5};
        const std::vector<float> high{10, 11, 12, 13, 14, 15};
        space->Add("grid",
                   CreateObject<OpenGymBoxSpace>(low,
                                                 high,
                                                 std::vector<uint32_t>{2, 3},
                                                 TypeNameGet<uint32_t>()));
        space->Add("draw", Box<double>(0, 1, {1}));
        space->Add("many", Box<float>(0, 1, {m_elements}));
        return space;
    }

    Ptr<OpenGymDataContainer> GetObservation() override
    {
        auto grid = CreateObject<OpenGymBoxContainer<uint32_t>>(std::vector<uint32_t>{2, 3});
        for (uint32_t i = 0; i < 6; ++i)
        {
            grid->AddValue(i + 1);
        }
        auto draw = CreateObject<OpenGymBoxContainer<double>>(std::vector<uint32_t>{1});
        draw->AddValue(m_random->GetValue());
        auto many = CreateObject<OpenGymBoxContainer<float>>(std::vector<uint32_t>{m_elements});
        many->SetData(std::vector<float>(m_elements, 0.5F));
        auto echo = CreateObject<OpenGymDictContainer>();
        echo->Add("gain", m_gain);
        echo->Add("level", m_level);
        echo->Add("pick", m_pick);
        echo->Add("both", m_both);
        echo->Add("grid", grid);
        echo->Add("draw", draw);
        echo->Add("many", many);
        return echo;
    }

    float GetReward() override
    {
        return m_reward;
    }

    bool GetGameOver() override
    {
        return m_end == "gameover" && m_taken >= m_steps;
    }

    std::string GetExtraInfo() override
    {
        return "run=" + std::to_string(RngSeedManager::GetRun());
    }

    bool ExecuteActions(Ptr<OpenGymDataContainer> action) override
    {
        auto dict = DynamicCast<OpenGymDictContainer>(action);
        m_gain = DynamicCast<OpenGymBoxContainer<double>>(dict->Get("gain"));
        m_level = DynamicCast<OpenGymBoxContainer<float>>(dict->Get("level"));
        m_pick = DynamicCast<OpenGymDiscreteContainer>(dict->Get("pick"));
        m_both = DynamicCast<OpenGymTupleContainer>(dict->Get("both"));
        // Scenarios written for the originals cast every real action to float.
        m_reward = DynamicCast<OpenGymBoxContainer<float>>(dict->Get("gain"))->GetValue(3);
        ++m_taken;
        if (m_taken == m_steps && m_end == "crash")
        {
            std::cerr << "the scenario crashes on purpose" << std::endl;
            std::abort();
        }
        return true;
    }

    void Step()
    {
        Simulator::Schedule(Seconds(0.1), &EchoEnv::Step, this);
        Notify();
        if (m_taken >= m_steps && (m_end == "time" || m_end == "silent" || m_end == "failure"))
        {
            Simulator::Stop();
        }
    }

  private:
    template <typename T>
    static Ptr<OpenGymBoxSpace> Box(float low, float high, std::vector<uint32_t> shape)
    {
        return CreateObject<OpenGymBoxSpace>(low, high, shape, TypeNameGet<T>());
    }

    template <typename T>
    static Ptr<OpenGymBoxContainer<T>> Zeros(std::vector<uint32_t> shape, std::size_t count)
    {
        auto box = CreateObject<OpenGymBoxContainer<T>>(shape);
        box->SetData(std::vector<T>(count));
        return box;
    }

    static Ptr<OpenGymTupleContainer> MakeBoth()
    {
        auto both = CreateObject<OpenGymTupleContainer>();
        both->Add(Zeros<int16_t>({3}, 3));
        both->Add(CreateObject<OpenGymDiscreteContainer>(2));
        return both;
    }

    uint32_t m_steps;
    std::string m_end;
    uint32_t m_elements;
    uint32_t m_taken{0};
    float m_reward{0};
    Ptr<UniformRandomVariable> m_random{CreateObject<UniformRandomVariable>()};
    Ptr<OpenGymBoxContainer<double>> m_gain{Zeros<double>({2, 2}, 4)};
    Ptr<OpenGymBoxContainer<float>> m_level{Zeros<float>({1}, 1)};
    Ptr<OpenGymDiscreteContainer> m_pick{CreateObject<OpenGymDiscreteContainer>(5)};
    Ptr<OpenGymTupleContainer> m_both{MakeBoth()};
};

int
main(int argc, char* argv[])
{
    uint32_t steps = 5;
    uint32_t elements = 1;
    uint32_t openGymPort = 0;
    uint32_t simSeed = 0;
    std::string end = "time";
    CommandLine cmd(__FILE__);
    cmd.AddValue("steps", "steps of an episode", steps);
    cmd.AddValue("elements", "size of the observation 'many'", elements);
    cmd.AddValue("end",
                 "time, silent (no notice of the end), failure (status 4), gameover or crash",
                 end);
    cmd.AddValue("openGymPort", "as ns3-gym passes it", openGymPort);
    cmd.AddValue("simSeed", "run number, if not 0", simSeed);
    cmd.Parse(argc, argv);
    if (simSeed != 0)
    {
        RngSeedManager::SetRun(simSeed);
    }
    auto env = CreateObject<EchoEnv>(steps, end, elements);
    Simulator::ScheduleNow(&EchoEnv::Step, PeekPointer(env));
    Simulator::Run();
    if (end == "failure")
    {
        return 4;
    }
    if (end != "silent")
    {
        env->NotifySimulationEnd();
    }
    Simulator::Destroy();
    std::cout << "the scenario came to its end" << std::endl;
    return 0;
}
