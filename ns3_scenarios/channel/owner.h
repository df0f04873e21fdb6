// SPDX-License-Identifier: MIT
#ifndef TANDEM_CHANNEL_OWNER_H
#define TANDEM_CHANNEL_OWNER_H

#include <cstdint>
#include <pthread.h>

namespace tandem::channel
{

/**
 * The process that made an object. A forked copy has the same objects, whose shared memory and
 * threads are still its parent's. To ask costs one comparison, not a system call.
 */
class Owner
{
  public:
    /** @return true in the process that made this, false in forked copies of it */
    bool IsHere() const
    {
        return m_forks == Forks();
    }

  private:
    /** @return how many forks lie between the program's start and this process */
    static std::uint32_t Forks()
    {
        [[maybe_unused]] static const int watched =
            pthread_atfork(nullptr, nullptr, [] { ++m_count; });
        return m_count;
    }

    static inline std::uint32_t m_count{0};
    std::uint32_t m_forks{Forks()};
};

} // namespace tandem::channel

#endif // TANDEM_CHANNEL_OWNER_H
