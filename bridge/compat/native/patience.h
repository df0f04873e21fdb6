// SPDX-License-Identifier: MIT
/**
 * @file
 * How the Python end of a segment waits for its simulator.
 */
#ifndef TANDEM_COMPAT_PATIENCE_H
#define TANDEM_COMPAT_PATIENCE_H

#include "channel/duplex.h"
#include "channel/peer.h"

#include <chrono>
#include <nanobind/nanobind.h>

namespace tandem::compat
{

namespace nb = nanobind;

/** What a wait returns instead of a message. */
enum Outcome : int
{
    TIMED_OUT = -1,
    DIED = -2
};

/** Ends a wait from its idle function. */
struct TimedOut
{
};

/**
 * Waits without the interpreter's lock; signals, death and time are looked at between slices.
 */
class Patience
{
  public:
    explicit Patience(const channel::DuplexSegment& segment)
        : m_segment(segment)
    {
    }

    /**
     * @param timeoutS longest wait, s; negative: no limit
     * @param ready true if the wait will not sleep, so that the lock can be kept
     * @param wait what waits; takes the idle function
     * @throws TimedOut, or what wait() throws when the simulator has died
     */
    template <typename WaitFunction>
    void Wait(double timeoutS, bool ready, WaitFunction wait)
    {
        using Clock = std::chrono::steady_clock;
        const auto start = Clock::now();
        const auto idle = [this, start, timeoutS, ready] {
            if (!ready)
            {
                const nb::gil_scoped_acquire acquire;
                if (PyErr_CheckSignals() != 0)
                {
                    throw nb::python_error();
                }
            }
            m_simulator.Watch(m_segment.Header().simulatorPid.load());
            if (m_simulator.IsDead())
            {
                return true;
            }
            if (timeoutS >= 0 &&
                std::chrono::duration<double>(Clock::now() - start).count() >= timeoutS)
            {
                throw TimedOut();
            }
            return false;
        };
        if (ready)
        {
            wait(idle);
            return;
        }
        const nb::gil_scoped_release release;
        wait(idle);
    }

  private:
    const channel::DuplexSegment& m_segment;
    channel::PeerWatch m_simulator;
};

} // namespace tandem::compat

#endif // TANDEM_COMPAT_PATIENCE_H
