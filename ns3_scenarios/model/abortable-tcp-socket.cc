// SPDX-License-Identifier: GPL-2.0-only
#include "model/abortable-tcp-socket.h"

#include "ns3/boolean.h"
#include "ns3/log.h"
#include "ns3/node.h"
#include "ns3/object-factory.h"
#include "ns3/rtt-estimator.h"
#include "ns3/simulator.h"
#include "ns3/tcp-congestion-ops.h"
#include "ns3/tcp-header.h"
#include "ns3/tcp-l4-protocol.h"
#include "ns3/tcp-recovery-ops.h"
#include "ns3/tcp-tx-buffer.h"
#include "ns3/type-id.h"

#include <algorithm>

namespace ns3::tandem
{

NS_LOG_COMPONENT_DEFINE("TandemAbortableTcpSocket");

NS_OBJECT_ENSURE_REGISTERED(AbortableTcpSocket);

TypeId
AbortableTcpSocket::GetTypeId()
{
    static TypeId tid =
        TypeId("ns3::tandem::AbortableTcpSocket")
            .SetParent<TcpSocketBase>()
            .SetGroupName("Tandem")
            .AddConstructor<AbortableTcpSocket>()
            .AddAttribute("SlowStartAfterIdle",
                          "Restart from the initial window after an idle time longer than the "
                          "retransmission timeout (RFC 5681, section 4.1; Linux does)",
                          BooleanValue(true),
                          MakeBooleanAccessor(&AbortableTcpSocket::m_slowStartAfterIdle),
                          MakeBooleanChecker());
    return tid;
}

#if NS3_MINOR < 45
TypeId
AbortableTcpSocket::GetInstanceTypeId() const
{
    return GetTypeId();
}
#endif

Ptr<AbortableTcpSocket>
AbortableTcpSocket::CreateOn(Ptr<Node> node)
{
    Ptr<TcpL4Protocol> tcp = node->GetObject<TcpL4Protocol>();
    NS_ABORT_MSG_UNLESS(tcp, "node " << node->GetId() << " has no TCP; install the stack first");
    const auto make = [&tcp](const std::string& attribute) {
        TypeIdValue type;
        tcp->GetAttribute(attribute, type);
        ObjectFactory factory;
        factory.SetTypeId(type.Get());
        return factory;
    };
    Ptr<AbortableTcpSocket> socket = CreateObject<AbortableTcpSocket>();
    socket->SetNode(node);
    socket->SetTcp(tcp);
    socket->SetRtt(make("RttEstimatorType").Create<RttEstimator>());
    socket->SetCongestionControlAlgorithm(make("SocketType").Create<TcpCongestionOps>());
    socket->SetRecoveryAlgorithm(make("RecoveryType").Create<TcpRecoveryOps>());
    tcp->AddSocket(socket);
    socket->m_lastActivity = Simulator::Now();
    return socket;
}

void
AbortableTcpSocket::Silence()
{
    NS_LOG_FUNCTION(this);
    SetConnectCallback(MakeNullCallback<void, Ptr<Socket>>(),
                       MakeNullCallback<void, Ptr<Socket>>());
    SetCloseCallbacks(MakeNullCallback<void, Ptr<Socket>>(), MakeNullCallback<void, Ptr<Socket>>());
    SetRecvCallback(MakeNullCallback<void, Ptr<Socket>>());
    SetSendCallback(MakeNullCallback<void, Ptr<Socket>, uint32_t>());
    SetDataSentCallback(MakeNullCallback<void, Ptr<Socket>, uint32_t>());
}

void
AbortableTcpSocket::Abort()
{
    NS_LOG_FUNCTION(this);
    Silence();
    // TcpSocketBase schedules events with a bare pointer to itself at the current time; keep it
    // alive until they are through.
    Simulator::Schedule(MilliSeconds(1), [self = Ptr<AbortableTcpSocket>(this)] {});
    if (m_endPoint)
    {
        if (m_state != LISTEN && m_state != CLOSED)
        {
            // After a retransmission timeout the next sequence number lies behind what the peer
            // already has, and a peer may ignore a reset from there.
            m_tcb->m_nextTxSequence = m_tcb->m_highTxMark.Get();
            SendEmptyPacket(TcpHeader::RST);
        }
        DeallocateEndPoint();
    }
    else
    {
        m_tcp->RemoveSocket(this); // never bound
    }
    CancelAllTimers();
    m_state = CLOSED;
}

int
AbortableTcpSocket::Send(Ptr<Packet> p, uint32_t flags)
{
    if (StartsAgain())
    {
        m_tcb->m_ssThresh = GetNextThreshold();
        m_tcb->m_cWnd = GetCongestionWindow();
        m_tcb->m_cWndInfl = m_tcb->m_cWnd.Get();
    }
    m_lastActivity = Simulator::Now();
    return TcpSocketBase::Send(p, flags);
}

bool
AbortableTcpSocket::IsIdle() const
{
    return m_slowStartAfterIdle && m_state == ESTABLISHED &&
           Simulator::Now() - m_lastActivity > m_rto.Get();
}

bool
AbortableTcpSocket::StartsAgain() const
{
    return m_txBuffer->Size() == 0 && IsIdle();
}

uint32_t
AbortableTcpSocket::GetNextThreshold() const
{
    const uint32_t threshold = m_tcb->m_ssThresh.Get();
    if (StartsAgain())
    {
        // As Linux: remember most of the old window as the threshold, start again from the
        // initial window.
        return std::max(threshold, m_tcb->m_cWnd.Get() / 4 * 3);
    }
    return threshold;
}

uint32_t
AbortableTcpSocket::GetSlowStartThreshold() const
{
    return std::min(GetNextThreshold(), GetSndBufSize());
}

uint32_t
AbortableTcpSocket::GetCongestionWindow() const
{
    const uint32_t window = m_tcb->m_cWnd.Get();
    if (StartsAgain())
    {
        return std::min(window, m_tcb->m_initialCWnd * m_tcb->m_segmentSize);
    }
    return window;
}

Time
AbortableTcpSocket::GetSmoothedRtt() const
{
    return m_rtt->GetEstimate();
}

uint32_t
AbortableTcpSocket::GetUnacknowledged() const
{
    return m_txBuffer->Size();
}

uint64_t
AbortableTcpSocket::GetRetransmissions() const
{
    return m_retransmissions;
}

Time
AbortableTcpSocket::GetLastActivity() const
{
    return m_lastActivity;
}

uint32_t
AbortableTcpSocket::SendDataPacket(SequenceNumber32 seq, uint32_t maxSize, bool withAck)
{
    if (seq < m_tcb->m_highTxMark.Get())
    {
        ++m_retransmissions;
    }
    m_lastActivity = Simulator::Now();
    return TcpSocketBase::SendDataPacket(seq, maxSize, withAck);
}

void
AbortableTcpSocket::DoForwardUp(Ptr<Packet> packet,
                                const Address& fromAddress,
                                const Address& toAddress)
{
    if (m_state == LISTEN)
    {
        TcpHeader header;
        packet->PeekHeader(header);
        if ((header.GetFlags() & TcpHeader::SYN) == 0)
        {
            // A segment of a connection that is gone. TcpSocketBase would let it change the
            // listening socket's window and round-trip estimate, which every later connection
            // inherits: a trace of the past.
            if ((header.GetFlags() & TcpHeader::RST) == 0)
            {
                TcpHeader reset;
                reset.SetFlags(TcpHeader::RST);
                reset.SetSequenceNumber(header.GetAckNumber());
                reset.SetSourcePort(header.GetDestinationPort());
                reset.SetDestinationPort(header.GetSourcePort());
                m_tcp->SendPacket(Create<Packet>(), reset, toAddress, fromAddress);
            }
            return;
        }
    }
    m_lastActivity = Simulator::Now();
    TcpSocketBase::DoForwardUp(packet, fromAddress, toAddress);
}

Ptr<TcpSocketBase>
AbortableTcpSocket::Fork()
{
    return CopyObject<AbortableTcpSocket>(this);
}

} // namespace ns3::tandem
