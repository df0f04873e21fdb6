// SPDX-License-Identifier: MIT
/**
 * @file
 * The channel's protocol under the memory model of memory.h, in all executions.
 *
 * tests/channel_model.py generates variants.inc: copies of the channel's headers in which atomics,
 * clock and system call are those of words.h, as they are and with one order weakened each. So what
 * is explored is the code that runs.
 *
 *     model NAME MESSAGES      NAME: a variant, or one of litmus.h
 *
 * Prints a line per case; status 1 and the shortest counterexample if one fails.
 */
#include "explorer.h"
#include "litmus.h"
#include "words.h"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

struct Variant
{
    const char* name;
    void (*nameWords)();
    std::vector<tandem::model::Case> (*cases)(std::uint32_t);
};

#include "variants.inc"

using namespace tandem::model;

namespace
{

constexpr std::uint64_t STATE_LIMIT = 5'000'000;

bool
Holds(const Case& each)
{
    const Report report = Explore(each.programs, each.sliceEnds, STATE_LIMIT);
    const bool holds = report.violation.empty() && report.endings > 0;
    std::printf("%s: %llu states, %llu endings, %s\n",
                each.name,
                static_cast<unsigned long long>(report.states),
                static_cast<unsigned long long>(report.endings),
                holds ? "ok" : report.violation.c_str());
    for (const std::string& step : report.trace)
    {
        std::printf("    %s\n", step.c_str());
    }
    return holds;
}

} // namespace

int
main(int argc, char* argv[])
{
    if (argc != 3)
    {
        std::fprintf(stderr, "usage: model NAME MESSAGES\n");
        return 2;
    }
    for (const Variant& variant : VARIANTS)
    {
        if (std::strcmp(variant.name, argv[1]) != 0)
        {
            continue;
        }
        variant.nameWords();
        const auto cases = variant.cases(static_cast<std::uint32_t>(std::atoi(argv[2])));
        return std::all_of(cases.begin(), cases.end(), Holds) ? 0 : 1;
    }
    for (const litmus::Litmus& each : litmus::All())
    {
        if (std::strcmp(each.name, argv[1]) == 0)
        {
            return Holds(each.program) ? 0 : 1;
        }
    }
    std::fprintf(stderr, "no variant %s\n", argv[1]);
    return 2;
}
