// SPDX-License-Identifier: MIT
/**
 * @file
 * Shared memory as C++ allows it to behave, not as one processor does.
 *
 * A word is the list of all values ever stored to it. A load may return any of them but those older
 * than what its thread knows of: by its own accesses, by what it has acquired, and for a seq_cst
 * load by the seq_cst stores so far. A release takes along what its thread knows; who acquires it
 * learns it. What is not atomic must be ordered by that knowledge, or it is a race.
 *
 * Limits. Each word has one writer, as in the channel (checked), so the order of its values is that
 * of the writer. Results never come before their causes (no load buffering), as in the repaired C++
 * model RC11. seq_cst accesses take effect in the order of the exploration.
 *
 * The futex is taken to be no better than its manual page: FUTEX_WAIT and FUTEX_WAKE of one word
 * are ordered with each other and with nothing else. So FUTEX_WAIT may compare with a value that is
 * out of date, unless a FUTEX_WAKE after the newer one came before it.
 */
#ifndef TANDEM_MODEL_MEMORY_H
#define TANDEM_MODEL_MEMORY_H

#include "operations.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace tandem::model
{

constexpr std::size_t MAX_THREADS = 2;
constexpr std::size_t MAX_WORDS = 16;

/** What a thread knows of: the newest value of each word, and who has read it how often. */
struct Knowledge
{
    std::array<std::uint8_t, MAX_WORDS> newest{};
    /** Of words that are not atomic, by thread: who writes one must know of all reads. */
    std::array<std::array<std::uint8_t, MAX_WORDS>, MAX_THREADS> reads{};

    void Join(const Knowledge& other);
};

/** One value of an atomic word, with what its release took along. */
struct Message
{
    std::uint32_t value{0};
    Knowledge released{};
};

struct WordState
{
    std::vector<Message> messages{Message{}};
    std::uint8_t sequential{0}; //!< the newest seq_cst store
    std::uint8_t kernel{0};     //!< the newest value that a FUTEX_WAKE has told the kernel of
};

struct ThreadState
{
    std::uint32_t node{0}; //!< where its code stands, see Programs
    Knowledge known{};
    bool asleep{false};
    std::uint8_t word{0}; //!< where it sleeps
};

/** One state of memory and threads. Copied at each step of the exploration. */
struct State
{
    std::array<ThreadState, MAX_THREADS> threads;
    std::array<WordState, MAX_WORDS> words;
    std::array<std::array<std::uint8_t, MAX_WORDS>, MAX_THREADS> reads{}; //!< so far, by thread
    std::uint8_t sliceEndsLeft{0}; //!< sleeps that may end without cause

    /** Forget what all threads know and count from there, so that equal states look equal. */
    void Normalise();
    /** Everything that decides what can still happen, as bytes. */
    std::string Key() const;
};

/** A state that a step leads to, and what the step returned to its thread. */
struct Successor
{
    State state;
    std::uint32_t result;
};

/** All outcomes that a thread's next operation can have. @throws Violation for a data race */
std::vector<Successor> Apply(const State& state, std::size_t thread, const Operation& operation);

} // namespace tandem::model

#endif // TANDEM_MODEL_MEMORY_H
