// SPDX-License-Identifier: GPL-2.0-only
#ifndef TANDEM_ZYGOTE_H
#define TANDEM_ZYGOTE_H

#include "agent-link/next-episode.h"
#include "agent-link/process.h"
#include "channel/peer.h"
#include "channel/segment.h"

#include <cstdint>
#include <string>
#include <sys/types.h>

namespace ns3::tandem
{

/**
 * The warmed-up simulator that never runs an episode itself: it forks one per reset and reports
 * how each ended. From its second reset on it keeps the next one ready.
 *
 * Control messages, one per packet of a SOCK_SEQPACKET socket:
 *
 *     agent → zygote   RESET <seed> <number>      replace the running episode by a new one
 *     zygote → agent   READY                      shared memory attached, once
 *                      WARMUP                     a warm-up begins: the answer will take longer
 *                      EPISODE <pid> <number>     pidfd attached
 *                      UNWATCHED <pid> <number>   the same where the kernel gives no pidfd
 *                      EXIT <pid> <status>        wait status of an episode
 *
 * The number is the reset's: an agent that gave up a reset must not take its episode for the next.
 * A closed socket ends the zygote and the episode. Where the warm-up depends on the seed, a
 * ZygoteKeeper stands between agent and zygotes.
 */
class Zygote
{
  public:
    /** Its keeper asks for the end of the episode... */
    static constexpr const char* STOP = "STOP";
    /** ... and is told so. */
    static constexpr const char* STOPPED = "STOPPED";

    /**
     * @param commandFd where commands come from: the control socket, or the keeper's
     * @param agentFd the control socket, where the agent hears of episodes
     * @param commander pid of the process that gives the commands
     * @param segment the shared memory
     */
    Zygote(int commandFd, int agentFd, pid_t commander, const ::tandem::channel::Segment& segment);

    /** Serve until the agent goes away. @return the seed, in forked episodes only */
    uint64_t Run();

  private:
    /** In a forked process: wait for its episode. @return the seed */
    uint64_t BecomeEpisode();
    /** Let the next episode begin and tell the agent. */
    void Begin(const ResetCommand& reset);
    /** Take note of a child that has ended. */
    void NoteEnd(pid_t ended, int status);
    void StopEpisode();

    int m_commandFd;
    int m_agentFd;
    ::tandem::channel::PeerWatch m_commander;
    const ::tandem::channel::Segment& m_segment;
    int m_childFd{-1}; //!< readable when a child has ended
    NextEpisode m_next;
    pid_t m_episode{0};
};

} // namespace ns3::tandem

#endif // TANDEM_ZYGOTE_H
