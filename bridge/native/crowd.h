// SPDX-License-Identifier: MIT
/**
 * @file
 * Whether this process and the simulators that compute for it are more than the processors.
 */
#ifndef TANDEM_BRIDGE_CROWD_H
#define TANDEM_BRIDGE_CROWD_H

#include <algorithm>
#include <sched.h>

namespace tandem::bridge
{

/**
 * Counts the simulators that compute at the same time. Of all channels of a process; whoever
 * calls holds the interpreter's lock.
 */
class Crowd
{
  public:
    /** Look how many processors this process may use now. */
    void CountProcessors()
    {
        cpu_set_t allowed;
        if (sched_getaffinity(0, sizeof(allowed), &allowed) == 0)
        {
            m_processors = CPU_COUNT(&allowed);
        }
    }

    /** A simulator begins to compute. */
    void Enter()
    {
        ++m_computing;
        m_most = std::max(m_most, m_computing);
    }

    /** It has answered, or is gone. */
    void Leave()
    {
        if (--m_computing == 0)
        {
            m_mostBefore = m_most;
            m_most = 0;
        }
    }

    /** @return whether that holds now, or held when simulators computed the last time */
    bool IsCrowded() const
    {
        const int agent = 1;
        return std::max(m_most, m_mostBefore) + agent > m_processors;
    }

  private:
    int m_processors{CPU_SETSIZE}; //!< more than that many do not fit into the mask
    int m_computing{0};
    int m_most{0};       //!< at once, since none did
    int m_mostBefore{0}; //!< the time before
};

} // namespace tandem::bridge

#endif // TANDEM_BRIDGE_CROWD_H
