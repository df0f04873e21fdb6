// SPDX-License-Identifier: MIT
/**
 * @file
 * Stand-ins for what the channel's headers use of the C++ library and the kernel. The test puts
 * them into copies of the headers by name; all else is the headers' own text.
 */
#ifndef TANDEM_MODEL_WORDS_H
#define TANDEM_MODEL_WORDS_H

#include "operations.h"

#include <chrono>
#include <ctime>
#include <linux/futex.h>

namespace tandem::model
{

/** In the place of std::atomic. */
template <typename T>
class Atomic
{
  public:
    static_assert(sizeof(T) <= sizeof(std::uint64_t));
    static constexpr bool is_always_lock_free = true;

    T load(std::memory_order order = std::memory_order_seq_cst) const
    {
        return static_cast<T>(Perform(Kind::LOAD, this, order, 0));
    }

    void store(T value, std::memory_order order = std::memory_order_seq_cst)
    {
        Perform(Kind::STORE, this, order, static_cast<std::uint32_t>(value));
    }

    T fetch_add(T value, std::memory_order order = std::memory_order_seq_cst)
    {
        return static_cast<T>(Perform(Kind::ADD, this, order, static_cast<std::uint32_t>(value)));
    }

  private:
    T m_unused{};
};

/** In the place of a word that is not atomic; a race on it is a failure. */
template <typename T>
class Plain
{
  public:
    Plain& operator=(T value)
    {
        Perform(Kind::WRITE, this, std::memory_order_relaxed, static_cast<std::uint32_t>(value));
        return *this;
    }

    operator T() const
    {
        return static_cast<T>(Perform(Kind::READ, this, std::memory_order_relaxed, 0));
    }

  private:
    T m_unused{};
};

/**
 * In the place of std::chrono::steady_clock: each look takes so long that a spin has two rounds.
 */
struct SteadyClock
{
    using duration = std::chrono::microseconds;
    using rep = duration::rep;
    using period = duration::period;
    using time_point = std::chrono::time_point<SteadyClock>;
    static constexpr bool is_steady = true;

    static time_point now()
    {
        constexpr std::int64_t LOOK_US = 40;
        CurrentRun().clockUs += LOOK_US;
        return time_point(duration(CurrentRun().clockUs));
    }
};

/** In the place of syscall(SYS_futex, …). */
inline long
FutexCall(std::uint32_t* word, int operation, std::uint32_t value, const timespec*, void*, int)
{
    return Perform(operation == FUTEX_WAIT ? Kind::WAIT : Kind::WAKE,
                   word,
                   std::memory_order_relaxed,
                   value);
}

} // namespace tandem::model

#endif // TANDEM_MODEL_WORDS_H
