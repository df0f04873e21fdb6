// SPDX-License-Identifier: GPL-2.0-only
#ifndef TANDEM_TCP_DUMBBELL_H
#define TANDEM_TCP_DUMBBELL_H

#include "agent-link/arguments.h"
#include "model/tcp-agent-window.h"
#include "model/tcp-flow-probe.h"
#include "model/varying-traffic.h"

#include "ns3/application-container.h"
#include "ns3/inet-socket-address.h"
#include "ns3/node.h"
#include "ns3/point-to-point-dumbbell.h"
#include "ns3/queue-disc.h"

#include <memory>
#include <string>
#include <vector>

namespace ns3::tandem
{

/** A bottleneck, who shares it, and who sets the windows. */
struct TcpDumbbellConfig
{
    uint32_t flows{2};               //!< TCP flows
    double rateMbps{5};              //!< of the bottleneck, Mbit/s
    double delayMs{30};              //!< one way, without queues, ms
    double spreadMs{5};              //!< more of it for each further flow, ms
    uint32_t bufferPackets{100};     //!< of the bottleneck
    double crossLoad{0.8};           //!< largest share of the bottleneck when it is busy
    double crossHoldS{10};           //!< mean length of busy periods and of pauses, s
    std::string congestion{"agent"}; //!< or the name of an algorithm of ns-3

    /** Declare each of them as an argument. */
    void Declare(Arguments& arguments);
};

/** What happened at the bottleneck in a period. */
struct BottleneckSample
{
    int64_t queuePackets{0}; //!< waiting at the end
    int64_t drops{0};
    double crossBps{0}; //!< rate of the cross traffic at the end, bit/s
};

/**
 * TCP flows that always have data to send, and cross traffic, on a dumbbell. Each has a pair of
 * leaves of its own; the last pair is the cross traffic's.
 */
class TcpDumbbell
{
  public:
    explicit TcpDumbbell(TcpDumbbellConfig config);

    /** Lay the links and install the applications. */
    void Build();

    /** Let the flows begin, without cross traffic: that begins when the simulation goes on. */
    void WarmUp();

    /** Re-seed all that is random. @return how many streams were used */
    int64_t AssignStreams(int64_t stream);

    /** @return flow @p i since the last call */
    TcpFlowSample TakeFlow(uint32_t i);

    /** @return the bottleneck since the last call */
    BottleneckSample TakeBottleneck();

    /** Set a flow's congestion window; without effect if an algorithm of ns-3 sets it. */
    void SetWindow(uint32_t i, uint32_t segments);

  private:
    void Lay(PointToPointDumbbellHelper& dumbbell);
    void AddFlow(Ptr<Node> sender, Ptr<Node> receiver, const InetSocketAddress& sink);
    void AddCross(Ptr<Node> sender, Ptr<Node> receiver, const InetSocketAddress& sink);
    void Watch();

    TcpDumbbellConfig m_config;
    DataRate m_rate;
    ApplicationContainer m_sources;
    std::vector<std::unique_ptr<TcpFlowProbe>> m_probes;
    std::vector<Ptr<TcpAgentWindow>> m_controls; //!< null where an algorithm of ns-3 sets windows
    Ptr<VaryingTraffic> m_cross;
    Ptr<QueueDisc> m_queue;
    int64_t m_drops{0}; //!< up to the last TakeBottleneck()
};

} // namespace ns3::tandem

#endif // TANDEM_TCP_DUMBBELL_H
