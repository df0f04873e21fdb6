// SPDX-License-Identifier: MIT
/**
 * @file
 * What two processes do over real shared memory: both block kinds, spinning and sleeping, and one
 * that is killed in the middle.
 */
#ifndef TANDEM_CHANNEL_PROCESS_CHECKS_H
#define TANDEM_CHANNEL_PROCESS_CHECKS_H

#include "channel/duplex.h"
#include "channel/peer.h"
#include "channel/segment.h"
#include "channel/wait.h"
#include "checks.h"

#include <csignal>
#include <cstdint>
#include <ctime>
#include <memory>
#include <random>
#include <thread>
#include <vector>

namespace tandem::checks
{

using namespace tandem::channel;

constexpr std::uint32_t STEPS = 500;
constexpr std::size_t VALUES = 33;
const auto NEVER = [] { return false; };

/** Values that tell their step, so that a stale or torn block is seen. */
inline double
ValueOf(std::uint32_t step, std::size_t index)
{
    return static_cast<double>(step) * VALUES + static_cast<double>(index);
}

inline void
Fill(unsigned char* block, std::uint32_t step)
{
    auto* values = reinterpret_cast<double*>(block);
    for (std::size_t i = 0; i < VALUES; ++i)
    {
        values[i] = ValueOf(step, i);
    }
}

inline bool
Holds(const unsigned char* block, std::uint32_t step)
{
    const auto* values = reinterpret_cast<const double*>(block);
    for (std::size_t i = 0; i < VALUES; ++i)
    {
        if (values[i] != ValueOf(step, i))
        {
            return false;
        }
    }
    return true;
}

/** Now and then one side is slow, so that the other's wait ends in a sleep. */
inline void
SometimesPause(std::mt19937& random)
{
    const auto drawn = random() % 64;
    if (drawn == 0)
    {
        std::this_thread::sleep_for(std::chrono::microseconds(random() % 300));
    }
    else if (drawn < 4)
    {
        std::this_thread::yield();
    }
}

/** The simulator's side: publish, wait for the command, check the action. Endless with steps 0. */
inline void
Simulate(const Segment& segment, double spinUs, std::uint32_t steps)
{
    Waiter waiter(spinUs);
    std::mt19937 random(1);
    SlotHeader& slot = segment.Slot(0);
    for (std::uint32_t step = 0; steps == 0 || step < steps; ++step)
    {
        Fill(segment.Observation(0), step);
        Fill(segment.Records(0), step + 1);
        slot.simulator.epoch = step;
        slot.simulator.status.store(static_cast<std::uint32_t>(Status::DECISION),
                                    std::memory_order_release);
        SometimesPause(random);
        Post(slot.toAgent);
        while (!waiter.Wait(slot.toSimulator, step, NEVER))
        {
        }
        CHECK(slot.agent.command == static_cast<std::uint32_t>(Command::STEP));
        CHECK(Holds(segment.Action(0), step + 2));
    }
}

/** One step of the agent's side. @return false if the slice ended without a message */
inline bool
Act(const Segment& segment, Waiter& waiter, std::mt19937& random, std::uint32_t step)
{
    SlotHeader& slot = segment.Slot(0);
    if (!waiter.Wait(slot.toAgent, step, NEVER))
    {
        return false;
    }
    CHECK(slot.simulator.status.load(std::memory_order_acquire) ==
          static_cast<std::uint32_t>(Status::DECISION));
    CHECK(slot.simulator.epoch == step);
    CHECK(Holds(segment.Observation(0), step));
    CHECK(Holds(segment.Records(0), step + 1));
    Fill(segment.Action(0), step + 2);
    slot.agent.command = static_cast<std::uint32_t>(Command::STEP);
    SometimesPause(random);
    Post(slot.toSimulator);
    return true;
}

const Sizes STEP_SIZES{2, 0, VALUES * sizeof(double), VALUES * sizeof(double), VALUES * 8};

inline void
CheckSteps(double simulatorSpinUs, double agentSpinUs)
{
    Segment segment;
    const int fd = segment.Create(STEP_SIZES, "");
    const pid_t child = InChild([&] {
        Segment own; // mapped anew, at another address
        own.Open(fd);
        Simulate(own, simulatorSpinUs, STEPS);
    });
    close(fd);
    Waiter waiter(agentSpinUs);
    std::mt19937 random(2);
    for (std::uint32_t step = 0; step < STEPS;)
    {
        step += Act(segment, waiter, random, step) ? 1 : 0;
    }
    CHECK(WaitFor(child) == 0);
    CHECK(agentSpinUs > 0.0 || waiter.GetSleeps() > 0);
}

/** Killed at a random moment: the mapping stays good, and the watch tells. */
inline void
CheckKilledSteps()
{
    std::mt19937 random(3);
    for (int round = 0; round < 10; ++round)
    {
        Segment segment;
        close(segment.Create(STEP_SIZES, ""));
        const pid_t child = InChild([&] { Simulate(segment, 20.0, 0); });
        PeerWatch watch;
        watch.Watch(child);
        CHECK(!watch.IsDead());
        const auto killAt = random() % 300;
        Waiter waiter(20.0);
        std::uint32_t step = 0;
        while (true)
        {
            if (step == killAt)
            {
                kill(child, SIGKILL);
            }
            if (Act(segment, waiter, random, step))
            {
                ++step;
            }
            else if (watch.IsDead())
            {
                break;
            }
        }
        CHECK(step >= killAt);
        CHECK(WIFSIGNALED(WaitFor(child)));
    }
}

/** Blocks one after the other both ways; `kill` ends the sender in the middle. */
inline void
CheckDuplex(DuplexKind kind, double spinUs, bool killed)
{
    const DuplexItems items{kind, sizeof(double), sizeof(double)};
    const int fd = OfferMemory("tandem-checks");
    DuplexSegment segment;
    segment.Create(fd, items, VALUES * sizeof(double));
    const pid_t child = InChild([&] {
        DuplexSegment own;
        own.Open(fd, items);
        WayEnd out(spinUs);
        WayEnd in(spinUs);
        out.Attach(own.Header().toAgent);
        in.Attach(own.Header().toSimulator);
        std::mt19937 random(4);
        for (std::uint32_t step = 0; killed || step < STEPS; ++step)
        {
            out.SendBegin(NEVER);
            Fill(own.ToAgentBlock(), step);
            own.Header().toAgent.count.store(VALUES);
            SometimesPause(random);
            out.SendEnd();
            in.ReceiveBegin(NEVER);
            CHECK(Holds(own.ToSimulatorBlock(), step + 1));
            in.ReceiveEnd();
        }
    });
    close(fd);
    PeerWatch watch;
    watch.Watch(child);
    WayEnd in(spinUs);
    WayEnd out(spinUs);
    in.Attach(segment.Header().toAgent);
    out.Attach(segment.Header().toSimulator);
    const auto dead = [&watch] { return watch.IsDead(); };
    std::uint32_t step = 0;
    try
    {
        for (; killed || step < STEPS; ++step)
        {
            if (killed && step == STEPS / 20)
            {
                kill(child, SIGKILL);
            }
            in.ReceiveBegin(dead);
            CHECK(Holds(segment.ToAgentBlock(), step));
            CHECK(segment.Header().toAgent.count.load() == VALUES);
            in.ReceiveEnd();
            out.SendBegin(dead);
            Fill(segment.ToSimulatorBlock(), step + 1);
            out.SendEnd();
        }
        CHECK(!killed);
    }
    catch (const PeerDied&)
    {
        CHECK(killed && step >= STEPS / 20);
    }
    const int status = WaitFor(child);
    CHECK(killed ? WIFSIGNALED(status) : status == 0);
    // Another simulator starts where the last one ended.
    segment.Restart();
    CHECK(!in.HasMessage() || killed || step == STEPS);
    in.Restart();
    CHECK(!in.HasMessage());
}

/** Memory is found by its name while its owner lives, and by nobody afterwards. */
inline void
CheckOffers()
{
    const std::string name = "checks-" + std::to_string(getpid());
    CHECK(FindOffer(name) < 0);
    const int fd = OfferMemory(name);
    const int found = FindOffer(name);
    CHECK(found >= 0 && found != fd);
    close(found);
    const int second = OfferMemory(name);
    CHECK(Throws([&name] { FindOffer(name); }, "2 programs offer"));
    close(second);
    close(fd);
    CHECK(FindOffer(name) < 0);
    CHECK(close(OfferMemory(std::string(1000, 'x'))) == 0);
    PeerWatch nobody;
    CHECK(!nobody.IsDead());
    const pid_t gone = InChild([] {});
    CHECK(WaitFor(gone) == 0);
    nobody.Watch(gone);
    CHECK(nobody.IsDead());
    nobody.Watch(0);
    CHECK(!nobody.IsDead());
}

} // namespace tandem::checks

#endif // TANDEM_CHANNEL_PROCESS_CHECKS_H
