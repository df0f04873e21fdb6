// SPDX-License-Identifier: GPL-2.0-only
#ifndef TANDEM_TCP_FLOW_PROBE_H
#define TANDEM_TCP_FLOW_PROBE_H

#include "ns3/nstime.h"
#include "ns3/sequence-number.h"
#include "ns3/tcp-socket-base.h"

#include <cstdint>

namespace ns3::tandem
{

/** What the sender of a TCP connection has seen in a period. */
struct TcpFlowSample
{
    double throughputBps{0};     //!< acknowledged data per time, bit/s
    double rttS{0};              //!< round-trip time, mean over the period, s
    double baseRttS{0};          //!< shortest round-trip time since the start, s
    double windowSegments{0};    //!< congestion window at the end
    uint64_t retransmissions{0}; //!< segments sent again
};

/**
 * Measures a connection of any congestion control by the trace sources of its socket.
 */
class TcpFlowProbe
{
  public:
    /** Watch a socket from its start on. The probe must outlive it. */
    explicit TcpFlowProbe(Ptr<TcpSocketBase> socket);
    TcpFlowProbe(const TcpFlowProbe&) = delete;
    TcpFlowProbe& operator=(const TcpFlowProbe&) = delete;

    /** End a period and begin the next one. @return what was seen in it */
    TcpFlowSample Take();

  private:
    void HandleAck(SequenceNumber32 before, SequenceNumber32 now);
    void HandleRtt(Time before, Time now);
    void HandleWindow(uint32_t before, uint32_t now);
    void HandleRetransmission(Ptr<const Packet> packet,
                              const TcpHeader& header,
                              const Address& local,
                              const Address& peer,
                              Ptr<const TcpSocketBase> socket);
    void SumRtt();

    uint32_t m_segmentBytes;
    uint64_t m_ackedBytes{0};
    Time m_rtt;            //!< of the segment acknowledged last
    Time m_baseRtt;        //!< the shortest one, 0 before the first
    double m_rttTimesS{0}; //!< integral of m_rtt over the period, s²
    Time m_rttSince;       //!< up to when it is summed
    Time m_periodBegin;
    double m_windowSegments{0};
    uint64_t m_retransmissions{0};
};

} // namespace ns3::tandem

#endif // TANDEM_TCP_FLOW_PROBE_H
