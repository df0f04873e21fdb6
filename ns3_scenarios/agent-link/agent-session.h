// SPDX-License-Identifier: GPL-2.0-only
#ifndef TANDEM_AGENT_SESSION_H
#define TANDEM_AGENT_SESSION_H

#include "agent-link/blocks.h"
#include "channel/segment.h"
#include "channel/wait.h"

#include <functional>
#include <map>
#include <memory>
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

    /** What fills the action blocks when the agent asks what a policy of that number would do. */
    void SetAnswer(std::function<void(uint32_t)> answer);

    /**
     * Publish a decision and wait for the agent's answer. Branches asked for meanwhile are forked
     * and waited for; in such a child this returns true with the branch's slot selected.
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
    /** @return in a branch: which random draws it meets, 0 for those of the episode */
    uint32_t GetFuture() const;
    unsigned char* GetObservationMemory() const;
    unsigned char* GetActionMemory() const;
    unsigned char* GetRecordMemory() const;

  private:
    ::tandem::channel::SlotHeader& Slot() const;
    void Stamp(uint32_t epoch, ::tandem::channel::Status status);
    ::tandem::channel::Command Exchange(::tandem::channel::Status status);
    bool Branch(uint32_t epoch);
    /** @return whether a branch that has ended published each of its epochs */
    bool IsComplete(uint32_t first, uint32_t horizon) const;
    /**
     * One branch has died: end the others, which would only delay the news.
     *
     * @param running first slot of each branch that runs
     * @param next first slot of the next branch
     * @param end the slot after the last branch's
     * @param horizon slots of a branch
     */
    void Abandon(const std::map<pid_t, uint32_t>& running,
                 uint32_t next,
                 uint32_t end,
                 uint32_t horizon);
    void BecomeBranch(uint32_t slot, pid_t parent);
    /** Publish in that slot from now on. */
    void EnterSlot(uint32_t slot);
    [[noreturn]] void EndBranch(uint32_t epoch, ::tandem::channel::Status status);

    int m_controlFd; //!< the agent's
    int m_commandFd; //!< where commands come from: the agent's, or the keeper's
    std::unique_ptr<::tandem::channel::Segment> m_segment;
    ::tandem::channel::Waiter m_waiter;
    pid_t m_parent;
    uint32_t m_slot{0};
    uint32_t m_seen{0};        //!< commands dealt with
    bool m_unposted{false};    //!< the agent is still to be told of the end of the episode
    uint32_t m_horizonLeft{0}; //!< epochs left to a branch
    uint32_t m_future{0};      //!< of the branch
    Clipped m_clipped;         //!< of the observation that is published
    std::function<void(uint32_t)> m_answer;
};

} // namespace ns3::tandem

#endif // TANDEM_AGENT_SESSION_H
