// SPDX-License-Identifier: GPL-2.0-only
// The arguments that every scenario has, and what they do.
#include "agent-link/action-file.h"
#include "agent-link/agent-link.h"
#include "agent-link/agent-session.h"
#include "agent-link/argument-check.h"
#include "agent-link/crash-report.h"
#include "agent-link/loaded-libraries.h"
#include "agent-link/number.h"
#include "agent-link/process.h"

#include "ns3/command-line.h"
#include "ns3/rng-seed-manager.h"

#include <limits>
#include <unistd.h>

namespace ns3::tandem
{

namespace
{
/** Rows a table holds between two decisions before the agent has to take them. */
constexpr uint64_t DEFAULT_RECORD_CAPACITY = 4096;
/** The value of --agent without an agent. */
const char* const NO_AGENT = "none";
/** Run number of the random streams before the episode's seed is set. */
constexpr uint64_t DEFAULT_WARMUP_SEED = 1;
constexpr double MAX_RECORD_CAPACITY = 1e9;
constexpr double MAX_KEPT_WARMUPS = 1000;
constexpr double MAX_BRANCH_SLOTS = 1e6;
/** ns-3 counts nanoseconds in 64 bits. */
constexpr double MAX_TIME_LIMIT_S = 1e9;
constexpr double MAX_SPIN_US = 1e6;
} // namespace

AgentLink::AgentLink(std::string scenario)
    : m_schema(std::move(scenario)),
      m_agent(NO_AGENT),
      m_recordCapacity(DEFAULT_RECORD_CAPACITY),
      m_spinUs(::tandem::channel::DEFAULT_SPIN_US)
{
    KeepStandardDescriptors();
    CheckNs3Libraries();
    ReportCrashes();
}

void
AgentLink::AddArguments(CommandLine& cmd)
{
    RngSeedManager::SetRun(DEFAULT_WARMUP_SEED);
    constexpr double NO_LIMIT = std::numeric_limits<double>::infinity();
    constexpr auto BRIDGE = Argument::Owner::BRIDGE;
    constexpr auto CORE = Argument::Owner::CORE;
    Arguments arguments(cmd);
    arguments
        .Add("agent",
             "who decides: none (see --policy), or the file descriptor of an agent's control "
             "socket (set by the Python side)",
             m_agent)
        .OwnedBy(BRIDGE)
        .Then([this] { UseAgent(); });
    arguments.Add("policy", "what decides when --agent=none", m_policy).OwnedBy(BRIDGE);
    arguments
        .AddFile("actions",
                 "file of actions to play instead when --agent=none, such as a failed simulator "
                 "leaves; empty: none",
                 m_actionsPath)
        .OwnedBy(BRIDGE);
    arguments.Add("seed", "seed of the episode when --agent=none", m_seed, Range(0, NO_LIMIT))
        .OwnedBy(BRIDGE);
    arguments
        .Add("warmupSeed",
             "seed of the warm-up, where stations stand included; 0: the seed of the episode, so "
             "that a reset to another seed needs a warm-up of its own",
             m_warmupSeed,
             Range(0, NO_LIMIT))
        .OwnedBy(CORE)
        .Then([this] {
            RngSeedManager::SetRun(m_warmupSeed == EPISODE_SEED ? DEFAULT_WARMUP_SEED
                                                                : m_warmupSeed);
        });
    arguments
        .Add("epochs",
             "decisions per episode; 0: no limit",
             m_epochLimit,
             Range(0, NO_LIMIT, "decisions"))
        .OwnedBy(CORE);
    arguments
        .Add("timeLimit",
             "simulated time after which an episode is truncated; 0: no limit",
             m_timeLimitS,
             Range(0, MAX_TIME_LIMIT_S, "s"))
        .OwnedBy(CORE);
    arguments
        .AddFile("requests",
                 "CSV file for the first record table when --agent=none; empty: none",
                 m_requestsCsv)
        .OwnedBy(BRIDGE);
    arguments
        .Add("recordCapacity",
             "rows that a record table holds between two decisions",
             m_recordCapacity,
             Range(1, MAX_RECORD_CAPACITY, "rows"))
        .OwnedBy(CORE);
    arguments
        .Add("keptWarmups",
             "warmed-up copies of the simulator that are kept, where the warm-up depends on the "
             "seed: a reset to a seed among them needs no warm-up",
             m_keptWarmups,
             Range(1, MAX_KEPT_WARMUPS))
        .OwnedBy(CORE);
    arguments
        .Add("branchSlots",
             "counterfactuals that can be asked for in one go",
             m_branchSlots,
             Range(0, MAX_BRANCH_SLOTS))
        .OwnedBy(BRIDGE);
    arguments
        .Add("spinUs",
             "how long a wait spins before it sleeps",
             m_spinUs,
             Range(0, MAX_SPIN_US, "us"))
        .OwnedBy(BRIDGE);
    // ns-3 would take it for the run number of the warm-up.
    arguments.Refuse("RngRun",
                     "--seed is the run number of the episode, --warmupSeed that of the warm-up");
    arguments.AddDescribe(m_schema.GetScenario());
}

void
AgentLink::UseAgent()
{
    if (m_agent == NO_AGENT)
    {
        return;
    }
    int fd = -1;
    if (ParseNumber(m_agent, fd) != NumberFault::NONE || fd <= STDERR_FILENO)
    {
        Fail("--agent=" + m_agent + ": expected none or the file descriptor of a control socket");
    }
    m_session = std::make_unique<AgentSession>(fd);
}

} // namespace ns3::tandem
