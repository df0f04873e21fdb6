// SPDX-License-Identifier: GPL-2.0-only
#include "compat/open-gym-interface.h"

#include "agent-link/crash-report.h"
#include "agent-link/process.h"
#include "compat/msg-interface.h"
#include "compat/open-gym-container.h"
#include "compat/open-gym-env.h"
#include "compat/open-gym-space.h"
#include "compat/simulator-end.h"

#include <ns3/abort.h>
#include <ns3/log.h>
#include <ns3/simulator.h>

#include <cstdlib>
#include <cstring>
#include <exception>
#include <fcntl.h>
#include <map>
#include <set>
#include <sys/wait.h>
#include <vector>

namespace ns3
{

using namespace ::tandem::channel;

namespace
{
/** The port that ns3-gym's own class takes when none is given. */
constexpr uint32_t DEFAULT_GYM_PORT = 5555;
constexpr DuplexItems GYM_ITEMS{DuplexKind::MESSAGES, 1, 1};

std::string
GymSegmentName(uint32_t port)
{
    return "gym-" + std::to_string(port);
}

/** Interfaces with a connection, whose end is to be told when the program ends. */
std::set<OpenGymInterface*>&
Connected()
{
    static auto* interfaces = new std::set<OpenGymInterface*>; // outlives every static object
    return *interfaces;
}

/**
 * Scenarios enable these log components, and ns-3 ends a program that names an unknown one. A
 * real ns3-ai in the same program has registered them already.
 */
const bool g_logNamesKnown = [] {
    for (const char* name :
         {"OpenGymInterface", "OpenGymEnv", "OpenGymSpace", "OpenGymDataContainer"})
    {
        if (LogComponent::GetComponentList()->count(name) == 0)
        {
            new LogComponent(name, __FILE__); // belongs to ns-3's list
        }
    }
    return true;
}();
} // namespace

NS_OBJECT_ENSURE_REGISTERED(OpenGymInterface);

OpenGymInterface::OpenGymInterface(uint32_t port)
    : m_port(port)
{
    NS_ABORT_UNLESS(g_logNamesKnown);
}

OpenGymInterface::~OpenGymInterface()
{
    if (std::uncaught_exceptions() == 0)
    {
        EndUnasked();
    }
    Connected().erase(this);
}

TypeId
OpenGymInterface::GetTypeId()
{
    static TypeId tid = TypeId("ns3::tandem::OpenGymInterface")
                            .SetParent<Object>()
                            .SetGroupName("OpenGym")
                            .AddConstructor<OpenGymInterface>();
    return tid;
}

Ptr<OpenGymInterface>
OpenGymInterface::Get(uint32_t port)
{
    static std::map<uint32_t, Ptr<OpenGymInterface>> interfaces;
    if (port == 0 && !interfaces.empty())
    {
        return interfaces.begin()->second;
    }
    auto& interface = interfaces[port];
    if (!interface)
    {
        interface = CreateObject<OpenGymInterface>(port);
    }
    return interface;
}

void
OpenGymInterface::Init()
{
    if (m_connection)
    {
        return;
    }
    std::vector<std::string> names;
    if (m_port == 0)
    {
        names = {Ns3AiMsgInterface::Get()->GetSegmentName(), GymSegmentName(DEFAULT_GYM_PORT)};
    }
    else
    {
        names = {GymSegmentName(m_port)};
    }
    tandem::ReportCrashes();
    auto connection = std::make_unique<Connection>();
    tandem::compat::OpenSegment(connection->segment, names, GYM_ITEMS);
    Attach(std::move(connection));
    static const int registered = on_exit(&OpenGymInterface::EndAll, nullptr);
    NS_ABORT_MSG_IF(registered != 0, "on_exit failed");
    Connected().insert(this);
    SendSpaces();
    Receive();
}

void
OpenGymInterface::NotifyCurrentState()
{
    if (m_simulationEnded)
    {
        return;
    }
    Init();
    SendState();
    Receive();
    ExecuteActions(m_action);
}

void
OpenGymInterface::WaitForStop()
{
    NotifyCurrentState();
}

void
OpenGymInterface::NotifySimulationEnd()
{
    if (m_connection && !m_simulationEnded)
    {
        m_simulationEnded = true;
        SendState();
    }
}

void
OpenGymInterface::Notify(Ptr<OpenGymEnv> entity)
{
    SetGetGameOverCb(MakeCallback(&OpenGymEnv::GetGameOver, entity));
    SetGetObservationCb(MakeCallback(&OpenGymEnv::GetObservation, entity));
    SetGetRewardCb(MakeCallback(&OpenGymEnv::GetReward, entity));
    SetGetExtraInfoCb(MakeCallback(&OpenGymEnv::GetExtraInfo, entity));
    SetExecuteActionsCb(MakeCallback(&OpenGymEnv::ExecuteActions, entity));
    NotifyCurrentState();
}

Ptr<OpenGymSpace>
OpenGymInterface::GetActionSpace()
{
    return m_actionSpaceCb.IsNull() ? nullptr : m_actionSpaceCb();
}

Ptr<OpenGymSpace>
OpenGymInterface::GetObservationSpace()
{
    return m_observationSpaceCb.IsNull() ? nullptr : m_observationSpaceCb();
}

Ptr<OpenGymDataContainer>
OpenGymInterface::GetObservation()
{
    return m_observationCb.IsNull() ? nullptr : m_observationCb();
}

float
OpenGymInterface::GetReward()
{
    return m_rewardCb.IsNull() ? 0.0F : m_rewardCb();
}

bool
OpenGymInterface::IsGameOver()
{
    const bool over = !m_gameOverCb.IsNull() && m_gameOverCb();
    return over || m_simulationEnded;
}

std::string
OpenGymInterface::GetExtraInfo()
{
    return m_extraInfoCb.IsNull() ? std::string() : m_extraInfoCb();
}

bool
OpenGymInterface::ExecuteActions(Ptr<OpenGymDataContainer> action)
{
    return !m_actionCb.IsNull() && m_actionCb(action);
}

void
OpenGymInterface::SetGetActionSpaceCb(Callback<Ptr<OpenGymSpace>> cb)
{
    m_actionSpaceCb = cb;
}

void
OpenGymInterface::SetGetObservationSpaceCb(Callback<Ptr<OpenGymSpace>> cb)
{
    m_observationSpaceCb = cb;
}

void
OpenGymInterface::SetGetObservationCb(Callback<Ptr<OpenGymDataContainer>> cb)
{
    m_observationCb = cb;
}

void
OpenGymInterface::SetGetRewardCb(Callback<float> cb)
{
    m_rewardCb = cb;
}

void
OpenGymInterface::SetGetGameOverCb(Callback<bool> cb)
{
    m_gameOverCb = cb;
}

void
OpenGymInterface::SetGetExtraInfoCb(Callback<std::string> cb)
{
    m_extraInfoCb = cb;
}

void
OpenGymInterface::SetExecuteActionsCb(Callback<bool, Ptr<OpenGymDataContainer>> cb)
{
    m_actionCb = cb;
}

void
OpenGymInterface::Attach(std::unique_ptr<Connection> connection)
{
    m_connection = std::move(connection);
    auto& header = m_connection->segment.Header();
    m_connection->toAgent.Attach(header.toAgent);
    m_connection->toSimulator.Attach(header.toSimulator);
    m_connection->agent.Watch(header.agentPid.load());
}

void
OpenGymInterface::SendSpaces()
{
    const auto describe = [](Ptr<OpenGymSpace> space) {
        return space ? space->Describe() : std::string("null");
    };
    const std::string text = "{\"observation\":" + describe(GetObservationSpace()) +
                             ",\"action\":" + describe(GetActionSpace()) + "}";
    Send([&text](WireWriter& writer) {
        StateHeader header{};
        header.kind = StateKind::SPACES;
        header.textBytes = text.size();
        writer.Put(header);
        writer.PutBytes(text.data(), text.size());
    });
}

void
OpenGymInterface::SendState()
{
    m_observation = GetObservation();
    m_timeS = Simulator::Now().GetSeconds();
    m_reward = GetReward();
    m_isOver = !m_gameOverCb.IsNull() && m_gameOverCb();
    m_info = GetExtraInfo();
    SendLastState();
}

void
OpenGymInterface::SendLastState()
{
    StateHeader header{};
    header.kind = StateKind::STATE;
    header.reward = m_reward;
    header.flags =
        (m_isOver ? uint32_t{GAME_OVER} : 0U) | (m_simulationEnded ? uint32_t{SIMULATION_END} : 0U);
    header.simulatedTimeS = m_timeS;
    header.textBytes = m_info.size();
    Send([&](WireWriter& writer) {
        writer.Put(header);
        if (m_observation)
        {
            m_observation->Write(writer);
        }
        header.valueBytes = writer.GetBytes() - sizeof header;
        std::memcpy(m_connection->segment.ToAgentBlock(), &header, sizeof header);
        writer.PutBytes(m_info.data(), m_info.size());
    });
}

void
OpenGymInterface::EndUnasked()
{
    // Nothing is asked of the scenario, which may be gone by now.
    if (m_connection && !m_simulationEnded)
    {
        m_simulationEnded = true;
        m_reward = 0.0F;
        m_isOver = false;
        m_info.clear();
        SendLastState();
    }
}

void
OpenGymInterface::EndAll(int status, void*)
{
    for (OpenGymInterface* interface : Connected())
    {
        if (status == EXIT_SUCCESS) // what fails is no end
        {
            interface->EndUnasked();
        }
        interface->m_simulationEnded = true;
    }
}

template <typename WriteMessage>
void
OpenGymInterface::Send(WriteMessage write)
{
    Connection& c = *m_connection;
    try
    {
        c.toAgent.SendBegin([&c] { return c.agent.IsDead(); });
    }
    catch (const PeerDied&)
    {
        tandem::compat::EndProcess("the Python program has ended before the simulation");
    }
    WireWriter writer(c.segment.ToAgentBlock(), c.segment.BlockBytes());
    try
    {
        write(writer);
    }
    catch (const std::length_error& error)
    {
        tandem::compat::EndProcess(error.what());
    }
    c.segment.Header().toAgent.count.store(writer.GetBytes());
    c.toAgent.SendEnd();
}

void
OpenGymInterface::Receive()
{
    while (true)
    {
        Connection& c = *m_connection;
        try
        {
            c.toSimulator.ReceiveBegin([&c] { return c.agent.IsDead(); });
        }
        catch (const PeerDied&)
        {
            tandem::compat::EndProcess("the Python program has ended before the simulation");
        }
        WireReader reader(c.segment.ToSimulatorBlock(),
                          c.segment.MessageBytes(c.segment.Header().toSimulator));
        const auto header = reader.Get<ReplyHeader>();
        m_action = header.valueBytes > 0 ? OpenGymDataContainer::Read(reader) : nullptr;
        const auto* text = reinterpret_cast<const char*>(reader.GetBytes(header.textBytes));
        const std::string path(text, header.textBytes);
        c.toSimulator.ReceiveEnd();
        if (header.kind == ReplyKind::STOP)
        {
            Stop();
        }
        if (header.kind == ReplyKind::FORK)
        {
            // The connections of other interfaces cannot be shared with a copy.
            if (Connected().size() > 1)
            {
                RefuseCopy(path);
            }
            else if (Copy(path))
            {
                BecomeSimulator();
            }
        }
        else if (header.kind != ReplyKind::BRANCH || Copy(path))
        {
            return;
        }
    }
}

bool
OpenGymInterface::Copy(const std::string& path)
{
    std::cout.flush();
    std::fflush(nullptr);
    const pid_t helper = fork();
    if (helper != 0)
    {
        int status = EXIT_FAILURE;
        if (helper < 0 || waitpid(helper, &status, 0) != helper || status != EXIT_SUCCESS)
        {
            RefuseCopy(path);
        }
        return false;
    }
    // The copy is nobody's child that the program could wait for by accident.
    const pid_t copy = fork();
    if (copy != 0)
    {
        _exit(copy < 0 ? EXIT_FAILURE : EXIT_SUCCESS);
    }
    tandem::MuteFiles();
    m_isCopy = true;
    auto connection = std::make_unique<Connection>();
    const int fd = open(path.c_str(), O_RDWR | O_CLOEXEC);
    try
    {
        connection->segment.Open(fd, GYM_ITEMS);
    }
    catch (const std::runtime_error& error)
    {
        tandem::compat::EndProcess(std::string("cannot open a copy's segment: ") + error.what());
    }
    close(fd);
    connection->segment.Header().simulatorPid.store(getpid());
    Attach(std::move(connection));
    return true;
}

void
OpenGymInterface::BecomeSimulator()
{
    setsid(); // it is not ended with the group of the one that it comes from
    SendLastState();
}

void
OpenGymInterface::RefuseCopy(const std::string& path)
{
    const int fd = open(path.c_str(), O_RDWR | O_CLOEXEC);
    DuplexSegment segment;
    try
    {
        segment.Open(fd, GYM_ITEMS);
        segment.Header().simulatorPid.store(NO_COPY);
    }
    catch (const std::runtime_error&)
    {
        // Python has given up waiting.
    }
    close(fd);
}

void
OpenGymInterface::Stop()
{
    if (m_isCopy)
    {
        _exit(EXIT_SUCCESS); // output that was pending at the fork is the original's
    }
    m_simulationEnded = true; // Python knows
    // Destroy() flushes what the simulation has open; nothing returns to its objects.
    Simulator::Stop();
    Simulator::Destroy();
    std::exit(EXIT_SUCCESS);
}

} // namespace ns3
