// SPDX-License-Identifier: MIT
#include "explorer.h"

#include <deque>
#include <unordered_set>

namespace tandem::model
{

namespace
{

struct WordNames
{
    std::map<const void*, std::uint8_t> numbers;
    std::vector<std::string> names;
};

WordNames&
Names()
{
    static WordNames names;
    return names;
}

/** 128 bits of a key: two different states share them with a probability below 1e-20. */
struct Digest
{
    std::uint64_t low;
    std::uint64_t high;

    bool operator==(const Digest& other) const
    {
        return low == other.low && high == other.high;
    }
};

struct DigestHash
{
    std::size_t operator()(const Digest& digest) const
    {
        return digest.low;
    }
};

/** FNV-1a, and the same with another prime and a shift in between. */
Digest
DigestOf(const std::string& key)
{
    std::uint64_t low = 0xcbf29ce484222325ULL;
    std::uint64_t high = 0x9ae16a3b2f90404fULL;
    for (const char byte : key)
    {
        low = (low ^ static_cast<unsigned char>(byte)) * 0x100000001b3ULL;
        high = (high ^ static_cast<unsigned char>(byte)) * 0xc2b2ae3d27d4eb4fULL;
        high ^= high >> 29;
    }
    return {low, high};
}

std::string
Describe(std::size_t thread, const Operation& operation, std::uint32_t result)
{
    static const char* const ORDERS[] =
        {"relaxed", "consume", "acquire", "release", "acq_rel", "seq_cst"};
    const std::string& word = NameOfWord(operation.word);
    const std::string order = ORDERS[static_cast<int>(operation.order)];
    const std::string value = std::to_string(operation.value);
    const std::string returned = std::to_string(result);
    const std::string who = "thread " + std::to_string(thread) + ": ";
    switch (operation.kind)
    {
    case Kind::LOAD:
        return who + word + " = " + returned + " (" + order + ")";
    case Kind::STORE:
        return who + word + " := " + value + " (" + order + ")";
    case Kind::ADD:
        return who + word + " += " + value + ", was " + returned + " (" + order + ")";
    case Kind::READ:
        return who + word + " = " + returned;
    case Kind::WRITE:
        return who + word + " := " + value;
    case Kind::WAIT:
        return who + "FUTEX_WAIT " + word + " == " + value + ": " +
               (result == WOKEN ? "asleep" : (result == SLICE_ENDED ? "slice ended" : "differs"));
    case Kind::WAKE:
        return who + "FUTEX_WAKE " + word;
    default:
        return who + operation.text;
    }
}

/** How a state was reached. */
struct Step
{
    std::uint32_t before;
    std::uint32_t node; //!< of the thread that moved
    std::uint32_t result;
    std::uint8_t thread;
};

struct Search
{
    Programs programs;
    Report report;
    std::vector<Step> steps;
    std::deque<std::pair<State, std::uint32_t>> open;
    std::unordered_set<Digest, DigestHash> seen;

    explicit Search(std::vector<Program> code)
        : programs(std::move(code))
    {
    }

    void Reach(State state, Step how)
    {
        state.Normalise();
        if (seen.insert(DigestOf(state.Key())).second)
        {
            steps.push_back(how);
            open.emplace_back(std::move(state), static_cast<std::uint32_t>(steps.size() - 1));
        }
    }

    void Fail(std::string violation, std::uint32_t step)
    {
        report.violation = std::move(violation);
        for (std::uint32_t at = step; at != 0; at = steps[at].before)
        {
            report.trace.insert(
                report.trace.begin(),
                Describe(steps[at].thread, programs.At(steps[at].node), steps[at].result));
        }
    }

    /** @return false if something is wrong */
    bool Expand(const State& state, std::uint32_t step)
    {
        bool moved = false;
        bool ended = true;
        for (std::size_t thread = 0; thread < MAX_THREADS; ++thread)
        {
            const ThreadState& self = state.threads[thread];
            const Operation operation = programs.At(self.node);
            if (operation.kind == Kind::DONE && !self.asleep)
            {
                continue;
            }
            ended = false;
            if (self.asleep)
            {
                continue;
            }
            moved = true;
            try
            {
                for (Successor& next : Apply(state, thread, operation))
                {
                    next.state.threads[thread].node = programs.After(self.node, next.result);
                    Reach(std::move(next.state),
                          {step, self.node, next.result, static_cast<std::uint8_t>(thread)});
                }
            }
            catch (const Violation& violation)
            {
                Fail(violation.text, step);
                report.trace.push_back(Describe(thread, operation, 0));
                return false;
            }
        }
        report.endings += ended ? 1 : 0;
        if (!moved && !ended)
        {
            Fail("a lost wake-up: nobody can go on, and somebody sleeps", step);
            return false;
        }
        return true;
    }
};

} // namespace

std::uint8_t
NumberOfWord(const void* address, const char* name)
{
    WordNames& names = Names();
    const auto next = static_cast<std::uint8_t>(names.names.size());
    const auto [found, isNew] = names.numbers.emplace(address, next);
    if (isNew)
    {
        names.names.emplace_back(name != nullptr ? name : "word " + std::to_string(next));
        if (names.names.size() > MAX_WORDS)
        {
            throw Violation{"more words than the model has"};
        }
    }
    return found->second;
}

void
ForgetWords()
{
    Names() = {};
}

const std::string&
NameOfWord(std::uint8_t word)
{
    return Names().names.at(word);
}

Programs::Programs(std::vector<Program> programs)
    : m_programs(std::move(programs))
{
    for (std::size_t thread = 0; thread < m_programs.size(); ++thread)
    {
        m_roots.push_back(Begin(thread, m_programs[thread].first));
    }
}

std::uint32_t
Programs::Root(std::size_t thread) const
{
    return m_roots[thread];
}

const Operation&
Programs::At(std::uint32_t node) const
{
    return m_nodes[node].operation;
}

std::uint32_t
Programs::After(std::uint32_t node, std::uint32_t result)
{
    const auto found = m_nodes[node].children.find(result);
    if (found != m_nodes[node].children.end())
    {
        return found->second;
    }
    std::vector<std::uint32_t> results = m_nodes[node].results;
    results.push_back(result);
    const std::uint32_t child = Add(m_nodes[node].thread, m_nodes[node].local, std::move(results));
    m_nodes[node].children[result] = child;
    return child;
}

std::uint32_t
Programs::Begin(std::size_t thread, Local local)
{
    const auto found = m_begun.find({thread, local});
    if (found != m_begun.end())
    {
        return found->second;
    }
    const std::uint32_t node = Add(thread, local, {});
    m_begun[{thread, std::move(local)}] = node;
    return node;
}

std::uint32_t
Programs::Add(std::size_t thread, Local local, std::vector<std::uint32_t> results)
{
    Operation next;
    CurrentRun() = {&results, 0, 0};
    try
    {
        Local after = local;
        if (m_programs[thread].turn(after))
        {
            return Begin(thread, std::move(after));
        }
    }
    catch (const Pending& pending)
    {
        next = pending.operation;
    }
    catch (const Violation& violation)
    {
        next.kind = Kind::FAILED;
        next.text = violation.text;
    }
    m_nodes.push_back({thread, std::move(local), std::move(results), next, {}});
    return static_cast<std::uint32_t>(m_nodes.size() - 1);
}

Report
Explore(std::vector<Program> programs, std::uint8_t sliceEnds, std::uint64_t limit)
{
    Search search(std::move(programs));
    State first;
    first.sliceEndsLeft = sliceEnds;
    for (std::size_t thread = 0; thread < MAX_THREADS; ++thread)
    {
        first.threads[thread].node = search.programs.Root(thread);
    }
    search.Reach(std::move(first), {0, 0, 0, 0});
    while (!search.open.empty())
    {
        const auto [state, step] = std::move(search.open.front());
        search.open.pop_front();
        if (++search.report.states > limit)
        {
            search.Fail("more than " + std::to_string(limit) + " states", step);
            break;
        }
        if (!search.Expand(state, step))
        {
            break;
        }
    }
    return search.report;
}

} // namespace tandem::model
