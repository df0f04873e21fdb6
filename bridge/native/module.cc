// SPDX-License-Identifier: MIT
/**
 * @file
 * The Python end of a channel: maps what the simulator created, writes actions, waits without
 * holding the interpreter. Everything that is not per step is left to Python.
 */
#include "crowd.h"
#include "joint_action.h"
#include "watcher.h"

#include "channel/segment.h"
#include "channel/wait.h"

#include <cerrno>
#include <chrono>
#include <exception>
#include <memory>
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>
#include <system_error>

namespace nb = nanobind;
using namespace tandem::channel;

namespace tandem::bridge
{

/** What wait(), post_action() and exchange() return besides a Status. */
enum Outcome : int
{
    TIMED_OUT = -1,
    DIED = -2,
    BUSY = -3,       //!< an earlier post is not answered yet
    UNREADABLE = -4, //!< the action has to be converted to an array first
    FOREIGN = -5,    //!< this process is a forked copy of the one that made the channel
    POSTED = -6,     //!< the simulator computes
};

/** Of all channels of this process. */
Crowd g_crowd;

/** Of an episode's actions; more are not kept. */
constexpr std::size_t MOST_PLAYED_BYTES = 8 << 20;

class Channel
{
  public:
    Channel(int fd, double spinUs)
        : m_waiter(spinUs)
    {
        m_segment.Open(fd);
        m_slot = &m_segment.Slot(0);
        m_watcher = std::make_unique<Watcher>(m_slot->toAgent);
    }

    ~Channel()
    {
        SetPending(false);
    }

    nb::bytes GetSchema() const
    {
        return nb::bytes(m_segment.Schema(), m_segment.Header().schemaBytes);
    }

    std::uint32_t GetSlots() const
    {
        return m_segment.Header().slots;
    }

    /** Declare one action block after the other, in the schema's order. */
    void DeclareAction(const std::string& name,
                       const std::vector<long>& shape,
                       bool real,
                       const std::vector<double>& low,
                       const std::vector<double>& high,
                       std::size_t offset)
    {
        ActionWriter block(name, shape, real, low, high);
        const std::uint64_t bytes = m_segment.Header().actionBytes;
        if (offset > bytes || block.GetBytes() > bytes - offset)
        {
            throw std::runtime_error("the schema's action block '" + name + "' has " +
                                     std::to_string(block.GetBytes()) + " bytes at " +
                                     std::to_string(offset) + ", the channel's actions have " +
                                     std::to_string(bytes));
        }
        m_action.Add(std::move(block), offset);
    }

    /** Check that all of the action was declared. */
    void CheckDeclared() const
    {
        if (m_action.GetBytes() != m_segment.Header().actionBytes)
        {
            throw std::runtime_error(
                "the schema's action blocks have " + std::to_string(m_action.GetBytes()) +
                " bytes, the channel's " + std::to_string(m_segment.Header().actionBytes));
        }
    }

    /** A new episode: forget the old one's messages and watch the new processes. */
    void Attach(std::vector<int> pidfds)
    {
        m_seen = 0;
        SetPending(false);
        g_crowd.CountProcessors();
        m_played.clear();
        m_allPlayed = true;
        m_watcher->Watch(std::move(pidfds));
    }

    /** Nobody is watched any more: frees the thread and its descriptors. */
    void Detach()
    {
        SetPending(false);
        const nb::gil_scoped_release release;
        m_watcher->Stop();
    }

    bool WriteAction(nb::handle action, std::uint32_t slot)
    {
        CheckSlot(slot);
        return m_action.Write(action, m_segment.Action(slot));
    }

    void Post(std::uint32_t command)
    {
        SetPending(true);
        m_slot->agent.crowded = g_crowd.IsCrowded();
        m_slot->agent.command = command;
        if (command == static_cast<std::uint32_t>(Command::STEP))
        {
            NotePlayed();
        }
        channel::Post(m_slot->toSimulator);
    }

    /** Ask for branches of so many epochs each; the actions lie in their slots. */
    void PostBranch(const std::vector<std::uint32_t>& epochs,
                    std::uint32_t parallel,
                    std::uint32_t future)
    {
        std::uint32_t first = 1;
        for (const std::uint32_t count : epochs)
        {
            CheckSlot(first);
            m_segment.Slot(first).agent.branchEpochs = count;
            first += count;
        }
        m_slot->agent.branchCount = static_cast<std::uint32_t>(epochs.size());
        m_slot->agent.branchParallel = parallel;
        m_slot->agent.future = future;
        Post(static_cast<std::uint32_t>(Command::BRANCH));
    }

    /** Ask for a simulator of its own that goes on from this decision. */
    void PostFork(std::uint32_t future)
    {
        m_slot->agent.future = future;
        Post(static_cast<std::uint32_t>(Command::FORK));
    }

    /** Wait for the simulator; timeoutS < 0 waits without a limit. */
    int Wait(double timeoutS)
    {
        const bool limited = timeoutS >= 0;
        const auto deadline = std::chrono::steady_clock::now() +
                              std::chrono::duration_cast<std::chrono::steady_clock::duration>(
                                  std::chrono::duration<double>(limited ? timeoutS : 0.0));
        while (!WaitSlice())
        {
            if (PyErr_CheckSignals() != 0)
            {
                throw nb::python_error();
            }
            if (m_watcher->IsDead())
            {
                // Its last message may have arrived before its end.
                if (m_slot->toAgent.sequence.load(std::memory_order_acquire) != m_seen)
                {
                    break;
                }
                return DIED;
            }
            if (limited && std::chrono::steady_clock::now() >= deadline)
            {
                return TIMED_OUT;
            }
        }
        ++m_seen;
        SetPending(false);
        return static_cast<int>(m_slot->simulator.status.load(std::memory_order_acquire));
    }

    /** Begin a step: check and write the action, post it. */
    int PostAction(nb::handle action)
    {
        if (IsForeign())
        {
            return FOREIGN;
        }
        if (m_pending)
        {
            return BUSY;
        }
        if (!m_action.Write(action, m_segment.Action(0)))
        {
            return UNREADABLE;
        }
        Post(static_cast<std::uint32_t>(Command::STEP));
        return POSTED;
    }

    /** One step: check and write the action, post it, wait for the next decision. */
    int Exchange(nb::handle action, double timeoutS)
    {
        const int outcome = PostAction(action);
        return outcome == POSTED ? Wait(timeoutS) : outcome;
    }

    /** @return true between a post and the end of its wait */
    bool IsPending() const
    {
        return m_pending;
    }

    bool IsDead() const
    {
        return m_watcher->IsDead();
    }

    /** @return true in forked copies of the process that made the channel: nothing works there */
    bool IsForeign() const
    {
        return !m_watcher->IsHere();
    }

    /** @return whether the simulator was last told to leave the processor to others soon */
    bool IsCrowded() const
    {
        return m_slot->agent.crowded != 0;
    }

    /** Ask the scenario what a policy of it would do at this decision. */
    void Ask(std::uint32_t policy)
    {
        m_slot->agent.policy = policy;
        Post(static_cast<std::uint32_t>(Command::ASK));
    }

    /** @return how many values of the present observation are set to their column's bounds */
    std::uint64_t GetClipped() const
    {
        return m_slot->simulator.clippedValues;
    }

    nb::dict GetSlotInfo(std::uint32_t slot) const
    {
        CheckSlot(slot);
        const SimulatorWords& words = m_segment.Slot(slot).simulator;
        nb::dict info;
        info["status"] = words.status.load(std::memory_order_acquire);
        info["epoch"] = words.epoch;
        info["exit_status"] = words.exitStatus;
        info["dropped_records"] = words.droppedRecords;
        info["simulated_time_s"] = words.simulatedTimeS;
        info["clipped_values"] = words.clippedValues;
        info["clipped_block"] = words.clippedBlock;
        info["clipped_column"] = words.clippedColumn;
        info["clipped_value"] = words.clippedValue;
        info["owner"] = words.owner.load();
        return info;
    }

    std::uint64_t GetSleeps() const
    {
        return m_waiter.GetSleeps();
    }

    /** The actions of this episode's steps one after another, or None if they are too many. */
    nb::object GetPlayed() const
    {
        if (!m_allPlayed)
        {
            return nb::none();
        }
        return nb::bytes(m_played.data(), m_played.size());
    }

    nb::bytes GetAction(std::uint32_t slot)
    {
        CheckSlot(slot);
        return nb::bytes(m_segment.Action(slot), m_segment.Header().actionBytes);
    }

    using Bytes = nb::ndarray<nb::numpy, std::uint8_t, nb::ndim<1>, nb::c_contig>;

    /** Not to be written to: the simulator writes only what it takes to be new. */
    using Sight = nb::ndarray<nb::numpy, const std::uint8_t, nb::ndim<1>, nb::c_contig>;

    Sight Observation(std::uint32_t slot)
    {
        CheckSlot(slot);
        return View<Sight>(m_segment.Observation(slot), m_segment.Header().observationBytes);
    }

    Bytes Records(std::uint32_t slot)
    {
        CheckSlot(slot);
        return View<Bytes>(m_segment.Records(slot), m_segment.Header().recordBytes);
    }

  private:
    void SetPending(bool pending)
    {
        if (pending != m_pending)
        {
            m_pending = pending;
            pending ? g_crowd.Enter() : g_crowd.Leave();
        }
    }

    bool WaitSlice()
    {
        const nb::gil_scoped_release release;
        return m_waiter.Wait(m_slot->toAgent, m_seen, [this] { return m_watcher->IsDead(); });
    }

    /** Keep the action that is posted, so that a failure can be played once more. */
    void NotePlayed()
    {
        const std::size_t bytes = m_segment.Header().actionBytes;
        m_allPlayed = m_allPlayed && m_played.size() + bytes <= MOST_PLAYED_BYTES;
        if (m_allPlayed)
        {
            const unsigned char* action = m_segment.Action(0);
            m_played.insert(m_played.end(), action, action + bytes);
        }
        else
        {
            m_played.clear();
        }
    }

    void CheckSlot(std::uint32_t slot) const
    {
        if (slot >= GetSlots())
        {
            throw nb::index_error("no such slot");
        }
    }

    template <typename Array>
    Array View(unsigned char* memory, std::size_t bytes)
    {
        // The view keeps this object, and so the mapping, alive.
        return Array(memory, {bytes}, nb::find(this));
    }

    Segment m_segment;
    SlotHeader* m_slot{nullptr};
    Waiter m_waiter;
    std::unique_ptr<Watcher> m_watcher;
    JointAction m_action;
    std::uint32_t m_seen{0}; //!< messages dealt with
    bool m_pending{false};
    std::vector<unsigned char> m_played; //!< actions of the steps
    bool m_allPlayed{true};              //!< m_played has all of them
};

} // namespace tandem::bridge

NB_MODULE(_native, m)
{
    using tandem::bridge::Channel;
    using tandem::bridge::InvalidAction;
    m.doc() = "Shared-memory channel to an ns-3 simulator (see ns3_scenarios/channel).";
    m.attr("TIMED_OUT") = static_cast<int>(tandem::bridge::TIMED_OUT);
    m.attr("DIED") = static_cast<int>(tandem::bridge::DIED);
    m.attr("BUSY") = static_cast<int>(tandem::bridge::BUSY);
    m.attr("UNREADABLE") = static_cast<int>(tandem::bridge::UNREADABLE);
    m.attr("FOREIGN") = static_cast<int>(tandem::bridge::FOREIGN);
    m.attr("POSTED") = static_cast<int>(tandem::bridge::POSTED);
    m.attr("LAYOUT_VERSION") = LAYOUT_VERSION;
    m.attr("DEFAULT_SPIN_US") = DEFAULT_SPIN_US;
    m.attr("RECORD_HEADER_BYTES") = RECORD_HEADER_BYTES;
    nb::exception<InvalidAction>(m, "InvalidActionError", PyExc_ValueError);
    // As OSError, so that Python sees the number: no descriptor left, no thread left.
    nb::register_exception_translator([](const std::exception_ptr& thrown, void*) {
        try
        {
            std::rethrow_exception(thrown);
        }
        catch (const std::system_error& error)
        {
            errno = error.code().value();
            PyErr_SetFromErrno(PyExc_OSError);
        }
    });
    nb::class_<Channel>(m, "Channel")
        .def(nb::init<int, double>(), nb::arg("fd"), nb::arg("spin_us"))
        .def_prop_ro("schema", &Channel::GetSchema)
        .def_prop_ro("slots", &Channel::GetSlots)
        .def_prop_ro("pending", &Channel::IsPending)
        .def_prop_ro("dead", &Channel::IsDead)
        .def_prop_ro("played", &Channel::GetPlayed)
        .def_prop_ro("sleeps", &Channel::GetSleeps)
        .def_prop_ro("foreign", &Channel::IsForeign)
        .def_prop_ro("crowded", &Channel::IsCrowded)
        .def("clipped", &Channel::GetClipped)
        .def("ask", &Channel::Ask, nb::arg("policy"))
        .def("declare_action",
             &Channel::DeclareAction,
             nb::arg("name"),
             nb::arg("shape"),
             nb::arg("real"),
             nb::arg("low"),
             nb::arg("high"),
             nb::arg("offset"))
        .def("check_declared", &Channel::CheckDeclared)
        .def("attach", &Channel::Attach, nb::arg("pidfds"))
        .def("detach", &Channel::Detach)
        .def("write_action", &Channel::WriteAction, nb::arg("action"), nb::arg("slot") = 0)
        .def("action", &Channel::GetAction, nb::arg("slot"))
        .def("post", &Channel::Post, nb::arg("command"))
        .def("post_action", &Channel::PostAction, nb::arg("action"))
        .def("post_branch",
             &Channel::PostBranch,
             nb::arg("epochs"),
             nb::arg("parallel"),
             nb::arg("future"))
        .def("post_fork", &Channel::PostFork, nb::arg("future"))
        .def("wait", &Channel::Wait, nb::arg("timeout_s") = -1.0)
        .def("exchange", &Channel::Exchange, nb::arg("action"), nb::arg("timeout_s") = -1.0)
        .def("slot_info", &Channel::GetSlotInfo, nb::arg("slot"))
        .def("observation", &Channel::Observation, nb::arg("slot"), nb::rv_policy::reference)
        .def("records", &Channel::Records, nb::arg("slot"), nb::rv_policy::reference);
}
