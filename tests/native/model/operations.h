// SPDX-License-Identifier: MIT
/**
 * @file
 * What a modelled thread does to shared memory, and how its code is run to its next operation.
 *
 * A thread's code is ordinary C++ (the channel's own headers). It is run from its start with the
 * results of its operations so far; at the first operation without a result it is abandoned. Code
 * is deterministic but for those results, so a thread's state *is* its list of results.
 */
#ifndef TANDEM_MODEL_OPERATIONS_H
#define TANDEM_MODEL_OPERATIONS_H

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

namespace tandem::model
{

enum class Kind : std::uint8_t
{
    LOAD,
    STORE,
    ADD,   //!< read-modify-write, returns the value before
    READ,  //!< of a word that is not atomic
    WRITE, //!< of a word that is not atomic
    WAIT,  //!< FUTEX_WAIT
    WAKE,  //!< FUTEX_WAKE
    DONE,  //!< the thread has ended
    FAILED //!< the thread found something wrong
};

struct Operation
{
    Kind kind{Kind::DONE};
    std::uint8_t word{0};
    std::memory_order order{std::memory_order_seq_cst};
    std::uint32_t value{0};
    std::string text; //!< of FAILED
};

/** What FUTEX_WAIT returns; the code under test must not depend on it. */
enum WaitResult : std::uint32_t
{
    WOKEN,
    VALUE_DIFFERS,
    SLICE_ENDED
};

/** Thrown at the first operation that has no result yet. */
struct Pending
{
    Operation operation;
};

/** Thrown by modelled code that finds something wrong. */
struct Violation
{
    std::string text;
};

/** The run that is under way: results so far, and what stands for the clock. */
struct Run
{
    const std::vector<std::uint32_t>* results{nullptr};
    std::size_t at{0};
    std::int64_t clockUs{0};
};

inline Run&
CurrentRun()
{
    static Run run;
    return run;
}

/** @return the number of a shared word, by its address */
std::uint8_t NumberOfWord(const void* address, const char* name = nullptr);
/** Forget all words, for other code. */
void ForgetWords();
/** @return the name that a word was given */
const std::string& NameOfWord(std::uint8_t word);

inline std::uint32_t
Perform(Kind kind, const void* address, std::memory_order order, std::uint32_t value)
{
    Run& run = CurrentRun();
    if (run.at < run.results->size())
    {
        return (*run.results)[run.at++];
    }
    throw Pending{
        {kind, NumberOfWord(address), order, value, {}}
    };
}

/** Modelled code says what must hold. */
inline void
Require(bool holds, const char* text)
{
    if (!holds)
    {
        throw Violation{text};
    }
}

} // namespace tandem::model

#endif // TANDEM_MODEL_OPERATIONS_H
