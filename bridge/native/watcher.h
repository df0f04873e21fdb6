// SPDX-License-Identifier: MIT
#ifndef TANDEM_BRIDGE_WATCHER_H
#define TANDEM_BRIDGE_WATCHER_H

#include "channel/owner.h"
#include "channel/wait.h"

#include <atomic>
#include <cerrno>
#include <memory>
#include <mutex>
#include <poll.h>
#include <sys/eventfd.h>
#include <system_error>
#include <thread>
#include <unistd.h>
#include <vector>

namespace tandem::bridge
{

/**
 * A thread that notices the death of the simulator's processes and wakes whoever waits for them,
 * within a millisecond instead of a futex slice. It sleeps in poll() on pidfds otherwise.
 */
class Watcher
{
  public:
    /** @param wakeUp the mailbox whose reader is to be woken */
    explicit Watcher(channel::Mailbox& wakeUp)
        : m_mailbox(wakeUp),
          m_control(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK))
    {
        if (m_control < 0)
        {
            throw std::system_error(errno, std::generic_category(), "eventfd");
        }
        try
        {
            m_thread = std::make_unique<std::thread>([this] { Run(); });
        }
        catch (...)
        {
            close(m_control);
            throw;
        }
    }

    ~Watcher()
    {
        if (m_owner.IsHere())
        {
            Stop();
        }
        else
        {
            // A forked copy has no such thread, and what the thread was doing is half done in it.
            [[maybe_unused]] const auto* leaked = m_thread.release();
        }
    }

    /** @return true in the process that started the thread, false in forked copies */
    bool IsHere() const
    {
        return m_owner.IsHere();
    }

    /**
     * End the thread and close its descriptors: whoever waits is told of a death. May be called
     * again, and from any thread.
     */
    void Stop()
    {
        const std::lock_guard<std::mutex> stopping(m_stopping);
        if (!m_thread->joinable())
        {
            return;
        }
        m_stop.store(true);
        Notify();
        m_thread->join();
        const std::lock_guard<std::mutex> lock(m_mutex);
        close(m_control);
        m_control = -1;
        CloseAll(m_watched);
        CloseAll(m_next);
        TellDeath();
    }

    /** Watch these processes from now on instead of the former; the pidfds become the watcher's. */
    void Watch(std::vector<int> pidfds)
    {
        const std::lock_guard<std::mutex> lock(m_mutex);
        CloseAll(m_next);
        m_next = std::move(pidfds);
        if (m_control < 0) // stopped
        {
            CloseAll(m_next);
            return;
        }
        m_changed = true;
        m_dead.store(false);
        Notify();
    }

    /** @return true once a watched process has died */
    bool IsDead() const
    {
        return m_dead.load();
    }

  private:
    static void CloseAll(std::vector<int>& fds)
    {
        for (const int fd : fds)
        {
            close(fd);
        }
        fds.clear();
    }

    void Notify()
    {
        const std::uint64_t one = 1;
        [[maybe_unused]] const auto written = write(m_control, &one, sizeof one);
    }

    void TellDeath()
    {
        m_dead.store(true);
        channel::Futex(m_mailbox.sequence, FUTEX_WAKE, INT_MAX, nullptr);
    }

    void Run()
    {
        while (!m_stop.load())
        {
            std::vector<pollfd> polled{
                {m_control, POLLIN, 0}
            };
            for (const int fd : m_watched)
            {
                polled.push_back({fd, POLLIN, 0});
            }
            if (poll(polled.data(), polled.size(), -1) < 0)
            {
                continue;
            }
            std::uint64_t count = 0;
            [[maybe_unused]] const auto drained = read(m_control, &count, sizeof count);
            bool died = false;
            for (std::size_t i = 1; i < polled.size(); ++i)
            {
                died = died || polled[i].revents != 0;
            }
            const std::lock_guard<std::mutex> lock(m_mutex);
            if (m_changed)
            {
                CloseAll(m_watched);
                m_watched.swap(m_next);
                m_changed = false;
            }
            else if (died)
            {
                // Told once; what is dead would make poll() return for ever.
                CloseAll(m_watched);
                TellDeath();
            }
        }
    }

    channel::Mailbox& m_mailbox;
    int m_control;
    channel::Owner m_owner;
    std::unique_ptr<std::thread> m_thread;
    std::atomic<bool> m_stop{false};
    std::atomic<bool> m_dead{false};
    std::mutex m_stopping; //!< one Stop() at a time
    std::mutex m_mutex;    //!< guards m_next, m_changed
    std::vector<int> m_watched;
    std::vector<int> m_next;
    bool m_changed{false};
};

} // namespace tandem::bridge

#endif // TANDEM_BRIDGE_WATCHER_H
