// SPDX-License-Identifier: GPL-2.0-only
#ifndef TANDEM_AGENT_SESSION_H
#define TANDEM_AGENT_SESSION_H

#include "agent-link/blocks.h"
#include "channel/segment.h"
#include "channel/wait.h"

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <queue>
#include <string>
#include <sys/types.h>

namespace ns3::tandem
{

/**
 * A process's end of the channel: it publishes observations in its slot, waits for commands and
 * forks branches. Every call blocks until the agent has answered; if the agent is gone, the
 * process exits.
 */
class AgentSession
{
  public:
    /** @param controlFd this side's end of the control socket, from --agent */
    explicit AgentSession(int controlFd);
    ~AgentSession();

    /**
     * Create the shared memory and hand it to the agent over the control socket.
     *
     * @param schema the schema's JSON
     * @param sizes what the memory has to hold
     * @param spinUs spin budget of each later wait, in microseconds
     */
    void Publish(const std::string& schema, const ::tandem::channel::Sizes& sizes, double spinUs);

    /**
     * Become the keeper of zygotes (see ZygoteKeeper), before the warm-up. Returns in the forked
     * zygotes only, once for each seed.
     *
     * @param kept how many warmed-up zygotes are kept
     * @return the seed that the warm-up may depend on
     */
    uint64_t WaitForWarmup(uint32_t kept);

    /**
     * Become the zygote: wait for commands of the agent, fork an episode at each reset, report
     * the end of each. Returns in the forked children only.
     *
     * @return the seed of the episode
     */
    uint64_t WaitForEpisode();

    /** What the session has its owner do. */
    struct Hooks
    {
        std::function<void()> attach; //!< the blocks lie elsewhere now: write there from now on
        std::function<void(uint32_t future)>
            redraw; //!< random draws of that future, 0: as they are
        std::function<void(uint32_t policy)> answer; //!< fill the action blocks as it would
    };

    void SetHooks(Hooks hooks);

    /**
     * Publish a decision and wait for the agent's answer. Branches and forks asked for meanwhile
     * are forked; in a branch this returns true with its slot selected, in a fork when the agent of
     * that has answered.
     *
     * @param epoch decisions taken so far
     * @param clipped what is beyond bounds in the observation
     * @return false if the agent wants no more
     */
    bool Decide(uint32_t epoch, const Clipped& clipped);

    /**
     * Publish the last observation of the episode; does not wait. A branch ends here.
     *
     * @param now tell the agent at once; otherwise when this object ends
     */
    void Finish(uint32_t epoch, ::tandem::channel::Status status, const Clipped& clipped, bool now);
    /** @return whether the agent is still to be told of the end of the episode */
    bool HasUnposted() const;

    /**
     * A record table is full: have the agent take the rows.
     *
     * @return true once it has; false in a branch, whose row is lost and counted
     */
    bool Flush();

    bool IsBranch() const;
    /** @return true in a simulator that was forked in mid-episode, and in its branches */
    bool IsFork() const;
    unsigned char* GetObservationMemory() const;
    unsigned char* GetActionMemory() const;
    unsigned char* GetRecordMemory() const;

  private:
    ::tandem::channel::SlotHeader& Slot() const;
    void Stamp(uint32_t epoch, ::tandem::channel::Status status);
    ::tandem::channel::Command Exchange(::tandem::channel::Status status);
    /** The slots of a branch, one for each epoch. */
    struct Span
    {
        uint32_t first;
        uint32_t epochs;
    };

    /** A branch whose end is to be heard of: it writes a byte when it is done. */
    struct Running
    {
        Span span;
        int reportFd;
    };

    /**
     * Their results are all there when this returns. The last processes may still be ending, at
     * most as many as ran at a time: that takes a while, in which the agent goes on.
     *
     * @return true in a branch, false when all are done
     */
    bool Branch(uint32_t epoch);
    /** @return the branches that the agent asks for */
    std::queue<Span> ReadBranches() const;
    /** @return whether a branch that has ended published each of its epochs */
    bool IsComplete(const Span& branch) const;
    /** Wait until one is done. @return false if one has died or left something out */
    bool AwaitBranch(std::map<pid_t, Running>& running);
    /** One branch has died: end the others, which would only delay the news. */
    void Abandon(const std::map<pid_t, Running>& running, std::queue<Span> waiting);
    /** Reap children that have ended by now: branches that are done, forks that were closed. */
    void ReapEnded();
    void BecomeBranch(const Span& branch, pid_t parent);
    /**
     * Fork a complete simulator whose episodes begin at this decision, and tell the agent:
     *
     *     simulator → agent   FORKED <pid>       its control socket attached; READY comes there
     *                         UNFORKED <errno>
     *
     * @return true in each episode of the new simulator
     */
    bool Fork(uint32_t epoch);
    /** Be a zygote with a control socket and memory of its own; returns in its episodes. */
    void BecomeSimulator(int controlFd);
    /** Publish in that slot from now on. */
    void EnterSlot(uint32_t slot);
    [[noreturn]] void EndBranch(uint32_t epoch, ::tandem::channel::Status status);

    int m_controlFd; //!< the agent's
    int m_commandFd; //!< where commands come from: the agent's, or the keeper's
    std::unique_ptr<::tandem::channel::Segment> m_segment;
    ::tandem::channel::Waiter m_waiter;
    pid_t m_parent;
    pid_t m_agent; //!< the agent's process
    bool m_isFork{false};
    uint32_t m_slot{0};
    uint32_t m_seen{0};         //!< commands dealt with
    bool m_unposted{false};     //!< the agent is still to be told of the end of the episode
    uint32_t m_epochsLeft{0};   //!< of a branch
    int m_reportFd{-1};         //!< where a branch says that it is done
    std::deque<pid_t> m_ending; //!< branches that are done, their processes not reaped
    Clipped m_clipped;          //!< of the observation that is published
    Hooks m_hooks;
};

} // namespace ns3::tandem

#endif // TANDEM_AGENT_SESSION_H
