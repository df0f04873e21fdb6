// SPDX-License-Identifier: MIT
/**
 * @file
 * All executions of a few threads, breadth first: the first failure found is the shortest.
 */
#ifndef TANDEM_MODEL_EXPLORER_H
#define TANDEM_MODEL_EXPLORER_H

#include "memory.h"

#include <cstring>
#include <functional>
#include <map>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace tandem::model
{

/** What a thread keeps from one turn to the next, as bytes. */
using Local = std::string;

/**
 * A thread's code: a loop whose turns begin with nothing but `local`.
 *
 * Each call is one turn; it returns false after the last. Turns that begin alike are explored once.
 */
struct Program
{
    Local first;
    std::function<bool(Local&)> turn;
};

/** @return a program of `Keep`, which is trivially copyable, and of turns that take one */
template <typename Keep, typename Turn>
Program
MakeProgram(const Keep& first, Turn turn)
{
    static_assert(std::is_trivially_copyable_v<Keep>);
    const Local bytes(reinterpret_cast<const char*>(&first), sizeof first);
    return {bytes, [turn](Local& local) {
                alignas(Keep) unsigned char memory[sizeof(Keep)];
                std::memcpy(memory, local.data(), sizeof memory);
                const bool goesOn = turn(*reinterpret_cast<Keep*>(memory));
                local.assign(reinterpret_cast<const char*>(memory), sizeof memory);
                return goesOn;
            }};
}

/**
 * The threads' code as trees: a node is where a turn began and the results since, and it has the
 * operation that comes next.
 */
class Programs
{
  public:
    explicit Programs(std::vector<Program> programs);

    /** @return the node where a thread starts */
    std::uint32_t Root(std::size_t thread) const;
    const Operation& At(std::uint32_t node) const;
    /** @return the node after this one's operation has returned `result` */
    std::uint32_t After(std::uint32_t node, std::uint32_t result);

  private:
    struct Node
    {
        std::size_t thread;
        Local local;
        std::vector<std::uint32_t> results;
        Operation operation;
        std::map<std::uint32_t, std::uint32_t> children;
    };

    std::uint32_t Begin(std::size_t thread, Local local);
    std::uint32_t Add(std::size_t thread, Local local, std::vector<std::uint32_t> results);

    std::vector<Program> m_programs;
    std::vector<std::uint32_t> m_roots;
    std::map<std::pair<std::size_t, Local>, std::uint32_t> m_begun;
    std::vector<Node> m_nodes;
};

struct Report
{
    std::uint64_t states{0};
    std::uint64_t endings{0};       //!< states in which all threads have ended
    std::string violation;          //!< empty if nothing is wrong
    std::vector<std::string> trace; //!< the steps that lead to it
};

/** Threads to explore together. */
struct Case
{
    const char* name;
    std::vector<Program> programs;
    std::uint8_t sliceEnds; //!< how many sleeps may end without cause
};

/**
 * Run two threads in all ways.
 *
 * @param programs their code
 * @param sliceEnds how many sleeps may end without cause
 * @param limit of states; more is a failure
 */
Report Explore(std::vector<Program> programs, std::uint8_t sliceEnds, std::uint64_t limit);

} // namespace tandem::model

#endif // TANDEM_MODEL_EXPLORER_H
