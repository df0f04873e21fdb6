// SPDX-License-Identifier: GPL-2.0-only
#ifndef TANDEM_ZYGOTE_KEEPER_H
#define TANDEM_ZYGOTE_KEEPER_H

#include "channel/peer.h"

#include <cstdint>
#include <list>
#include <sys/types.h>

namespace ns3::tandem
{

/** What a zygote is to warm up for, and where its commands come from. */
struct ZygoteOrder
{
    uint64_t seed; //!< what the warm-up depends on
    int commandFd; //!< the zygote's end of the socket to its keeper
};

/**
 * The built simulator that has not been warmed up. Where stations stand depends on the seed, and
 * a radio has to be warmed up at its place, so each seed needs a warm-up, and a zygote, of its
 * own: this process forks them, passes each RESET on to the one of that seed, and keeps those used
 * last.
 *
 * It understands the agent's messages as a Zygote does; its zygotes answer the agent themselves.
 * Before a warm-up it sends the agent WARMUP.
 * It ends them by closing their socket. If the zygote in use ends by itself (a fatal error in its
 * warm-up), so does this process, in the same way.
 */
class ZygoteKeeper
{
  public:
    /**
     * @param agentFd this side's end of the control socket
     * @param agent the agent's pid
     * @param kept how many zygotes are kept, at least 1
     */
    ZygoteKeeper(int agentFd, pid_t agent, uint32_t kept);

    /** Serve until the agent goes away. @return what to warm up for, in forked zygotes only */
    ZygoteOrder Run();

  private:
    struct Kept
    {
        uint64_t seed;
        pid_t pid;
        int commandFd; //!< this side's end
    };

    /** Make the zygote of @p seed the one in use. @return true in a new zygote */
    bool Select(uint64_t seed);
    /** @return true in the child */
    bool Fork(uint64_t seed);
    /** Have the zygote in use stop its episode. */
    void StopEpisode();
    void End(const Kept& zygote);
    void EndAll();
    void Reap();

    int m_agentFd;
    ::tandem::channel::PeerWatch m_agent;
    uint32_t m_limit;
    int m_childFd{-1};      //!< readable when a child has ended
    int m_ownFd{-1};        //!< in a new zygote: its end of the socket
    std::list<Kept> m_kept; //!< used last first; the front one is in use
};

} // namespace ns3::tandem

#endif // TANDEM_ZYGOTE_KEEPER_H
