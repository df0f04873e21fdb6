// SPDX-License-Identifier: MIT
// Containers of every element type in spaces of every element type, as scenarios mix them.

#include <ns3/ai-module.h>
#include <ns3/core-module.h>

#include <limits>

using namespace ns3;

class TypesEnv : public OpenGymEnv
{
  public:
    TypesEnv(uint64_t extra, float part)
        : m_extra(extra),
          m_part(part)
    {
        SetOpenGymInterface(OpenGymInterface::Get());
    }

    static TypeId GetTypeId()
    {
        static TypeId tid = TypeId("TypesEnv").SetParent<OpenGymEnv>().SetGroupName("OpenGym");
        return tid;
    }

    Ptr<OpenGymSpace> GetActionSpace() override
    {
        auto space = CreateObject<OpenGymDictSpace>();
        space->Add("scalar", Box("float", -1, 1, {}));
        space->Add("any", Box("double", -INFINITE, INFINITE, {1}));
        space->Add("count", Box("uint64_t", 0, INFINITE, {1}));
        space->Add("pick", CreateObject<OpenGymDiscreteSpace>(3));
        return space;
    }

    Ptr<OpenGymSpace> GetObservationSpace() override
    {
        auto space = CreateObject<OpenGymDictSpace>();
        for (const char* type : TYPES)
        {
            for (const char* container : TYPES)
            {
                space->Add(std::string(container) + " in " + type, Box(type, 0, 120, {3}));
            }
            // What C++ converts to a float may be its infinity.
            space->Add(std::string("any ") + type, Box(type, -INFINITE, INFINITE, {1}));
        }
        space->Add("tcp", Box("uint64_t", 0, 1e9, {3}));
        space->Add("part", Box("uint32_t", 0, 10, {2}));
        space->Add("scalar", Box("float", -1, 1, {}));
        space->Add("extra", Box("uint64_t", 0, INFINITE, {1}));
        return space;
    }

    Ptr<OpenGymDataContainer> GetObservation() override
    {
        auto all = CreateObject<OpenGymDictContainer>();
        for (const std::string type : TYPES)
        {
            all->Add("bool in " + type, Values<bool>({0, 1, 1}));
            all->Add("int8_t in " + type, Values<int8_t>({0, 1, 120}));
            all->Add("int16_t in " + type, Values<int16_t>({0, 1, 120}));
            all->Add("int32_t in " + type, Values<int32_t>({0, 1, 120}));
            all->Add("int64_t in " + type, Values<int64_t>({0, 1, 120}));
            all->Add("uint8_t in " + type, Values<uint8_t>({0, 1, 120}));
            all->Add("uint16_t in " + type, Values<uint16_t>({0, 1, 120}));
            all->Add("uint32_t in " + type, Values<uint32_t>({0, 1, 120}));
            all->Add("uint64_t in " + type, Values<uint64_t>({0, 1, 120}));
            all->Add("float in " + type, Values<float>({0, 1, 120}));
            all->Add("double in " + type, Values<double>({0, 1, 120}));
            all->Add("any " + type, Values<uint32_t>({1}));
        }
        all->Add("tcp", Values<uint64_t>({0, 27556, 340}));
        all->Add("part", Values<float>({m_part, 2}));
        all->Add("scalar", Values<float>({m_scalar}));
        all->Add("extra", Values<uint64_t>({m_extra}));
        return all;
    }

    float GetReward() override
    {
        return m_reward;
    }

    bool GetGameOver() override
    {
        return false;
    }

    std::string GetExtraInfo() override
    {
        return "";
    }

    bool ExecuteActions(Ptr<OpenGymDataContainer> action) override
    {
        auto dict = DynamicCast<OpenGymDictContainer>(action);
        m_scalar = DynamicCast<OpenGymBoxContainer<float>>(dict->Get("scalar"))->GetValue(0);
        // A script's real action, taken by a scenario as a whole number.
        m_reward = DynamicCast<OpenGymBoxContainer<uint32_t>>(dict->Get("any"))->GetValue(0);
        return true;
    }

    void Step()
    {
        Simulator::Schedule(Seconds(0.1), &TypesEnv::Step, this);
        Notify();
    }

  private:
    static constexpr float INFINITE = std::numeric_limits<float>::infinity();
    static constexpr const char* TYPES[] = {"bool",
                                            "int8_t",
                                            "int16_t",
                                            "int32_t",
                                            "int64_t",
                                            "uint8_t",
                                            "uint16_t",
                                            "uint32_t",
                                            "uint64_t",
                                            "float",
                                            "double"};

    static Ptr<OpenGymBoxSpace>
    Box(const std::string& type, float low, float high, std::vector<uint32_t> shape)
    {
        return CreateObject<OpenGymBoxSpace>(low, high, shape, type);
    }

    template <typename T>
    static Ptr<OpenGymBoxContainer<T>> Values(std::vector<T> values)
    {
        auto box = CreateObject<OpenGymBoxContainer<T>>();
        box->SetData(std::move(values));
        return box;
    }

    uint64_t m_extra;
    float m_part;
    float m_scalar{0};
    float m_reward{0};
};

int
main(int argc, char* argv[])
{
    uint64_t extra = 0;
    float part = 1;
    CommandLine cmd(__FILE__);
    cmd.AddValue("extra", "the observation 'extra'", extra);
    cmd.AddValue("part", "a real number in a space of integers", part);
    cmd.Parse(argc, argv);
    auto env = CreateObject<TypesEnv>(extra, part);
    Simulator::ScheduleNow(&TypesEnv::Step, PeekPointer(env));
    Simulator::Stop(Seconds(0.35));
    Simulator::Run();
    env->NotifySimulationEnd();
    Simulator::Destroy();
    return 0;
}
