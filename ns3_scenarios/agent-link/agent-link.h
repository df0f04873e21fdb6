// SPDX-License-Identifier: GPL-2.0-only
#ifndef TANDEM_AGENT_LINK_H
#define TANDEM_AGENT_LINK_H

#include "agent-link/action-block.h"
#include "agent-link/action-mask.h"
#include "agent-link/arguments.h"
#include "agent-link/blocks.h"
#include "agent-link/record-table.h"
#include "agent-link/schema.h"
#include "channel/layout.h"

#include "ns3/event-id.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace ns3::tandem
{

class ActionFile;
class AgentSession;

/**
 * What a scenario author uses: declare what the agent sees and chooses, then call Decide() at each
 * decision epoch.
 *
 * @code
 *     AgentLink link("my-scenario");
 *     CommandLine cmd(__FILE__);
 *     link.AddArguments(cmd);
 *     cmd.Parse(argc, argv);
 *     auto* queue = link.AddObservation("queue", {4}, {{"packets", "", 0, 100, "waiting"}});
 *     auto* choice = link.AddAction("choice", {4}, 0, 2);
 *     // build the topology; where places are random, draw them: link.BeginWarmup(...);
 *     // run the warm-up: Simulator::Stop(Seconds(1)); Simulator::Run();
 *     link.BeginEpisode();
 *     // re-assign every RNG stream, schedule an event that fills `queue` and calls link.Decide()
 *     Simulator::Run();
 * @endcode
 *
 * With --agent=none (the default) a built-in policy plays and the program needs no Python. The
 * path through the program is the same either way, so the results are, too.
 *
 * The process must stay single-threaded: episodes and branches are forked copies of it.
 */
class AgentLink
{
  public:
    /** @param scenario the scenario's name, as users type it */
    explicit AgentLink(std::string scenario);
    ~AgentLink();
    AgentLink(const AgentLink&) = delete;
    AgentLink& operator=(const AgentLink&) = delete;

    /**
     * Add what every scenario has: --agent, --policy, --seed, --warmupSeed, --epochs, --timeLimit,
     * --actions, --requests, --recordCapacity, and --describe, which prints all arguments as JSON.
     * Declare your own ones with Arguments.
     */
    void AddArguments(CommandLine& cmd);

    /**
     * Declare an array of float64 that the agent sees.
     *
     * @param name unique among the observation blocks
     * @param shape extents of the axes
     * @param columns one column for all values, or one for each entry of the last axis
     * @param rows what each entry of the first axis belongs to ("user", "ap"), "" for nothing in
     *        particular. A block with the rows of an action block has one row per agent: with
     *        several agents each sees its own row of it, and all of any other block.
     * @return the block, owned by the link
     */
    ObservationBlock* AddObservation(std::string name,
                                     std::vector<uint32_t> shape,
                                     std::vector<Column> columns,
                                     std::string rows = "");
    /**
     * Declare choices of the agent: integers from low to high, both allowed. A scenario may have
     * several action blocks; the agent then gives all of them at each decision, by their names.
     *
     * @param name unique among the action blocks
     * @param shape extents of the axes
     * @param rows what each entry of the first axis belongs to: each is the choice of one agent of
     *        that name; "" for nothing in particular
     * @return the block, owned by the link
     */
    ActionBlock* AddAction(std::string name,
                           std::vector<uint32_t> shape,
                           int32_t low,
                           int32_t high,
                           std::string rows = "");
    /**
     * The same with a name, unit and bounds for each choice:
     *
     * @code
     *     link.AddAction("edca", {aps, 2}, {{"cwMin", "", 0, 6, "2^n - 1 slots at least"},
     *                                       {"rts", "", 0, 1, "whether to send RTS"}}, "ap");
     * @endcode
     *
     * @param columns one for all values, one for each entry of the last axis, or one for each value
     */
    ActionBlock* AddAction(std::string name,
                           std::vector<uint32_t> shape,
                           std::vector<Column> columns,
                           std::string rows = "");
    /** Declare choices of the agent as float64 from low to high; otherwise as AddAction(). */
    ActionBlock* AddRealAction(std::string name,
                               std::vector<uint32_t> shape,
                               double low,
                               double high,
                               std::string rows = "");
    /** The same with a name, unit and bounds for each value; otherwise as AddAction(). */
    ActionBlock* AddRealAction(std::string name,
                               std::vector<uint32_t> shape,
                               std::vector<Column> columns,
                               std::string rows = "");
    /**
     * Say at each decision which choices of an action block of integers make sense. The mask is
     * an observation block as well, of the action block's shape and one more axis: the choices.
     *
     * @param action the block
     * @param name of the observation block; by default the action block's with "_mask" behind it
     * @return the mask, owned by the link; everything is allowed at first
     */
    ActionMask* AddActionMask(const ActionBlock* action, std::string name = "");
    /** Declare a table of rows that the scenario reports. */
    RecordTable* AddRecords(std::string name, std::vector<RecordColumn> columns);
    /** Tell the agent something fixed; json is any JSON value, other text is a fatal error. */
    void SetMeta(const std::string& key, const std::string& json);
    /**
     * Tell the user, before BeginEpisode(), what makes results doubtful and what to do about it: on
     * stderr, and in the schema as an entry of `meta["warnings"]`, which Python shows as a warning.
     */
    void Warn(const std::string& text);
    /**
     * What plays when there is no agent, in a scenario with one action block. An agent can ask it
     * for its action under the name `default`.
     */
    void SetPolicy(std::function<void(ActionBlock*)> policy);
    /**
     * One of several policies, chosen by --policy=NAME; the first is what plays by default. An
     * agent can ask each of them what it would do (`tandem run --policy NAME`).
     *
     * @param name unique among the policies
     * @param policy sets the action blocks
     */
    void SetPolicy(std::string name, std::function<void()> policy);

    /**
     * Say how to re-assign the random streams in mid-episode, so that branches can meet other
     * futures than the one that the episode is going to meet: other backoffs, errors, arrivals. It
     * must not change what lasts, such as positions. Called in forked copies only, with
     * RngSeedManager's run set. Call it before BeginWarmup() and BeginEpisode(); without it agents
     * are refused other futures.
     */
    void SetRedraw(std::function<void()> redraw);

    /**
     * Say what to report when the episode ends, such as rows of what is still under way. Called
     * once in an episode, before the last observation and records are handed over, and in a branch
     * that gets as far as the end of the episode. An episode that the scenario ends by itself ends
     * in Simulator::Destroy(), when nodes and devices are disposed of.
     */
    void SetEpisodeEnd(std::function<void()> end);

    /**
     * For parts that write files of their own: what to do when an episode begins, at the end of
     * BeginEpisode(), in the process of that episode.
     */
    void AddEpisodeBegin(std::function<void()> begin);

    /**
     * Let the agent see the end of an episode only when its process exits, after main has returned:
     * by then the files that it wrote are complete. An agent may start the next episode, which
     * kills this process, as soon as it has seen the end.
     */
    void HandOverAtExit();

    /**
     * Start a warm-up that depends on the seed: on the places of stations, above all, because a
     * radio learns its rates, and an observation its values, where it stands. Call it when
     * everything is built and declared, before the simulation runs.
     *
     * With an agent the process then forks a copy for each seed that the agent asks for, which
     * warms up by itself; the last few are kept (see --keptWarmups). Another seed costs a warm-up,
     * the same seed again does not. With --warmupSeed one warm-up serves all episodes.
     *
     * @param draw draws what the warm-up depends on, and re-assigns the streams of what is random
     *        in it; called with RngSeedManager's run set to the seed
     */
    void BeginWarmup(const std::function<void()>& draw);

    /**
     * End the warm-up. With an agent the process becomes the zygote: it publishes the schema and
     * returns from here once per episode, each time in a forked child. Without one it returns at
     * once. Sets RngSeedManager's run to the episode's seed; the caller must then re-assign the
     * streams of everything random, since streams made during warm-up keep their state otherwise.
     *
     * An episode that ends without the agent's or Terminate()'s doing, because the scenario calls
     * Simulator::Stop() or no event is left, is truncated: at Simulator::Destroy(), or with this
     * object. The last observation is what the blocks then hold.
     *
     * @return the episode's seed
     */
    uint64_t BeginEpisode();

    /**
     * A decision epoch: publish the observation blocks and the records since the last decision,
     * wait for the action. Call it inside a simulator event.
     *
     * @return true to go on with the new action; false if the episode is over: call
     *         Simulator::Stop() and return from main as usual
     */
    bool Decide();

    /**
     * The scenario has come to an end of its own: publish the last observation. Fill the blocks
     * before, call Simulator::Stop() afterwards.
     */
    void Terminate();

    /**
     * What to do just before --timeLimit ends an episode between two decisions: fill the
     * observation blocks. Without it the agent sees what they hold.
     */
    void SetLastLook(std::function<void()> look);

    /** @return decisions taken so far in this episode */
    uint32_t GetEpoch() const;
    /** @return the number of decisions after which an episode is truncated, 0 for no limit */
    uint32_t GetEpochLimit() const;
    /** @return true in a forked counterfactual */
    bool IsBranch() const;
    /**
     * @return true in a simulator that was forked in mid-episode. What it writes into files that
     *         were open then is lost; others, which belong to the original, it must not open.
     */
    bool IsFork() const;
    /** @return true if a policy outside of this process decides */
    bool HasAgent() const;
    /** @return true if the policy of SetPolicy() decides: no agent, no --actions */
    bool HasPolicy() const;
    /** @return the argument of --policy */
    const std::string& GetPolicyName() const;
    /** @return the argument of --seed */
    uint64_t GetSeed() const;

  private:
    void UseAgent();
    void Publish();
    void AttachBlocks();
    void RedrawFuture(uint64_t future);
    bool DecideAlone();
    void Choose();
    void Play(uint32_t policy);
    bool MakeRoom();
    void WatchEnd();
    void ReachTimeLimit();
    void EndUnasked();
    void End(::tandem::channel::Status status);

    Schema m_schema;
    std::string m_agent;
    std::string m_policy;
    uint64_t m_seed{1};
    /** Of m_warmupSeed: what is warmed up at BeginWarmup() follows the seed of the episode. */
    static constexpr uint64_t EPISODE_SEED = 0;

    uint64_t m_warmupSeed{EPISODE_SEED};
    uint32_t m_epochLimit{50};
    double m_timeLimitS{0};
    std::string m_actionsPath;
    std::string m_requestsCsv;
    uint64_t m_recordCapacity;
    uint32_t m_keptWarmups{8};
    uint32_t m_branchSlots{64};
    double m_spinUs;

    std::vector<std::pair<std::string, std::function<void()>>> m_policies;
    uint32_t m_chosenPolicy{0}; //!< the one that plays when there is no agent
    bool m_toldClipped{false};
    std::function<void()> m_redraw;
    std::function<void()> m_episodeEnd;
    std::vector<std::function<void()>> m_episodeBegins;
    bool m_handOverAtExit{false};
    std::function<void()> m_lastLook;

    std::unique_ptr<ActionFile> m_actions;   //!< null without --actions
    std::unique_ptr<AgentSession> m_session; //!< null without an agent
    std::vector<double> m_ownMemory;         //!< the blocks' memory without an agent
    uint32_t m_epoch{0};
    bool m_over{true}; //!< there is no episode, or no more of it
    EventId m_destroyed;
    bool m_published{false};
};

} // namespace ns3::tandem

#endif // TANDEM_AGENT_LINK_H
