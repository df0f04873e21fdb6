// SPDX-License-Identifier: GPL-2.0-only
#include "agent-link/agent-link.h"

#include "agent-link/action-file.h"
#include "agent-link/agent-session.h"
#include "agent-link/argument-check.h"

#include "ns3/abort.h"
#include "ns3/log.h"
#include "ns3/nstime.h"
#include "ns3/rng-seed-manager.h"
#include "ns3/simulator.h"

#include <exception>
#include <iostream>
#include <stdexcept>

namespace ns3::tandem
{

NS_LOG_COMPONENT_DEFINE("TandemAgentLink");

using namespace ::tandem::channel;

namespace
{
/** Name of a policy that was set without one. */
const char* const DEFAULT_POLICY = "default";

/** @return bounds of all values of an action block that says no more */
std::vector<Column>
OneColumn(double low, double high)
{
    return {
        {"", "", low, high, ""}
    };
}
} // namespace

AgentLink::~AgentLink()
{
    m_destroyed.Cancel();
    m_episodeEnd = nullptr;              // what it reports of is gone
    if (std::uncaught_exceptions() == 0) // what fails is no end
    {
        EndUnasked();
    }
    if (m_session && m_session->HasUnposted())
    {
        static std::unique_ptr<AgentSession> last; // ends after main's own objects
        last = std::move(m_session);
    }
}

ObservationBlock*
AgentLink::AddObservation(std::string name,
                          std::vector<uint32_t> shape,
                          std::vector<Column> columns,
                          std::string rows)
{
    return m_schema.Add(std::make_unique<ObservationBlock>(std::move(name),
                                                           std::move(shape),
                                                           std::move(columns),
                                                           std::move(rows)));
}

ActionBlock*
AgentLink::AddAction(std::string name,
                     std::vector<uint32_t> shape,
                     int32_t low,
                     int32_t high,
                     std::string rows)
{
    return AddAction(std::move(name), std::move(shape), OneColumn(low, high), std::move(rows));
}

ActionBlock*
AgentLink::AddAction(std::string name,
                     std::vector<uint32_t> shape,
                     std::vector<Column> columns,
                     std::string rows)
{
    return m_schema.Add(std::make_unique<ActionBlock>(std::move(name),
                                                      std::move(shape),
                                                      false,
                                                      std::move(columns),
                                                      std::move(rows)));
}

ActionBlock*
AgentLink::AddRealAction(std::string name,
                         std::vector<uint32_t> shape,
                         double low,
                         double high,
                         std::string rows)
{
    return AddRealAction(std::move(name), std::move(shape), OneColumn(low, high), std::move(rows));
}

ActionBlock*
AgentLink::AddRealAction(std::string name,
                         std::vector<uint32_t> shape,
                         std::vector<Column> columns,
                         std::string rows)
{
    return m_schema.Add(std::make_unique<ActionBlock>(std::move(name),
                                                      std::move(shape),
                                                      true,
                                                      std::move(columns),
                                                      std::move(rows)));
}

ActionMask*
AgentLink::AddActionMask(const ActionBlock* action, std::string name)
{
    return m_schema.Add(
        std::make_unique<ActionMask>(name.empty() ? action->GetName() + "_mask" : std::move(name),
                                     *action));
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
AgentLink::Warn(const std::string& text)
{
    std::cerr << "warning: " << text << std::endl;
    m_schema.AddWarning(text);
}

void
AgentLink::SetPolicy(std::function<void(ActionBlock*)> policy)
{
    SetPolicy(DEFAULT_POLICY, [this, policy = std::move(policy)] {
        const auto& actions = m_schema.GetActions();
        NS_ABORT_MSG_IF(actions.size() != 1,
                        "scenario '" << m_schema.GetScenario() << "' has " << actions.size()
                                     << " action blocks: give its policy a name, "
                                        "SetPolicy(\"name\", [&] { … }), and let it set them all");
        policy(actions.front().get());
    });
}

void
AgentLink::SetPolicy(std::string name, std::function<void()> policy)
{
    for (const auto& [other, function] : m_policies)
    {
        NS_ABORT_MSG_IF(other == name, "two policies have the name '" << name << "'");
    }
    m_policies.emplace_back(std::move(name), std::move(policy));
}

void
AgentLink::SetRedraw(std::function<void()> redraw)
{
    m_redraw = std::move(redraw);
}

void
AgentLink::SetEpisodeEnd(std::function<void()> end)
{
    m_episodeEnd = std::move(end);
}

void
AgentLink::BeginWarmup(const std::function<void()>& draw)
{
    NS_LOG_FUNCTION(this << m_warmupSeed);
    uint64_t seed = m_warmupSeed;
    if (seed == EPISODE_SEED)
    {
        seed = m_seed;
        if (m_session)
        {
            Publish();
            seed = m_session->WaitForWarmup(m_keptWarmups);
        }
    }
    RngSeedManager::SetRun(seed);
    draw();
}

void
AgentLink::Publish()
{
    NS_LOG_FUNCTION(this << m_published);
    if (m_published)
    {
        return;
    }
    NS_ABORT_MSG_UNLESS(m_schema.IsComplete(),
                        "scenario '" << m_schema.GetScenario()
                                     << "' declares no action or no observation: call AddAction() "
                                        "and AddObservation() before BeginWarmup() and "
                                        "BeginEpisode()");
    m_published = true;
    if (!m_session)
    {
        return;
    }
    std::vector<std::string> policies;
    for (const auto& [name, function] : m_policies)
    {
        policies.push_back(name);
    }
    const std::string schema = m_schema.ToJson(m_redraw != nullptr, policies);
    Sizes sizes = m_schema.CountSizes();
    sizes.slots = 1 + m_branchSlots;
    sizes.schemaBytes = schema.size();
    try
    {
        m_session->Publish(schema, sizes, m_spinUs);
        m_session->SetHooks({[this] { AttachBlocks(); },
                             [this](uint32_t future) { RedrawFuture(future); },
                             [this](uint32_t policy) { Play(policy); }});
    }
    catch (const std::runtime_error& error)
    {
        Fail(error.what());
    }
}

uint64_t
AgentLink::BeginEpisode()
{
    NS_LOG_FUNCTION(this);
    Publish();
    if (m_session)
    {
        m_seed = m_session->WaitForEpisode();
    }
    else
    {
        if (!m_actionsPath.empty())
        {
            m_actions = std::make_unique<ActionFile>(m_actionsPath);
        }
        Choose();
        const auto& tables = m_schema.GetRecords();
        if (!tables.empty())
        {
            tables.front()->OpenCsv(m_requestsCsv);
        }
    }
    AttachBlocks();
    m_schema.FillMasks();
    RngSeedManager::SetRun(m_seed);
    WatchEnd();
    for (const auto& begin : m_episodeBegins)
    {
        begin();
    }
    return m_seed;
}

void
AgentLink::Choose()
{
    if (m_actions)
    {
        return;
    }
    NS_ABORT_MSG_IF(m_policies.empty(),
                    "scenario '" << m_schema.GetScenario()
                                 << "' has no policy of its own: call SetPolicy(), or run it under "
                                    "an agent");
    // A policy without a name may read --policy itself.
    if (m_policy.empty() || m_policies.front().first == DEFAULT_POLICY)
    {
        return;
    }
    std::string names;
    for (uint32_t i = 0; i < m_policies.size(); ++i)
    {
        const auto& name = m_policies[i].first;
        if (name == m_policy)
        {
            m_chosenPolicy = i;
            return;
        }
        names += (names.empty() ? "" : ", ") + name;
    }
    Fail("--policy=" + m_policy + ": scenario '" + m_schema.GetScenario() + "' has " + names);
}

void
AgentLink::Play(uint32_t policy)
{
    NS_ABORT_MSG_IF(policy >= m_policies.size(),
                    "policy " << policy << " is asked, the scenario has " << m_policies.size());
    m_policies[policy].second();
    m_schema.CheckActions();
}

bool
AgentLink::Decide()
{
    NS_LOG_FUNCTION(this << m_epoch);
    NS_ABORT_MSG_IF(m_destroyed.GetUid() == EventId().GetUid(),
                    "Decide() before BeginEpisode(): the warm-up has no decisions");
    if (m_over)
    {
        return false;
    }
    const bool last = m_epochLimit > 0 && m_epoch >= m_epochLimit;
    if (last)
    {
        End(Status::TRUNCATED);
        return false;
    }
    if (!m_session)
    {
        if (!DecideAlone())
        {
            End(Status::TRUNCATED);
            return false;
        }
    }
    else
    {
        if (!m_session->Decide(m_epoch, m_schema.GetClipped()))
        {
            m_over = true;
            return false;
        }
        m_schema.ClearRecords();
    }
    m_schema.ForgetClipped();
    m_schema.CheckActions();
    ++m_epoch;
    return true;
}

bool
AgentLink::DecideAlone()
{
    const Clipped clipped = m_schema.GetClipped();
    if (clipped.count > 0 && !m_toldClipped)
    {
        m_toldClipped = true;
        std::cerr << "warning: " << m_schema.DescribeClipped(clipped) << std::endl;
    }
    if (!m_actions)
    {
        m_policies[m_chosenPolicy].second();
        return true;
    }
    if (!m_actions->Next(m_schema.GetActions()))
    {
        std::cerr << "all " << m_epoch << " actions of " << m_actionsPath << " are played\n";
        return false;
    }
    RedrawFuture(m_actions->GetFuture());
    return true;
}

void
AgentLink::Terminate()
{
    NS_LOG_FUNCTION(this << m_epoch);
    End(Status::TERMINATED);
}

void
AgentLink::AddEpisodeBegin(std::function<void()> begin)
{
    m_episodeBegins.push_back(std::move(begin));
}

void
AgentLink::HandOverAtExit()
{
    m_handOverAtExit = true;
}

void
AgentLink::SetLastLook(std::function<void()> look)
{
    m_lastLook = std::move(look);
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
AgentLink::IsFork() const
{
    return m_session && m_session->IsFork();
}

bool
AgentLink::HasAgent() const
{
    return m_session != nullptr;
}

bool
AgentLink::HasPolicy() const
{
    return !m_session && m_actionsPath.empty();
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

void
AgentLink::AttachBlocks()
{
    if (m_session)
    {
        m_schema.AttachActions(m_session->GetActionMemory());
        m_schema.AttachRecords(m_session->GetRecordMemory(), [this] { return MakeRoom(); });
        m_schema.AttachObservations(m_session->GetObservationMemory());
        return;
    }
    const Sizes sizes = m_schema.CountSizes();
    m_ownMemory.assign((sizes.observationBytes + sizes.actionBytes) / sizeof(double) + 1, 0.0);
    auto* memory = reinterpret_cast<unsigned char*>(m_ownMemory.data());
    m_schema.AttachActions(memory + sizes.observationBytes);
    m_schema.AttachObservations(memory);
}

void
AgentLink::RedrawFuture(uint64_t future)
{
    NS_LOG_FUNCTION(this << future);
    if (future == 0 || !m_redraw)
    {
        return;
    }
    // Seeds are small numbers and epochs are few, so no two of these runs coincide in practice.
    RngSeedManager::SetRun(m_seed ^ (future << 48) ^ (static_cast<uint64_t>(m_epoch) << 32));
    m_redraw();
}

void
AgentLink::WatchEnd()
{
    m_over = false;
    if (m_timeLimitS > 0)
    {
        Simulator::Schedule(Seconds(m_timeLimitS), &AgentLink::ReachTimeLimit, this);
    }
    m_destroyed = Simulator::ScheduleDestroy(&AgentLink::EndUnasked, this);
}

void
AgentLink::ReachTimeLimit()
{
    NS_LOG_FUNCTION(this << m_epoch);
    if (!m_over && m_lastLook)
    {
        m_lastLook();
    }
    End(Status::TRUNCATED);
    Simulator::Stop();
}

void
AgentLink::EndUnasked()
{
    NS_LOG_FUNCTION(this << m_epoch);
    End(Status::TRUNCATED);
}

void
AgentLink::End(Status status)
{
    NS_LOG_FUNCTION(this << m_epoch);
    if (m_over)
    {
        return;
    }
    m_over = true;
    if (m_episodeEnd)
    {
        m_episodeEnd();
    }
    if (m_session)
    {
        m_session->Finish(m_epoch, status, m_schema.GetClipped(), !m_handOverAtExit);
    }
}

bool
AgentLink::MakeRoom()
{
    NS_LOG_FUNCTION(this);
    if (!m_session->Flush())
    {
        return false;
    }
    m_schema.ClearRecords();
    return true;
}

} // namespace ns3::tandem
