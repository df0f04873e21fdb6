// SPDX-License-Identifier: MIT
/**
 * @file
 * Millions of handovers, to be run under ThreadSanitizer (two threads on one mapping, since it sees
 * one process only) and as two processes.
 *
 *     stress threads|processes SECONDS SPIN_US SPIN_US
 *
 * Compiled with a copy of the headers whose slice is half a minute: a lost wake-up is then a wait
 * of half a minute without a message, which fails here. A wait may end sooner without one: a sender
 * that lost its core between its message and its wake-up call wakes whoever waits by then.
 */
#include "process_checks.h"

#include "watcher.h"

#include <atomic>
#include <chrono>
#include <cstring>
#include <sys/syscall.h>

using namespace tandem::checks;

namespace
{

constexpr std::uint32_t STOP = 0xffffffffU;
static_assert(SLICE_MS >= 30000, "a lost wake-up would be hidden by the end of its slice");

/**
 * Wait for a message; a wait that a late wake-up of the message before has ended begins again.
 *
 * @return false if a whole slice has passed without a message: a wake-up was lost
 */
bool
Await(Waiter& waiter, Mailbox& mailbox, std::uint32_t seen)
{
    using Clock = std::chrono::steady_clock;
    const auto start = Clock::now();
    while (!waiter.Wait(mailbox, seen, NEVER))
    {
        if (Clock::now() - start >= std::chrono::milliseconds(SLICE_MS))
        {
            return false;
        }
    }
    return true;
}

/** The simulator's side; the agent says when it is over. */
void
Publish(const Segment& segment, double spinUs)
{
    Waiter waiter(spinUs);
    std::mt19937 random(1);
    SlotHeader& slot = segment.Slot(0);
    for (std::uint32_t step = 0;; ++step)
    {
        Fill(segment.Observation(0), step);
        slot.simulator.epoch = step;
        SometimesPause(random);
        Post(slot.toAgent);
        CHECK(Await(waiter, slot.toSimulator, step));
        if (slot.agent.command == STOP)
        {
            return;
        }
        CHECK(Holds(segment.Action(0), step + 2));
    }
}

/** The agent's side. @return the number of steps */
std::uint32_t
Choose(const Segment& segment, double spinUs, double seconds, std::uint64_t& sleeps)
{
    using Clock = std::chrono::steady_clock;
    const auto end = Clock::now() + std::chrono::duration<double>(seconds);
    Waiter waiter(spinUs);
    std::mt19937 random(2);
    SlotHeader& slot = segment.Slot(0);
    for (std::uint32_t step = 0;; ++step)
    {
        CHECK(Await(waiter, slot.toAgent, step));
        CHECK(slot.simulator.epoch == step);
        CHECK(Holds(segment.Observation(0), step));
        Fill(segment.Action(0), step + 2);
        const bool over = Clock::now() >= end;
        slot.agent.command = over ? STOP : static_cast<std::uint32_t>(Command::STEP);
        SometimesPause(random);
        Post(slot.toSimulator);
        if (over)
        {
            sleeps = waiter.GetSleeps();
            return step + 1;
        }
    }
}

/** The thread that watches for deaths, given other processes to watch all the time. */
void
WatchMany(const Segment& segment, const std::atomic<bool>& over)
{
    tandem::bridge::Watcher watcher(segment.Slot(1).toAgent);
    std::uint32_t deaths = 0;
    while (!over.load() || deaths == 0)
    {
        const pid_t child = fork();
        CHECK(child >= 0);
        if (child == 0)
        {
            _exit(0);
        }
        const int pidfd = static_cast<int>(syscall(SYS_pidfd_open, child, 0));
        CHECK(pidfd >= 0);
        watcher.Watch({pidfd});
        while (!watcher.IsDead())
        {
            std::this_thread::yield();
        }
        ++deaths;
        int status = 0;
        CHECK(waitpid(child, &status, 0) == child);
    }
    std::printf("%u deaths noticed\n", deaths);
}

} // namespace

int
main(int argc, char* argv[])
{
    if (argc != 5)
    {
        std::fprintf(stderr, "usage: stress threads|processes SECONDS SPIN_US SPIN_US\n");
        return 2;
    }
    const double seconds = std::atof(argv[2]);
    const double simulatorSpinUs = std::atof(argv[3]);
    const double agentSpinUs = std::atof(argv[4]);
    Segment segment;
    const int fd = segment.Create(STEP_SIZES, "");
    std::uint64_t sleeps = 0;
    std::uint32_t steps = 0;
    if (std::strcmp(argv[1], "threads") == 0)
    {
        std::atomic<bool> over{false};
        std::thread watching([&] { WatchMany(segment, over); });
        std::thread simulator([&] { Publish(segment, simulatorSpinUs); });
        steps = Choose(segment, agentSpinUs, seconds, sleeps);
        simulator.join();
        over.store(true);
        watching.join();
    }
    else
    {
        const pid_t child = InChild([&] {
            Segment own;
            own.Open(fd);
            Publish(own, simulatorSpinUs);
        });
        steps = Choose(segment, agentSpinUs, seconds, sleeps);
        CHECK(WaitFor(child) == 0);
    }
    close(fd);
    std::printf("%llu handovers, the agent slept %llu times\n",
                2ULL * steps,
                static_cast<unsigned long long>(sleeps));
    return 0;
}
