// SPDX-License-Identifier: GPL-2.0-only
#ifndef TANDEM_ZYGOTE_H
#define TANDEM_ZYGOTE_H

#include "channel/segment.h"

#include <cstdint>
#include <sys/types.h>

namespace ns3::tandem
{

/**
 * The warmed-up simulator that never runs an episode itself: it forks one per reset and reports
 * how each ended.
 *
 * Control messages, one per packet of a SOCK_SEQPACKET socket:
 *
 *     agent → zygote   RESET <seed>          replace the running episode by a new one
 *     zygote → agent   READY                 shared memory attached, once
 *                      EPISODE <pid>         pidfd attached
 *                      REFUSED <errno>       no episode: the kernel gives no pidfd of it
 *                      EXIT <pid> <status>   wait status of an episode
 *
 * A closed socket ends the zygote and the episode.
 */
class Zygote
{
  public:
    /**
     * @param controlFd this side's end of the control socket
     * @param agent the agent's pid
     * @param segment the shared memory
     */
    Zygote(int controlFd, pid_t agent, const ::tandem::channel::Segment& segment);

    /** Serve until the agent goes away. @return the seed, in forked episodes only */
    uint64_t Run();

  private:
    /** @return true in the child */
    bool Fork();
    void Reap(int options);
    void StopEpisode();

    int m_controlFd;
    pid_t m_agent;
    const ::tandem::channel::Segment& m_segment;
    int m_childFd{-1}; //!< readable when a child has ended
    pid_t m_episode{0};
};

} // namespace ns3::tandem

#endif // TANDEM_ZYGOTE_H
