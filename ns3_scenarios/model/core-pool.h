// SPDX-License-Identifier: GPL-2.0-only
#ifndef TANDEM_CORE_POOL_H
#define TANDEM_CORE_POOL_H

#include "ns3/event-id.h"
#include "ns3/nstime.h"

#include <cstdint>
#include <deque>
#include <functional>
#include <map>

namespace ns3::tandem
{

/** What a processor has done since the start of the simulation; take differences. */
struct CoreCounters
{
    double busyS{0};       //!< core-seconds in use
    double backgroundS{0}; //!< the part of them that background jobs used
};

/**
 * A processor with m equal cores and one first-in, first-out queue. A job holds one core for its
 * service time; there is no sharing and no pre-emption.
 */
class CorePool
{
  public:
    using Job = uint64_t; //!< names a job; never used twice

    /** @param cores number of cores, at least 1 */
    explicit CorePool(uint32_t cores);
    ~CorePool();
    CorePool(const CorePool&) = delete;
    CorePool& operator=(const CorePool&) = delete;

    /**
     * Append a job to the queue; it starts at once when a core is free.
     * @param service time on a core
     * @param background whether it counts as background load
     * @param onStart called when a core takes it up; may be empty
     * @param onEnd called when it is done; may be empty
     */
    Job Submit(Time service,
               bool background,
               std::function<void()> onStart,
               std::function<void()> onEnd);

    /** Take a job out, from the queue or off its core. An unknown or finished job is ignored. */
    void Cancel(Job job);

    uint32_t GetCores() const;
    /** @return cores in use now */
    uint32_t GetBusyCores() const;
    /** @return jobs that wait now */
    uint32_t GetQueueLength() const;
    /** @return core-seconds of work that waits or is in progress now */
    double GetBacklogS() const;
    CoreCounters Count() const;

  private:
    struct Entry
    {
        Job job;
        Time service;
        bool background;
        std::function<void()> onStart;
        std::function<void()> onEnd;
    };

    struct Running
    {
        Time end;
        bool background;
        EventId event;
        std::function<void()> onEnd;
    };

    void Dispatch();
    void Finish(Job job);
    void Integrate();

    uint32_t m_cores;
    std::deque<Entry> m_queue;
    std::map<Job, Running> m_running;
    uint32_t m_runningBackground{0};
    Job m_nextJob{1};
    CoreCounters m_counters;
    Time m_integratedUntil;
};

} // namespace ns3::tandem

#endif // TANDEM_CORE_POOL_H
