// SPDX-License-Identifier: GPL-2.0-only
#ifndef TANDEM_COMPAT_MSG_INTERFACE_H
#define TANDEM_COMPAT_MSG_INTERFACE_H

#include "channel/duplex.h"
#include "channel/peer.h"
#include "compat/python-end.h"
#include "compat/shared-vector.h"
#include "compat/simulator-end.h"
#include "compat/tag.h"

#include <ns3/singleton.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

namespace ns3
{

/**
 * One struct, or one vector of structs, in each direction between a simulator and Python: the
 * message interface of ns3-ai on tandem's channel.
 *
 * The Python side offers the memory and comes first; it calls the Py methods through the user's
 * pybind11 module. The simulator calls the Cpp methods. Every Begin waits for the other side, every
 * End hands over. If Python ends, the simulator exits with status 3. If the simulator ends, the Py
 * methods raise; if it ends with status 0 and the script handles the finish, PyGetFinished() says
 * so.
 */
template <typename Cpp2PyMsgType, typename Py2CppMsgType>
class TANDEM_COMPAT Ns3AiMsgInterfaceImpl
{
    template <typename T>
    static constexpr bool IS_PLAIN =
        std::is_trivially_destructible_v<T> && !std::is_polymorphic_v<T>;
    static_assert(IS_PLAIN<Cpp2PyMsgType> && IS_PLAIN<Py2CppMsgType>,
                  "types in shared memory must hold their data in themselves: no std::string, "
                  "std::vector, pointers to memory of one process or virtual methods");

  public:
    using Cpp2PyMsgVector = tandem::compat::SharedVector<Cpp2PyMsgType>;
    using Py2CppMsgVector = tandem::compat::SharedVector<Py2CppMsgType>;

    Ns3AiMsgInterfaceImpl() = delete;
    Ns3AiMsgInterfaceImpl(const Ns3AiMsgInterfaceImpl&) = delete;
    Ns3AiMsgInterfaceImpl& operator=(const Ns3AiMsgInterfaceImpl&) = delete;

    /**
     * @param is_memory_creator true on the Python side
     * @param use_vector vectors of structs instead of single ones
     * @param handle_finish the simulator's end is told by PyGetFinished()
     * @param size least number of bytes of each direction's memory; 64 MiB are there anyhow
     * @param segment_name told by both sides; "fd:N" on the Python side is memory already open
     *
     * The names of objects in the segment are taken for compatibility: a segment has its own.
     */
    explicit Ns3AiMsgInterfaceImpl(bool is_memory_creator,
                                   bool use_vector,
                                   bool handle_finish,
                                   uint32_t size = 4096,
                                   const char* segment_name = "My Seg",
                                   const char* /* cpp2py_msg_name */ = "",
                                   const char* /* py2cpp_msg_name */ = "",
                                   const char* /* lockable_name */ = "")
        : m_isAgent(is_memory_creator),
          m_useVector(use_vector),
          m_handleFinish(handle_finish),
          m_python(m_segment)
    {
        const ::tandem::channel::DuplexItems items{use_vector
                                                       ? ::tandem::channel::DuplexKind::VECTOR
                                                       : ::tandem::channel::DuplexKind::STRUCT,
                                                   sizeof(Cpp2PyMsgType),
                                                   sizeof(Py2CppMsgType)};
        if (m_isAgent)
        {
            Offer(segment_name, items, size);
        }
        else
        {
            tandem::compat::OpenSegment(m_segment, {segment_name}, items);
            m_agent.Watch(m_segment.Header().agentPid.load());
        }
        auto& header = m_segment.Header();
        m_toAgent.Attach(header.toAgent);
        m_toSimulator.Attach(header.toSimulator);
        m_cpp2pyVector.Attach(header.toAgent, m_segment.ToAgentBlock(), m_segment.BlockBytes());
        m_py2cppVector.Attach(header.toSimulator,
                              m_segment.ToSimulatorBlock(),
                              m_segment.BlockBytes());
        if (m_isAgent && !m_useVector)
        {
            new (m_segment.ToAgentBlock()) Cpp2PyMsgType();
            new (m_segment.ToSimulatorBlock()) Py2CppMsgType();
        }
    }

    ~Ns3AiMsgInterfaceImpl()
    {
        if (m_isAgent)
        {
            close(m_fd);
        }
        else if (m_handleFinish && !m_agent.IsDead())
        {
            CppSetFinished();
        }
    }

    /** @return what C++ writes and Python reads; not with vectors */
    Cpp2PyMsgType* GetCpp2PyStruct()
    {
        Require(!m_useVector, "structs are used, but the interface is one of vectors");
        return reinterpret_cast<Cpp2PyMsgType*>(m_segment.ToAgentBlock());
    }

    /** @return what Python writes and C++ reads; not with vectors */
    Py2CppMsgType* GetPy2CppStruct()
    {
        Require(!m_useVector, "structs are used, but the interface is one of vectors");
        return reinterpret_cast<Py2CppMsgType*>(m_segment.ToSimulatorBlock());
    }

    /** @return what C++ writes and Python reads; only with vectors */
    Cpp2PyMsgVector* GetCpp2PyVector()
    {
        Require(m_useVector, "vectors are used, but the interface is one of structs");
        return &m_cpp2pyVector;
    }

    /** @return what Python writes and C++ reads; only with vectors */
    Py2CppMsgVector* GetPy2CppVector()
    {
        Require(m_useVector, "vectors are used, but the interface is one of structs");
        return &m_py2cppVector;
    }

    /** The simulator starts writing, once Python has taken what was written before. */
    void CppSendBegin()
    {
        AsSimulator([this](auto idle) { m_toAgent.SendBegin(idle); });
    }

    /** The simulator hands over what it has written. */
    void CppSendEnd()
    {
        m_toAgent.SendEnd();
    }

    /** The simulator starts reading, once Python has written. */
    void CppRecvBegin()
    {
        AsSimulator([this](auto idle) { m_toSimulator.ReceiveBegin(idle); });
    }

    /** The simulator has read everything. */
    void CppRecvEnd()
    {
        m_toSimulator.ReceiveEnd();
    }

    /** Tell Python that nothing more will come; done at the program's end by itself. */
    void CppSetFinished()
    {
        Require(m_handleFinish, "CppSetFinished() needs SetHandleFinish(true)");
        CppSendBegin();
        m_segment.Header().finished.store(1);
        CppSendEnd();
    }

    /** Python starts reading, once the simulator has written. */
    void PyRecvBegin()
    {
        Renew();
        const bool received = m_python.Run(
            m_toAgent.HasMessage(),
            [this](auto idle) { m_toAgent.ReceiveBegin(idle); },
            m_handleFinish);
        const bool told = m_segment.Header().finished.load() != 0;
        if (told && !m_handleFinish)
        {
            m_python.ReportEnd(false, true); // what lies there is the last message once more
        }
        m_isFinished = told || !received;
    }

    /** Python has read everything. */
    void PyRecvEnd()
    {
        m_python.CheckProcess();
        m_toAgent.ReceiveEnd();
    }

    /** Python starts writing, once the simulator has taken what was written before. */
    void PySendBegin()
    {
        Renew();
        m_python.Run(
            m_toSimulator.CanSend(),
            [this](auto idle) { m_toSimulator.SendBegin(idle); },
            false);
    }

    /** Python hands over what it has written. */
    void PySendEnd()
    {
        m_python.CheckProcess();
        m_toSimulator.SendEnd();
    }

    /** @return true if the last PyRecvBegin() brought the simulator's end instead of a message */
    bool PyGetFinished()
    {
        Require(m_handleFinish, "PyGetFinished() needs Experiment(…, handleFinish=True)");
        return m_isFinished;
    }

  private:
    static void Require(bool fits, const char* what)
    {
        if (!fits)
        {
            throw std::logic_error(std::string("Ns3AiMsgInterface: ") + what);
        }
    }

    /** Offer memory to a simulator, or lay out memory that the caller has offered. */
    void Offer(const std::string& name,
               const ::tandem::channel::DuplexItems& items,
               std::uint64_t bytes)
    {
        static const std::string OPEN = "fd:";
        m_fd = name.rfind(OPEN, 0) == 0 ? dup(std::atoi(name.c_str() + OPEN.size()))
                                        : ::tandem::channel::OfferMemory(name);
        m_segment.Create(m_fd,
                         items,
                         std::max<std::uint64_t>(bytes, ::tandem::channel::DUPLEX_BLOCK_BYTES));
    }

    /** Experiment may have started another simulator since the last call. */
    void Renew()
    {
        const auto run = m_segment.Header().run.load(std::memory_order_acquire);
        if (run != m_run)
        {
            m_run = run;
            m_toAgent.Restart();
            m_toSimulator.Restart();
        }
    }

    template <typename WaitFunction>
    void AsSimulator(WaitFunction wait)
    {
        try
        {
            wait([this] { return m_agent.IsDead(); });
        }
        catch (const ::tandem::channel::PeerDied&)
        {
            tandem::compat::EndProcess("the Python program has ended before the simulation");
        }
    }

    ::tandem::channel::DuplexSegment m_segment;
    ::tandem::channel::WayEnd m_toAgent;
    ::tandem::channel::WayEnd m_toSimulator;
    Cpp2PyMsgVector m_cpp2pyVector;
    Py2CppMsgVector m_py2cppVector;
    const bool m_isAgent;
    const bool m_useVector;
    const bool m_handleFinish;
    tandem::compat::PythonEnd m_python;   //!< the simulator, watched by Python
    ::tandem::channel::PeerWatch m_agent; //!< Python, watched by the simulator
    uint32_t m_run{0};
    bool m_isFinished{false};
    int m_fd{-1};
};

/** The settings of a simulator's message interface, and the interface itself. */
class TANDEM_COMPAT Ns3AiMsgInterface : public Singleton<Ns3AiMsgInterface>
{
  public:
    /** Python always creates the memory here; false, as every scenario says, is the only choice. */
    void SetIsMemoryCreator(bool isMemoryCreator)
    {
        if (isMemoryCreator)
        {
            std::cerr << "Ns3AiMsgInterface: Python creates the memory, "
                         "SetIsMemoryCreator(true) has no effect"
                      << std::endl;
        }
    }

    /** Use vectors; Python's setting must be the same. */
    void SetUseVector(bool useVector)
    {
        m_useVector = useVector;
    }

    /** Tell Python the simulation's end; Python's setting must be the same. */
    void SetHandleFinish(bool handleFinish)
    {
        m_handleFinish = handleFinish;
    }

    /** The memory's size is the creator's choice: this does nothing. */
    void SetMemorySize(uint32_t /* size */) {}

    /** Name the segment, for programs with several; the other names have no meaning here. */
    void SetNames(std::string segmentName,
                  std::string /* cpp2pyMsgName */,
                  std::string /* py2cppMsgName */,
                  std::string /* lockableName */)
    {
        m_segmentName = segmentName;
    }

    /** @return the name set by SetNames() */
    const std::string& GetSegmentName() const
    {
        return m_segmentName;
    }

    /** @return the program's one interface of these types, connected at the first call */
    template <typename Cpp2PyMsgType, typename Py2CppMsgType>
    Ns3AiMsgInterfaceImpl<Cpp2PyMsgType, Py2CppMsgType>* GetInterface()
    {
        static Ns3AiMsgInterfaceImpl<Cpp2PyMsgType, Py2CppMsgType> interface(false,
                                                                             m_useVector,
                                                                             m_handleFinish,
                                                                             0,
                                                                             m_segmentName.c_str());
        return &interface;
    }

  private:
    bool m_useVector{false};
    bool m_handleFinish{false};
    std::string m_segmentName{"My Seg"};
};

} // namespace ns3

#endif // TANDEM_COMPAT_MSG_INTERFACE_H
