// SPDX-License-Identifier: GPL-2.0-only
#ifndef TANDEM_ABORTABLE_TCP_SOCKET_H
#define TANDEM_ABORTABLE_TCP_SOCKET_H

#include "ns3/tcp-socket-base.h"

namespace ns3::tandem
{

/**
 * A TCP socket that can be thrown away at once, as SO_LINGER with a zero timeout does on a real
 * host, and that tells what its window and round-trip estimate are now.
 *
 * ns-3's own Close() first delivers what is still buffered: the bytes of a request that nobody
 * waits for any more would travel on and delay the next ones.
 */
class AbortableTcpSocket : public TcpSocketBase
{
  public:
    static TypeId GetTypeId();
#if NS3_MINOR < 45
    TypeId GetInstanceTypeId() const override;
#endif

    AbortableTcpSocket() = default;
    AbortableTcpSocket(const AbortableTcpSocket& other) = default;

    /**
     * Create a socket on @p node, set up as TcpL4Protocol::CreateSocket() would: with that
     * protocol's congestion control, recovery and round-trip estimator.
     */
    static Ptr<AbortableTcpSocket> CreateOn(Ptr<Node> node);

    /**
     * Send RST, drop all state and every callback. The socket cannot be used again.
     * Safe in the socket's own callbacks.
     */
    void Abort();

    /** Drop every callback: the owner does not want to hear of this socket any more. */
    void Silence();

    int Send(Ptr<Packet> p, uint32_t flags) override;

    /** @return the congestion window that the next byte would meet, bytes */
    uint32_t GetCongestionWindow() const;

    /**
     * @return the window at which slow start would end for the next byte, bytes; no more than the
     * send buffer, which no window outgrows
     */
    uint32_t GetSlowStartThreshold() const;

    /** @return smoothed round-trip time */
    Time GetSmoothedRtt() const;

    /** @return bytes accepted by Send() and not yet acknowledged */
    uint32_t GetUnacknowledged() const;

    /** @return data segments sent again since the socket was made */
    uint64_t GetRetransmissions() const;

    /** @return when the socket last sent or got a segment with data or an acknowledgement */
    Time GetLastActivity() const;

  protected:
    uint32_t SendDataPacket(SequenceNumber32 seq, uint32_t maxSize, bool withAck) override;
    void DoForwardUp(Ptr<Packet> packet,
                     const Address& fromAddress,
                     const Address& toAddress) override;
    Ptr<TcpSocketBase> Fork() override;

  private:
    bool IsIdle() const;
    bool StartsAgain() const;
    uint32_t GetNextThreshold() const;

    bool m_slowStartAfterIdle{true};
    uint64_t m_retransmissions{0};
    Time m_lastActivity;
};

} // namespace ns3::tandem

#endif // TANDEM_ABORTABLE_TCP_SOCKET_H
