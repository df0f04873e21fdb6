// SPDX-License-Identifier: GPL-2.0-only
#ifndef TANDEM_NEXT_EPISODE_H
#define TANDEM_NEXT_EPISODE_H

#include "channel/layout.h"

#include <cstdint>
#include <sys/types.h>

namespace ns3::tandem
{

/**
 * The process of the next episode. It can be forked before the agent asks for the episode, and
 * sleeps until it is told the seed, so that the fork is no part of a reset.
 *
 * While it sleeps it has a process group of its own: its parent can wait for all of the old
 * episode, branches included, without waiting for this one. It dies with its parent.
 */
class NextEpisode
{
  public:
    NextEpisode() = default;
    ~NextEpisode();
    NextEpisode(const NextEpisode&) = delete;
    NextEpisode& operator=(const NextEpisode&) = delete;

    /**
     * Fork it. In the new process WaitForStart() has to follow.
     *
     * @return true in the new process; false in its parent, where IsReady() tells whether there is
     *         one
     */
    bool Fork();
    bool IsReady() const;
    /** Let it play the episode of that seed. @return its pid */
    pid_t Start(uint64_t seed);
    /** A child of this process has ended: forget the process if it was that one. */
    void NoteEnd(pid_t ended);
    /** End the process that sleeps, if any. */
    void End();

    /** In the new process: sleep until Start(). @return the seed */
    uint64_t WaitForStart();

  private:
    /** Memory that both processes see. */
    struct Order
    {
        ::tandem::channel::Mailbox start;
        uint64_t seed;
    };

    void Forget();

    Order* m_order{nullptr};
    pid_t m_parent{0}; //!< of the new process
    pid_t m_pid{0};    //!< of the process that sleeps, 0 if there is none
};

} // namespace ns3::tandem

#endif // TANDEM_NEXT_EPISODE_H
