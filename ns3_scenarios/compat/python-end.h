// SPDX-License-Identifier: GPL-2.0-only
/**
 * @file
 * How the Python side of a message interface waits: without the interpreter's lock, with Ctrl-C,
 * and with an error when the simulator dies. `tandem build --compat` defines TANDEM_COMPAT_PYTHON
 * for users' pybind11 modules; a module built otherwise still notices the death.
 */
#ifndef TANDEM_COMPAT_PYTHON_END_H
#define TANDEM_COMPAT_PYTHON_END_H

#include "channel/duplex.h"
#include "channel/owner.h"
#include "channel/peer.h"

#include <stdexcept>
#include <string>

#ifdef TANDEM_COMPAT_PYTHON
#include <pybind11/pybind11.h>
#endif

namespace ns3::tandem::compat
{

/** Watches a segment's simulator between slices of waiting. */
class PythonEnd
{
  public:
    explicit PythonEnd(::tandem::channel::DuplexSegment& segment)
        : m_segment(segment)
    {
    }

    /** @throws std::runtime_error in forked copies of the process that made this */
    void CheckProcess() const
    {
        if (!m_owner.IsHere())
        {
            throw std::runtime_error(
                "this message interface belongs to process " +
                std::to_string(m_segment.Header().agentPid.load()) +
                ", which made it; this is a forked copy of that: make an Experiment here");
        }
    }

    /**
     * Wait by `wait(idle)`, where idle() tells whether the simulator is dead.
     *
     * @param ready true if the wait will not sleep, so that the lock can be kept
     * @param wait what waits
     * @param finishHandled the script asks whether the simulation is over
     * @return false if what is waited for does not come, as the simulation is over; only with
     *     `finishHandled`
     */
    template <typename WaitFunction>
    bool Run(bool ready, WaitFunction wait, bool finishHandled)
    {
        CheckProcess();
        try
        {
#ifdef TANDEM_COMPAT_PYTHON
            if (!ready)
            {
                const pybind11::gil_scoped_release release;
                wait([this] {
                    CheckSignals();
                    return IsDead();
                });
                return true;
            }
#endif
            wait([this] { return IsDead(); });
            return true;
        }
        catch (const ::tandem::channel::PeerDied&)
        {
            ReportEnd(finishHandled, false);
            return false;
        }
    }

    /**
     * Raise the simulator's end.
     *
     * @param finishHandled return if the simulation is over and the simulator did not fail
     * @param told the simulator has said that nothing more comes
     */
    void ReportEnd([[maybe_unused]] bool finishHandled, [[maybe_unused]] bool told) const
    {
        const int pid = m_segment.Header().simulatorPid.load();
#ifdef TANDEM_COMPAT_PYTHON
        try
        {
            // Knows the exit status, if the process is one of Experiment's.
            auto report = pybind11::module_::import("tandem.compat.launch").attr("raise_died");
            if (report(pid, finishHandled, told).cast<bool>())
            {
                return;
            }
        }
        catch (pybind11::error_already_set& error)
        {
            if (!error.matches(PyExc_ImportError))
            {
                throw;
            }
        }
#endif
        throw std::runtime_error("the simulator (process " + std::to_string(pid) +
                                 ") has ended; where it was started it says why");
    }

  private:
    bool IsDead()
    {
        m_watch.Watch(m_segment.Header().simulatorPid.load());
        return m_watch.IsDead();
    }

#ifdef TANDEM_COMPAT_PYTHON
    static void CheckSignals()
    {
        const pybind11::gil_scoped_acquire acquire;
        if (PyErr_CheckSignals() != 0)
        {
            throw pybind11::error_already_set();
        }
    }
#endif

    ::tandem::channel::DuplexSegment& m_segment;
    ::tandem::channel::PeerWatch m_watch;
    ::tandem::channel::Owner m_owner;
};

} // namespace ns3::tandem::compat

#endif // TANDEM_COMPAT_PYTHON_END_H
