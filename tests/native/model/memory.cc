// SPDX-License-Identifier: MIT
#include "memory.h"

namespace tandem::model
{

namespace
{

using Counts = std::array<std::uint8_t, MAX_WORDS>;

/** Count from `base` instead of from 0; what is below no longer matters. */
void
Rebase(Counts& counts, const Counts& base)
{
    for (std::size_t i = 0; i < MAX_WORDS; ++i)
    {
        counts[i] = static_cast<std::uint8_t>(std::max(counts[i], base[i]) - base[i]);
    }
}

Counts
LeastOf(const Counts& a, const Counts& b)
{
    Counts least{};
    for (std::size_t i = 0; i < MAX_WORDS; ++i)
    {
        least[i] = std::min(a[i], b[i]);
    }
    return least;
}

bool
Acquires(std::memory_order order)
{
    return order == std::memory_order_acquire || order == std::memory_order_acq_rel ||
           order == std::memory_order_seq_cst;
}

bool
Releases(std::memory_order order)
{
    return order == std::memory_order_release || order == std::memory_order_acq_rel ||
           order == std::memory_order_seq_cst;
}

/** A thread has taken note of a value. */
void
Take(ThreadState& thread, const WordState& word, std::uint8_t number, std::uint8_t at, bool acquire)
{
    thread.known.newest[number] = std::max(thread.known.newest[number], at);
    if (acquire)
    {
        thread.known.Join(word.messages[at].released);
    }
}

/** A thread adds a value, the newest of its word. */
void
Append(ThreadState& thread,
       WordState& word,
       std::uint8_t number,
       std::uint32_t value,
       std::memory_order order,
       const Knowledge* continued)
{
    if (thread.known.newest[number] + 1U != word.messages.size())
    {
        throw Violation{"a second writer of " + NameOfWord(number)};
    }
    const auto at = static_cast<std::uint8_t>(word.messages.size());
    thread.known.newest[number] = at;
    Message message{value, {}};
    message.released.newest[number] = at;
    if (Releases(order))
    {
        message.released.Join(thread.known);
    }
    if (continued != nullptr) // a read-modify-write carries on the release it has read
    {
        message.released.Join(*continued);
    }
    word.messages.push_back(message);
    if (order == std::memory_order_seq_cst)
    {
        word.sequential = at;
    }
}

/** Who touches a word that is not atomic must know of its last value. */
void
CheckKnown(const ThreadState& thread, const WordState& word, std::uint8_t number)
{
    if (thread.known.newest[number] + 1U != word.messages.size())
    {
        throw Violation{"a data race on " + NameOfWord(number)};
    }
}

std::vector<Successor>
Load(const State& state, std::size_t self, const Operation& operation)
{
    const std::uint8_t number = operation.word;
    const WordState& word = state.words[number];
    std::uint8_t oldest = state.threads[self].known.newest[number];
    if (operation.order == std::memory_order_seq_cst)
    {
        oldest = std::max(oldest, word.sequential);
    }
    std::vector<Successor> found;
    for (std::uint8_t at = oldest; at < word.messages.size(); ++at)
    {
        State next = state;
        Take(next.threads[self], word, number, at, Acquires(operation.order));
        found.push_back({std::move(next), word.messages[at].value});
    }
    return found;
}

std::vector<Successor>
Wait(const State& state, std::size_t self, const Operation& operation)
{
    const std::uint8_t number = operation.word;
    const WordState& word = state.words[number];
    const std::uint8_t oldest = std::max(state.threads[self].known.newest[number], word.kernel);
    std::vector<Successor> found;
    for (std::uint8_t at = oldest; at < word.messages.size(); ++at)
    {
        State next = state;
        Take(next.threads[self], word, number, at, false);
        if (word.messages[at].value != operation.value)
        {
            found.push_back({std::move(next), VALUE_DIFFERS});
            continue;
        }
        if (next.sliceEndsLeft > 0)
        {
            State ended = next;
            --ended.sliceEndsLeft;
            found.push_back({std::move(ended), SLICE_ENDED});
        }
        next.threads[self].asleep = true;
        next.threads[self].word = number;
        found.push_back({std::move(next), WOKEN});
    }
    return found;
}

} // namespace

void
Knowledge::Join(const Knowledge& other)
{
    for (std::size_t i = 0; i < MAX_WORDS; ++i)
    {
        newest[i] = std::max(newest[i], other.newest[i]);
        for (std::size_t thread = 0; thread < MAX_THREADS; ++thread)
        {
            reads[thread][i] = std::max(reads[thread][i], other.reads[thread][i]);
        }
    }
}

void
State::Normalise()
{
    static_assert(MAX_THREADS == 2, "compares two threads");
    const Knowledge base{
        LeastOf(threads[0].known.newest, threads[1].known.newest),
        {LeastOf(threads[0].known.reads[0], threads[1].known.reads[0]),
                                                            LeastOf(threads[0].known.reads[1], threads[1].known.reads[1])}
    };
    const auto rebase = [&base](Knowledge& knowledge) {
        Rebase(knowledge.newest, base.newest);
        Rebase(knowledge.reads[0], base.reads[0]);
        Rebase(knowledge.reads[1], base.reads[1]);
    };
    for (std::size_t i = 0; i < MAX_WORDS; ++i)
    {
        WordState& word = words[i];
        const std::uint8_t first = base.newest[i];
        word.messages.erase(word.messages.begin(), word.messages.begin() + first);
        word.sequential = std::max(word.sequential, first) - first;
        word.kernel = std::max(word.kernel, first) - first;
        for (Message& message : word.messages)
        {
            rebase(message.released);
        }
    }
    for (std::size_t thread = 0; thread < MAX_THREADS; ++thread)
    {
        rebase(threads[thread].known);
        Rebase(reads[thread], base.reads[thread]);
    }
}

std::string
State::Key() const
{
    std::string key;
    const auto put = [&key](const auto& object) {
        key.append(reinterpret_cast<const char*>(&object), sizeof object);
    };
    for (const ThreadState& thread : threads)
    {
        put(thread.node);
        put(thread.known);
        put(thread.asleep);
    }
    for (const WordState& word : words)
    {
        put(word.sequential);
        put(word.kernel);
        put(word.messages.size());
        for (const Message& message : word.messages)
        {
            put(message.value);
            put(message.released);
        }
    }
    put(reads);
    put(sliceEndsLeft);
    return key;
}

std::vector<Successor>
Apply(const State& state, std::size_t self, const Operation& operation)
{
    State next = state;
    ThreadState& thread = next.threads[self];
    const std::uint8_t number = operation.word;
    WordState& word = next.words[number];
    switch (operation.kind)
    {
    case Kind::LOAD:
        return Load(state, self, operation);
    case Kind::WAIT:
        return Wait(state, self, operation);
    case Kind::STORE:
        Append(thread, word, number, operation.value, operation.order, nullptr);
        return {
            {std::move(next), 0}
        };
    case Kind::ADD: {
        const auto newest = static_cast<std::uint8_t>(word.messages.size() - 1);
        const Message read = word.messages[newest];
        Take(thread, word, number, newest, Acquires(operation.order));
        Append(thread, word, number, read.value + operation.value, operation.order, &read.released);
        return {
            {std::move(next), read.value}
        };
    }
    case Kind::READ:
        CheckKnown(thread, word, number);
        thread.known.reads[self][number] = ++next.reads[self][number];
        return {
            {std::move(next), state.words[number].messages.back().value}
        };
    case Kind::WRITE:
        CheckKnown(thread, word, number);
        for (std::size_t other = 0; other < MAX_THREADS; ++other)
        {
            if (thread.known.reads[other][number] != next.reads[other][number])
            {
                throw Violation{"a data race on " + NameOfWord(number) + ", which is being read"};
            }
        }
        Append(thread, word, number, operation.value, operation.order, nullptr);
        return {
            {std::move(next), 0}
        };
    case Kind::WAKE:
        word.kernel = std::max(word.kernel, thread.known.newest[number]);
        for (ThreadState& other : next.threads)
        {
            if (other.asleep && other.word == number)
            {
                other.asleep = false;
            }
        }
        return {
            {std::move(next), 0}
        };
    default:
        throw Violation{operation.text};
    }
}

} // namespace tandem::model
