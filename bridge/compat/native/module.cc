// SPDX-License-Identifier: MIT
/**
 * @file
 * The Python end of a duplex channel that carries Gym values, and what the launcher of a message
 * interface tells its segment.
 */
#include "codec.h"
#include "patience.h"
#include "turn_block.h"

#include "channel/duplex.h"
#include "channel/peer.h"

#include <algorithm>
#include <memory>
#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>

namespace tandem::compat
{

using namespace channel;

class GymChannel
{
  public:
    GymChannel(const std::string& name, std::uint64_t blockBytes, nb::object convert)
        : m_fd(OfferMemory(name)),
          m_numpy(std::make_shared<Numpy>()),
          m_convert(std::move(convert))
    {
        m_segment.Create(m_fd,
                         {DuplexKind::MESSAGES, 1, 1},
                         std::max<std::uint64_t>(blockBytes, DUPLEX_BLOCK_BYTES));
        m_toAgent.Attach(m_segment.Header().toAgent);
        m_toSimulator.Attach(m_segment.Header().toSimulator);
    }

    ~GymChannel()
    {
        close(m_fd);
    }

    GymChannel(const GymChannel&) = delete;
    GymChannel& operator=(const GymChannel&) = delete;

    int GetFd() const
    {
        return m_fd;
    }

    void Restart()
    {
        m_segment.Restart();
        m_toAgent.Restart();
        m_toSimulator.Restart();
        m_observation.reset();
        m_action.reset();
    }

    void Announce(int pid)
    {
        m_segment.Header().simulatorPid.store(pid);
    }

    int GetSimulatorPid() const
    {
        return m_segment.Header().simulatorPid.load();
    }

    void DeclareSpaces(nb::handle observation, nb::handle action)
    {
        m_observation = MakeNode(observation);
        m_action = MakeNode(action);
    }

    /** @return (kind, flags, reward, simulated time, value, text), or an Outcome */
    nb::object Receive(double timeoutS)
    {
        try
        {
            m_patience.Wait(timeoutS, m_toAgent.HasMessage(), [this](auto idle) {
                m_toAgent.ReceiveBegin(idle);
            });
        }
        catch (const PeerDied&)
        {
            return nb::int_(static_cast<int>(DIED));
        }
        catch (const TimedOut&)
        {
            return nb::int_(static_cast<int>(TIMED_OUT));
        }
        WireReader reader(m_segment.ToAgentBlock(),
                          m_segment.MessageBytes(m_segment.Header().toAgent));
        const auto header = reader.Get<StateHeader>();
        nb::object value = nb::none();
        if (header.valueBytes > 0)
        {
            value = Node::Read(reader, m_observation.get(), *m_numpy);
        }
        const auto* text = reinterpret_cast<const char*>(reader.GetBytes(header.textBytes));
        // A scenario's text may be any bytes.
        nb::object decoded = nb::steal(
            PyUnicode_DecodeUTF8(text, static_cast<Py_ssize_t>(header.textBytes), "replace"));
        m_toAgent.ReceiveEnd();
        return nb::make_tuple(static_cast<std::uint32_t>(header.kind),
                              header.flags,
                              header.reward,
                              header.simulatedTimeS,
                              value,
                              decoded);
    }

    /** @return false if the simulator is dead */
    bool Reply(std::uint32_t kind, nb::object action, const std::string& text)
    {
        try
        {
            m_patience.Wait(-1.0, m_toSimulator.CanSend(), [this](auto idle) {
                if (m_begun)
                {
                    return;
                }
                m_toSimulator.SendBegin(idle);
                m_begun = true;
            });
        }
        catch (const PeerDied&)
        {
            return false;
        }
        ReplyHeader header{static_cast<ReplyKind>(kind), 0, 0, text.size()};
        WireWriter writer(m_segment.ToSimulatorBlock(), m_segment.BlockBytes());
        writer.Put(header);
        if (!action.is_none())
        {
            if (m_action == nullptr)
            {
                throw nb::value_error("the scenario has no action space");
            }
            m_action->Write(action, writer); // may throw: nothing has been handed over then
        }
        header.valueBytes = writer.GetBytes() - sizeof header;
        std::memcpy(m_segment.ToSimulatorBlock(), &header, sizeof header);
        writer.PutBytes(text.data(), text.size());
        m_segment.Header().toSimulator.count.store(writer.GetBytes());
        m_begun = false;
        m_toSimulator.SendEnd();
        return true;
    }

  private:
    std::unique_ptr<Node> MakeNode(nb::handle description) const
    {
        return description.is_none() ? nullptr
                                     : std::make_unique<Node>(description, m_numpy, m_convert);
    }

    int m_fd;
    DuplexSegment m_segment;
    WayEnd m_toAgent;
    WayEnd m_toSimulator;
    Patience m_patience{m_segment};
    std::shared_ptr<Numpy> m_numpy;
    nb::object m_convert;
    std::unique_ptr<Node> m_observation;
    std::unique_ptr<Node> m_action;
    bool m_begun{false}; //!< the block is ours to write, after a refused action
};

/** A segment laid out by a user's module, mapped for as long as it takes to write one word. */
DuplexHeader*
MapHeader(int fd)
{
    void* base = mmap(nullptr, sizeof(DuplexHeader), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (base == MAP_FAILED || static_cast<DuplexHeader*>(base)->magic != DUPLEX_MAGIC)
    {
        throw std::runtime_error("the module has laid out no segment: rebuild it with "
                                 "`tandem build --compat`");
    }
    return static_cast<DuplexHeader*>(base);
}

void
RestartSegment(int fd)
{
    DuplexHeader* header = MapHeader(fd);
    RestartHeader(*header);
    munmap(header, sizeof *header);
}

void
AnnounceSimulator(int fd, int pid)
{
    DuplexHeader* header = MapHeader(fd);
    header->simulatorPid.store(pid);
    munmap(header, sizeof *header);
}

/** @return true once the simulator has told its end by the message interface */
bool
IsFinished(int fd)
{
    DuplexHeader* header = MapHeader(fd);
    const bool finished = header->finished.load() != 0;
    munmap(header, sizeof *header);
    return finished;
}

} // namespace tandem::compat

NB_MODULE(_duplex, m)
{
    using namespace tandem::compat;
    m.doc() = "Duplex channel to a simulator that speaks ns3-ai's or ns3-gym's interface.";
    m.attr("TIMED_OUT") = static_cast<int>(TIMED_OUT);
    m.attr("DIED") = static_cast<int>(DIED);
    m.attr("SPACES") = static_cast<std::uint32_t>(StateKind::SPACES);
    m.attr("STATE") = static_cast<std::uint32_t>(StateKind::STATE);
    m.attr("GAME_OVER") = static_cast<std::uint32_t>(StateFlag::GAME_OVER);
    m.attr("SIMULATION_END") = static_cast<std::uint32_t>(StateFlag::SIMULATION_END);
    m.attr("GO_ON") = static_cast<std::uint32_t>(ReplyKind::GO_ON);
    m.attr("ACTION") = static_cast<std::uint32_t>(ReplyKind::ACTION);
    m.attr("STOP") = static_cast<std::uint32_t>(ReplyKind::STOP);
    m.attr("BRANCH") = static_cast<std::uint32_t>(ReplyKind::BRANCH);
    m.attr("FORK") = static_cast<std::uint32_t>(ReplyKind::FORK);
    m.attr("NO_COPY") = NO_COPY;
    m.def("offer_memory", &OfferMemory, nb::arg("name"));
    m.def("restart_segment", &RestartSegment, nb::arg("fd"));
    m.def("announce_simulator", &AnnounceSimulator, nb::arg("fd"), nb::arg("pid"));
    m.def("is_finished", &IsFinished, nb::arg("fd"));
    nb::class_<TurnBlock>(m, "TurnBlock")
        .def(nb::init<const std::string&, std::uint64_t>(), nb::arg("name"), nb::arg("bytes"))
        .def_prop_ro("address", &TurnBlock::GetAddress)
        .def_prop_ro("simulator_pid", &TurnBlock::GetSimulatorPid)
        .def_prop_ro("version", &TurnBlock::GetVersion)
        .def_prop_ro("finished", &TurnBlock::IsFinished)
        .def("restart", &TurnBlock::Restart)
        .def("withdraw", &TurnBlock::Withdraw)
        .def("announce", &TurnBlock::Announce, nb::arg("pid"))
        .def("wait", &TurnBlock::Wait, nb::arg("mod"), nb::arg("res"))
        .def("hand_over", &TurnBlock::HandOver);
    nb::class_<GymChannel>(m, "GymChannel")
        .def(nb::init<const std::string&, std::uint64_t, nb::object>(),
             nb::arg("name"),
             nb::arg("block_bytes"),
             nb::arg("convert"))
        .def_prop_ro("fd", &GymChannel::GetFd)
        .def_prop_ro("simulator_pid", &GymChannel::GetSimulatorPid)
        .def("restart", &GymChannel::Restart)
        .def("announce", &GymChannel::Announce, nb::arg("pid"))
        .def("declare_spaces",
             &GymChannel::DeclareSpaces,
             nb::arg("observation").none(),
             nb::arg("action").none())
        .def("receive", &GymChannel::Receive, nb::arg("timeout_s") = -1.0)
        .def("reply",
             &GymChannel::Reply,
             nb::arg("kind"),
             nb::arg("action").none() = nb::none(),
             nb::arg("text") = "");
}
