// SPDX-License-Identifier: GPL-2.0-only
#include "model/tcp-dumbbell.h"

#include "ns3/bulk-send-application.h"
#include "ns3/bulk-send-helper.h"
#include "ns3/channel.h"
#include "ns3/config.h"
#include "ns3/internet-stack-helper.h"
#include "ns3/ipv4-address-helper.h"
#include "ns3/ipv4-global-routing-helper.h"
#include "ns3/log.h"
#include "ns3/packet-sink-helper.h"
#include "ns3/pointer.h"
#include "ns3/queue-size.h"
#include "ns3/simulator.h"
#include "ns3/string.h"
#include "ns3/tcp-l4-protocol.h"
#include "ns3/traffic-control-helper.h"
#include "ns3/uinteger.h"

namespace ns3::tandem
{

NS_LOG_COMPONENT_DEFINE("TandemTcpDumbbell");

namespace
{
constexpr uint32_t SEGMENT_BYTES = 1448;
constexpr uint32_t SOCKET_BUFFER_BYTES = 1 << 20;
constexpr uint64_t ACCESS_FACTOR = 10; //!< rate of the leaves' links over the bottleneck's
constexpr double LEAST_LOAD = 0.8;     //!< of busy cross traffic, over the largest
constexpr uint16_t PORT = 9000;
const char* const AGENT = "agent"; //!< of --congestion
const Time WARMUP = Seconds(1);
const Time NEXT_INSTANT = NanoSeconds(1);

Time
Milliseconds(double ms)
{
    return Seconds(ms / 1000);
}
} // namespace

void
TcpDumbbellConfig::Declare(Arguments& arguments)
{
    arguments.Add("flows", "TCP flows, each with a sender of its own", flows, Range(1, 64));
    arguments.Add("rate", "of the bottleneck", rateMbps, Range(0.1, 1000, "Mbit/s"));
    arguments.Add("delay", "one way, without queues", delayMs, Range(1, 1000, "ms"));
    arguments.Add("spread",
                  "how much longer the way of each flow is than that of the one before",
                  spreadMs,
                  Range(0, 100, "ms"));
    arguments.Add("buffer", "of the bottleneck", bufferPackets, Range(1, 1e5, "packets"));
    arguments.Add("crossLoad",
                  "largest share of the bottleneck that cross traffic takes when it is busy; the "
                  "least is 0.8 of it",
                  crossLoad,
                  Range(0, 1.5));
    arguments.Add("crossHold",
                  "mean length of its busy periods, and of the pauses between them",
                  crossHoldS,
                  Range(0.01, 1e4, "s"));
    arguments.Add("congestion",
                  "who sets the windows; ns-3's own algorithms take no notice of actions",
                  congestion,
                  Choices({AGENT, "TcpNewReno", "TcpCubic", "TcpVegas", "TcpBbr"}));
}

TcpDumbbell::TcpDumbbell(TcpDumbbellConfig config)
    : m_config(std::move(config)),
      m_rate(static_cast<uint64_t>(m_config.rateMbps * 1e6))
{
    CheckDeclared(m_config);
}

void
TcpDumbbell::Build()
{
    NS_LOG_FUNCTION(this << m_config.flows);
    Config::SetDefault("ns3::TcpSocket::SegmentSize", UintegerValue(SEGMENT_BYTES));
    Config::SetDefault("ns3::TcpSocket::SndBufSize", UintegerValue(SOCKET_BUFFER_BYTES));
    Config::SetDefault("ns3::TcpSocket::RcvBufSize", UintegerValue(SOCKET_BUFFER_BYTES));
    // An acknowledgement for each segment: two or three in flight would wait for a timer.
    Config::SetDefault("ns3::TcpSocket::DelAckCount", UintegerValue(1));
    PointToPointHelper access;
    access.SetDeviceAttribute("DataRate",
                              DataRateValue(DataRate(ACCESS_FACTOR * m_rate.GetBitRate())));
    PointToPointHelper bottleneck;
    bottleneck.SetDeviceAttribute("DataRate", DataRateValue(m_rate));
    bottleneck.SetChannelAttribute("Delay", TimeValue(Milliseconds(m_config.delayMs)));
    // What waits, waits in the queue disc.
    bottleneck.SetQueue("ns3::DropTailQueue", "MaxSize", StringValue("1p"));
    const uint32_t leaves = m_config.flows + 1;
    PointToPointDumbbellHelper dumbbell(leaves, access, leaves, access, bottleneck);
    Lay(dumbbell);
    for (uint32_t i = 0; i < leaves; ++i)
    {
        const auto sender = dumbbell.GetLeft(i);
        const InetSocketAddress sink(dumbbell.GetRightIpv4Address(i), PORT);
        sender->GetDevice(0)->GetChannel()->SetAttribute(
            "Delay",
            TimeValue(Milliseconds(m_config.spreadMs * i)));
        i < m_config.flows ? AddFlow(sender, dumbbell.GetRight(i), sink)
                           : AddCross(sender, dumbbell.GetRight(i), sink);
    }
}

void
TcpDumbbell::Lay(PointToPointDumbbellHelper& dumbbell)
{
    InternetStackHelper internet;
    internet.SetIpv6StackInstall(false);
    dumbbell.InstallStack(internet);
    // Before the addresses, which bring a queue disc of their own where there is none.
    TrafficControlHelper control;
    const QueueSize buffer(QueueSizeUnit::PACKETS, m_config.bufferPackets);
    control.SetRootQueueDisc("ns3::FifoQueueDisc", "MaxSize", QueueSizeValue(buffer));
    m_queue = control.Install(dumbbell.GetLeft()->GetDevice(0)).Get(0);
    dumbbell.AssignIpv4Addresses({"10.1.0.0", "255.255.255.0"},
                                 {"10.2.0.0", "255.255.255.0"},
                                 {"10.3.0.0", "255.255.255.0"});
    Ipv4GlobalRoutingHelper::PopulateRoutingTables();
}

void
TcpDumbbell::AddFlow(Ptr<Node> sender, Ptr<Node> receiver, const InetSocketAddress& sink)
{
    const bool isOurs = m_config.congestion == AGENT;
    sender->GetObject<TcpL4Protocol>()->SetAttribute(
        "SocketType",
        TypeIdValue(isOurs ? TcpAgentWindow::GetTypeId()
                           : TypeId::LookupByName("ns3::" + m_config.congestion)));
    BulkSendHelper source("ns3::TcpSocketFactory", sink);
    source.SetAttribute("MaxBytes", UintegerValue(0));
    m_sources.Add(source.Install(sender));
    PacketSinkHelper("ns3::TcpSocketFactory", sink).Install(receiver);
}

void
TcpDumbbell::AddCross(Ptr<Node> sender, Ptr<Node> receiver, const InetSocketAddress& sink)
{
    m_cross = CreateObject<VaryingTraffic>();
    m_cross->SetAttribute("Remote", AddressValue(sink));
    m_cross->SetAttribute("MinRate", DataRateValue(m_rate * (LEAST_LOAD * m_config.crossLoad)));
    m_cross->SetAttribute("MaxRate", DataRateValue(m_rate * m_config.crossLoad));
    m_cross->SetAttribute("MeanHold", TimeValue(Seconds(m_config.crossHoldS)));
    m_cross->SetStartTime(WARMUP + NEXT_INSTANT);
    sender->AddApplication(m_cross);
    PacketSinkHelper("ns3::UdpSocketFactory", sink).Install(receiver);
}

void
TcpDumbbell::WarmUp()
{
    NS_LOG_FUNCTION(this);
    // The sources open their sockets when they start, at once.
    Simulator::Schedule(NEXT_INSTANT, &TcpDumbbell::Watch, this);
    Simulator::Stop(WARMUP);
    Simulator::Run();
}

void
TcpDumbbell::Watch()
{
    for (uint32_t i = 0; i < m_config.flows; ++i)
    {
        const auto source = DynamicCast<BulkSendApplication>(m_sources.Get(i));
        const auto socket = DynamicCast<TcpSocketBase>(source->GetSocket());
        m_probes.push_back(std::make_unique<TcpFlowProbe>(socket));
        PointerValue control;
        socket->GetAttribute("CongestionOps", control);
        m_controls.push_back(DynamicCast<TcpAgentWindow>(control.GetObject()));
    }
}

int64_t
TcpDumbbell::AssignStreams(int64_t stream)
{
    return m_cross->AssignStreams(stream);
}

TcpFlowSample
TcpDumbbell::TakeFlow(uint32_t i)
{
    return m_probes.at(i)->Take();
}

BottleneckSample
TcpDumbbell::TakeBottleneck()
{
    const int64_t drops = m_queue->GetStats().nTotalDroppedPackets;
    BottleneckSample sample;
    sample.queuePackets = m_queue->GetNPackets();
    sample.drops = drops - m_drops;
    sample.crossBps = static_cast<double>(m_cross->GetRate().GetBitRate());
    m_drops = drops;
    return sample;
}

void
TcpDumbbell::SetWindow(uint32_t i, uint32_t segments)
{
    if (const auto& control = m_controls.at(i))
    {
        control->SetWindow(segments);
    }
}

} // namespace ns3::tandem
