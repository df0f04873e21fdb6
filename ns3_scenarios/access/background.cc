// SPDX-License-Identifier: GPL-2.0-only
#include "access/background.h"

#include "ns3/inet-socket-address.h"
#include "ns3/log.h"
#include "ns3/packet.h"
#include "ns3/simulator.h"
#include "ns3/udp-socket-factory.h"

namespace ns3::tandem
{

NS_LOG_COMPONENT_DEFINE("TandemBackgroundTraffic");

void
BackgroundConfig::Declare(Arguments& arguments)
{
    arguments.Add("backgroundStations",
                  "stations besides the users that send on/off UDP traffic to the edge",
                  stations,
                  Range(0, maxStations, "stations"));
    arguments.Add("backgroundRate",
                  "rate of UDP payload of each background station while it is on",
                  rateMbps,
                  Range(0.001, 10000, "Mbit/s"));
    arguments.Add("backgroundOn",
                  "mean of the exponential on time of a background station",
                  meanOnS,
                  Range(0.001, 1e6, "s"));
    arguments.Add("backgroundOff",
                  "mean of the exponential off time of a background station; 0: always on",
                  meanOffS,
                  Range(0, 1e6, "s"));
    // 1472 bytes fill an Ethernet-size packet, so that nothing is fragmented.
    arguments.Add("backgroundPayload",
                  "UDP payload of a background packet",
                  payloadBytes,
                  Range(1, 1472, "bytes"));
}

void
BackgroundConfig::AddArguments(CommandLine& cmd, const std::string& prefix)
{
    Arguments arguments(cmd, prefix);
    Declare(arguments);
}

void
BackgroundConfig::Check(const std::string& prefix) const
{
    CheckDeclared(*this, prefix);
}

BackgroundTraffic::~BackgroundTraffic()
{
    if (m_sink)
    {
        m_sink->SetRecvCallback(MakeNullCallback<void, Ptr<Socket>>());
    }
}

void
BackgroundTraffic::Install(const BackgroundConfig& config,
                           const std::vector<Ptr<Node>>& sources,
                           Ptr<Node> sink,
                           Ipv4Address address,
                           uint16_t port)
{
    NS_LOG_FUNCTION(this << sources.size() << address << port);
    m_config = config;
    m_interval = Seconds(config.payloadBytes * 8 / (config.rateMbps * 1e6));
    m_duration = CreateObject<ExponentialRandomVariable>();
    if (sources.empty())
    {
        return;
    }
    m_sink = Socket::CreateSocket(sink, UdpSocketFactory::GetTypeId());
    m_sink->Bind(InetSocketAddress(Ipv4Address::GetAny(), port));
    m_sink->ShutdownSend();
    m_sink->SetRecvCallback(MakeCallback(&BackgroundTraffic::Receive, this));
    for (const auto& node : sources)
    {
        Source source;
        source.socket = Socket::CreateSocket(node, UdpSocketFactory::GetTypeId());
        source.socket->Bind();
        source.socket->Connect(InetSocketAddress(address, port));
        source.socket->ShutdownRecv();
        m_sources.push_back(source);
    }
}

int64_t
BackgroundTraffic::AssignStreams(int64_t first)
{
    if (m_duration)
    {
        m_duration->SetStream(first);
    }
    return 1;
}

void
BackgroundTraffic::BeginEpisode()
{
    NS_LOG_FUNCTION(this);
    for (size_t i = 0; i < m_sources.size(); ++i)
    {
        // P(X < Y) = meanOn / (meanOn + meanOff) for exponential X, Y with means meanOff, meanOn.
        const bool on = m_config.meanOffS == 0 || m_duration->GetValue(m_config.meanOffS, 0) <
                                                      m_duration->GetValue(m_config.meanOnS, 0);
        Switch(i, on);
    }
}

void
BackgroundTraffic::Switch(size_t index, bool on)
{
    NS_LOG_FUNCTION(this << index << on);
    Source& source = m_sources[index];
    source.send.Cancel();
    source.toggle.Cancel();
    if (on)
    {
        // Spread over one interval, or sources that are always on would send in step.
        source.send =
            Simulator::Schedule(Seconds(m_interval.GetSeconds() * (index + 1) / m_sources.size()),
                                &BackgroundTraffic::SendOne,
                                this,
                                index);
    }
    if (m_config.meanOffS > 0)
    {
        const double mean = on ? m_config.meanOnS : m_config.meanOffS;
        source.toggle = Simulator::Schedule(Seconds(m_duration->GetValue(mean, 0)),
                                            &BackgroundTraffic::Switch,
                                            this,
                                            index,
                                            !on);
    }
}

void
BackgroundTraffic::SendOne(size_t index)
{
    Source& source = m_sources[index];
    source.socket->Send(Create<Packet>(m_config.payloadBytes));
    source.send = Simulator::Schedule(m_interval, &BackgroundTraffic::SendOne, this, index);
}

void
BackgroundTraffic::Receive(Ptr<Socket> socket)
{
    while (Ptr<Packet> packet = socket->Recv())
    {
        m_receivedBytes += packet->GetSize();
    }
}

uint64_t
BackgroundTraffic::GetReceivedBytes() const
{
    return m_receivedBytes;
}

} // namespace ns3::tandem
