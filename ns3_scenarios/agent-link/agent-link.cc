// SPDX-License-Identifier: GPL-2.0-only
#include "agent-link/agent-link.h"

#include "agent-link/agent-session.h"

#include "ns3/abort.h"
#include "ns3/command-line.h"
#include "ns3/rng-seed-manager.h"

#include <cstdlib>
#include <iostream>
#include <unistd.h>

namespace ns3::tandem
{

namespace
{
/// Rows a table holds between two decisions before the agent has to take them.
constexpr uint64_t DEFAULT_RECORD_CAPACITY = 4096;
/// Run number of the random streams before the episode's seed is set.
constexpr uint64_t DEFAULT_WARMUP_SEED = 1;
} // namespace

using namespace ::tandem::channel;

AgentLink::AgentLink(std::string scenario)
    : m_schema(std::move(scenario)),
      m_recordCapacity(DEFAULT_RECORD_CAPACITY),
      m_spinUs(DEFAULT_SPIN_US)
{
}

AgentLink::~AgentLink() = default;

void
AgentLink::AddArguments(CommandLine& cmd)
{
    RngSeedManager::SetRun(DEFAULT_WARMUP_SEED);
    cmd.AddValue("agent",
                 "who decides: none (see --policy), or the file descriptor of an agent's control "
                 "socket (set by the Python side)",
                 MakeCallback(&AgentLink::UseAgent, this),
                 "none");
    cmd.AddValue("policy", "what decides when --agent=none", m_policy);
    cmd.AddValue("seed", "seed of the episode when --agent=none", m_seed);
    cmd.AddValue("warmupSeed",
                 "seed of the warm-up before every episode",
                 MakeCallback(&AgentLink::UseWarmupSeed, this),
                 std::to_string(DEFAULT_WARMUP_SEED));
    cmd.AddValue("epochs", "decisions per episode; 0: no limit", m_epochLimit);
    cmd.AddValue("requests",
                 "CSV file for the first record table when --agent=none; empty: none",
                 m_requestsCsv);
    cmd.AddValue("recordCapacity",
                 "rows a record table holds between two decisions",
                 m_recordCapacity);
    cmd.AddValue("branchSlots", "counterfactuals that can be asked for in one go", m_branchSlots);
    cmd.AddValue("spinUs", "how long a wait spins before it sleeps [us]", m_spinUs);
}

ObservationBlock*
AgentLink::AddObservation(std::string name,
                          std::vector<uint32_t> shape,
                          std::vector<Column> columns)
{
    return m_schema.Add(
        std::make_unique<ObservationBlock>(std::move(name), std::move(shape), std::move(columns)));
}

ActionBlock*
AgentLink::AddAction(std::string name, std::vector<uint32_t> shape, int32_t low, int32_t high)
{
    return m_schema.Add(
        std::make_unique<ActionBlock>(std::move(name), std::move(shape), false, low, high));
}

ActionBlock*
AgentLink::AddRealAction(std::string name, std::vector<uint32_t> shape, double low, double high)
{
    return m_schema.Add(
        std::make_unique<ActionBlock>(std::move(name), std::move(shape), true, low, high));
}

RecordTable*
AgentLink::AddRecords(std::string name, std::vector<RecordColumn> columns)
{
    return m_schema.Add(
        std::make_unique<RecordTable>(std::move(name), std::move(columns), m_recordCapacity));
}

void
AgentLink::SetMeta(const std::string& key, const std::string& json)
{
    m_schema.SetMeta(key, json);
}

void
AgentLink::SetPolicy(std::function<void(ActionBlock*)> policy)
{
    m_policyFunction = std::move(policy);
}

void
AgentLink::SetRedraw(std::function<void()> redraw)
{
    m_redraw = std::move(redraw);
}

uint64_t
AgentLink::BeginEpisode()
{
    const std::string& scenario = m_schema.GetScenario();
    NS_ABORT_MSG_UNLESS(m_schema.IsComplete(),
                        "scenario '" << scenario
                                     << "' declares no action or no observation: call AddAction() "
                                        "and AddObservation() before BeginEpisode()");
    if (m_session)
    {
        const std::string schema = m_schema.ToJson(m_redraw != nullptr);
        Sizes sizes = m_schema.CountSizes();
        sizes.slots = 1 + m_branchSlots;
        sizes.schemaBytes = schema.size();
        m_session->Publish(schema, sizes, m_spinUs);
        m_seed = m_session->WaitForEpisode();
    }
    else
    {
        NS_ABORT_MSG_UNLESS(m_policyFunction,
                            "scenario '" << scenario
                                         << "' has no policy of its own: call SetPolicy(), or run "
                                            "it under an agent");
        const auto& tables = m_schema.GetRecords();
        if (!tables.empty())
        {
            tables.front()->OpenCsv(m_requestsCsv);
        }
    }
    AttachBlocks();
    RngSeedManager::SetRun(m_seed);
    return m_seed;
}

bool
AgentLink::Decide()
{
    if (m_over)
    {
        return false;
    }
    const bool last = m_epochLimit > 0 && m_epoch >= m_epochLimit;
    if (last)
    {
        m_over = true;
        if (m_session)
        {
            m_session->Finish(m_epoch, Status::TRUNCATED);
        }
        return false;
    }
    if (!m_session)
    {
        m_policyFunction(m_schema.GetAction());
    }
    else
    {
        const bool wasBranch = IsBranch();
        if (!m_session->Decide(m_epoch))
        {
            m_over = true;
            return false;
        }
        if (IsBranch() && !wasBranch)
        {
            AttachBlocks();
            RedrawFuture();
        }
        if (!wasBranch) // a branch hands in the rows of all its epochs together
        {
            m_schema.ClearRecords();
        }
    }
    m_schema.GetAction()->Check();
    ++m_epoch;
    return true;
}

void
AgentLink::Terminate()
{
    if (m_session && !m_over)
    {
        m_session->Finish(m_epoch, Status::TERMINATED);
    }
    m_over = true;
}

uint32_t
AgentLink::GetEpoch() const
{
    return m_epoch;
}

uint32_t
AgentLink::GetEpochLimit() const
{
    return m_epochLimit;
}

bool
AgentLink::IsBranch() const
{
    return m_session && m_session->IsBranch();
}

bool
AgentLink::HasAgent() const
{
    return m_session != nullptr;
}

const std::string&
AgentLink::GetPolicyName() const
{
    return m_policy;
}

uint64_t
AgentLink::GetSeed() const
{
    return m_seed;
}

bool
AgentLink::UseAgent(const std::string& argument)
{
    if (argument == "none")
    {
        return true;
    }
    char* end = nullptr;
    const long fd = std::strtol(argument.c_str(), &end, 10);
    if (argument.empty() || *end != '\0' || fd <= STDERR_FILENO)
    {
        std::cerr << "--agent=" << argument
                  << ": expected none or the file descriptor of a control socket" << std::endl;
        return false;
    }
    m_session = std::make_unique<AgentSession>(static_cast<int>(fd));
    return true;
}

bool
AgentLink::UseWarmupSeed(const std::string& argument)
{
    char* end = nullptr;
    const auto seed = std::strtoull(argument.c_str(), &end, 10);
    if (argument.empty() || *end != '\0')
    {
        std::cerr << "--warmupSeed=" << argument << ": expected an integer from 0" << std::endl;
        return false;
    }
    RngSeedManager::SetRun(seed);
    return true;
}

void
AgentLink::AttachBlocks()
{
    if (m_session)
    {
        m_schema.GetAction()->Attach(m_session->GetActionMemory());
        m_schema.AttachRecords(m_session->GetRecordMemory(), [this] { return MakeRoom(); });
        m_schema.AttachObservations(m_session->GetObservationMemory());
        return;
    }
    const Sizes sizes = m_schema.CountSizes();
    m_ownMemory.assign((sizes.observationBytes + sizes.actionBytes) / sizeof(double) + 1, 0.0);
    auto* memory = reinterpret_cast<unsigned char*>(m_ownMemory.data());
    m_schema.GetAction()->Attach(memory + sizes.observationBytes);
    m_schema.AttachObservations(memory);
}

void
AgentLink::RedrawFuture()
{
    const uint64_t future = m_session->GetFuture();
    if (future == 0 || !m_redraw)
    {
        return;
    }
    // Seeds are small numbers and epochs are few, so no two of these runs coincide in practice.
    RngSeedManager::SetRun(m_seed ^ (future << 48) ^ (static_cast<uint64_t>(m_epoch) << 32));
    m_redraw();
}

bool
AgentLink::MakeRoom()
{
    if (!m_session->Flush())
    {
        return false;
    }
    m_schema.ClearRecords();
    return true;
}

} // namespace ns3::tandem
