// SPDX-License-Identifier: MIT
/**
 * @file
 * The textbook's small programs, by which the memory model itself is checked: what C++ forbids must
 * not be found, what it allows must be.
 */
#ifndef TANDEM_MODEL_LITMUS_H
#define TANDEM_MODEL_LITMUS_H

#include "explorer.h"
#include "words.h"

namespace tandem::model::litmus
{

inline Atomic<std::uint32_t> x;
inline Atomic<std::uint32_t> y;
inline Atomic<std::uint32_t> told;
inline Plain<std::uint32_t> data;

/** A thread that runs once. */
template <typename Code>
Program
Once(Code code)
{
    return MakeProgram(0, [code](int&) {
        code();
        return false;
    });
}

/** Data, then a flag: who sees the flag may read the data. */
inline Case
MessagePassing(std::memory_order store, std::memory_order load)
{
    return {
        "message passing",
        {Once([store] {
             data = 1;
             x.store(1, store);
         }),
          Once([load] {
             if (x.load(load) == 1)
             {
                 Require(data == 1, "old data");
             }
         })},
        0
    };
}

/** Each writes its word and reads the other's: both must not read the old values. */
inline Case
StoreBuffering(std::memory_order store, std::memory_order load)
{
    return {
        "store buffering",
        {Once([store, load] {
             x.store(1, store);
             told.store(1 + y.load(load), std::memory_order_relaxed);
         }),
          Once([store, load] {
             y.store(1, store);
             const std::uint32_t mine = x.load(load);
             const std::uint32_t theirs = told.load(std::memory_order_relaxed);
             Require(mine == 1 || theirs != 1, "both read the old values");
         })},
        0
    };
}

/** Two reads of one word do not go back in time. */
inline Case
Coherence()
{
    return {
        "coherence",
        {Once([] {
             x.store(1, std::memory_order_relaxed);
             x.store(2, std::memory_order_relaxed);
         }),
          Once([] {
             const std::uint32_t first = x.load(std::memory_order_relaxed);
             Require(x.load(std::memory_order_relaxed) >= first, "back in time");
         })},
        0
    };
}

/** A read that does not see the flag of a writer that waits for nobody. */
inline Case
UnorderedRead()
{
    return {
        "unordered read",
        {Once([] { data = 1; }), Once([] { Require(data <= 1, "impossible"); })},
        0
    };
}

struct Litmus
{
    const char* name;
    Case program;
};

inline std::vector<Litmus>
All()
{
    constexpr auto RELAXED = std::memory_order_relaxed;
    constexpr auto ACQUIRE = std::memory_order_acquire;
    constexpr auto RELEASE = std::memory_order_release;
    constexpr auto SEQ_CST = std::memory_order_seq_cst;
    return {
        {"passing_release_acquire", MessagePassing(RELEASE, ACQUIRE)},
        {"passing_seq_cst", MessagePassing(SEQ_CST, SEQ_CST)},
        {"passing_relaxed_store", MessagePassing(RELAXED, ACQUIRE)},
        {"passing_relaxed_load", MessagePassing(RELEASE, RELAXED)},
        {"buffering_seq_cst", StoreBuffering(SEQ_CST, SEQ_CST)},
        {"buffering_release_acquire", StoreBuffering(RELEASE, ACQUIRE)},
        {"buffering_one_sided", StoreBuffering(SEQ_CST, ACQUIRE)},
        {"coherence", Coherence()},
        {"unordered_read", UnorderedRead()},
    };
}

} // namespace tandem::model::litmus

#endif // TANDEM_MODEL_LITMUS_H
