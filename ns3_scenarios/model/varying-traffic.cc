// SPDX-License-Identifier: GPL-2.0-only
#include "model/varying-traffic.h"

#include "ns3/log.h"
#include "ns3/packet.h"
#include "ns3/simulator.h"
#include "ns3/udp-socket-factory.h"
#include "ns3/uinteger.h"

namespace ns3::tandem
{

NS_LOG_COMPONENT_DEFINE("TandemVaryingTraffic");

NS_OBJECT_ENSURE_REGISTERED(VaryingTraffic);

TypeId
VaryingTraffic::GetTypeId()
{
    static TypeId tid = TypeId("ns3::tandem::VaryingTraffic")
                            .SetParent<Application>()
                            .SetGroupName("Tandem")
                            .AddConstructor<VaryingTraffic>()
                            .AddAttribute("Remote",
                                          "where packets go",
                                          AddressValue(),
                                          MakeAddressAccessor(&VaryingTraffic::m_remote),
                                          MakeAddressChecker())
                            .AddAttribute("PacketSize",
                                          "UDP payload of each packet, bytes",
                                          UintegerValue(1000),
                                          MakeUintegerAccessor(&VaryingTraffic::m_packetBytes),
                                          MakeUintegerChecker<uint32_t>(1, 1472))
                            .AddAttribute("MinRate",
                                          "lowest rate of UDP payload that is drawn",
                                          DataRateValue(DataRate("500kbps")),
                                          MakeDataRateAccessor(&VaryingTraffic::m_minRate),
                                          MakeDataRateChecker())
                            .AddAttribute("MaxRate",
                                          "largest rate of UDP payload that is drawn",
                                          DataRateValue(DataRate("1Mbps")),
                                          MakeDataRateAccessor(&VaryingTraffic::m_maxRate),
                                          MakeDataRateChecker())
                            .AddAttribute("MeanHold",
                                          "mean length of a busy period, and of a pause",
                                          TimeValue(Seconds(1)),
                                          MakeTimeAccessor(&VaryingTraffic::m_meanHold),
                                          MakeTimeChecker(MicroSeconds(1)));
    return tid;
}

VaryingTraffic::VaryingTraffic()
    : m_rate(0),
      m_rates(CreateObject<UniformRandomVariable>()),
      m_times(CreateObject<ExponentialRandomVariable>())
{
}

DataRate
VaryingTraffic::GetRate() const
{
    return m_rate;
}

int64_t
VaryingTraffic::AssignStreams(int64_t stream)
{
    m_rates->SetStream(stream);
    m_times->SetStream(stream + 1);
    return 2;
}

void
VaryingTraffic::StartApplication()
{
    NS_LOG_FUNCTION(this);
    m_socket = Socket::CreateSocket(GetNode(), UdpSocketFactory::GetTypeId());
    m_socket->Bind();
    m_socket->Connect(m_remote);
    m_socket->ShutdownRecv();
    if (m_rates->GetValue() < 0.5)
    {
        m_rate = m_maxRate; // so that it begins with a pause
    }
    ChangeRate();
}

void
VaryingTraffic::StopApplication()
{
    NS_LOG_FUNCTION(this);
    m_change.Cancel();
    m_next.Cancel();
}

void
VaryingTraffic::ChangeRate()
{
    const bool isPause = m_rate.GetBitRate() > 0;
    const double drawn = m_rates->GetValue();
    m_rate = isPause ? DataRate(0) : m_minRate * (1 - drawn) + m_maxRate * drawn;
    NS_LOG_INFO("rate is " << m_rate << " from " << Simulator::Now().As(Time::S));
    m_change = Simulator::Schedule(Seconds(m_times->GetValue(m_meanHold.GetSeconds(), 0)),
                                   &VaryingTraffic::ChangeRate,
                                   this);
    WaitForNext(m_rates->GetValue());
}

void
VaryingTraffic::WaitForNext(double share)
{
    m_next.Cancel();
    if (m_rate.GetBitRate() > 0)
    {
        const double intervalS = m_rate.CalculateBytesTxTime(m_packetBytes).GetSeconds();
        m_next = Simulator::Schedule(Seconds(share * intervalS), &VaryingTraffic::Send, this);
    }
}

void
VaryingTraffic::Send()
{
    m_socket->Send(Create<Packet>(m_packetBytes));
    WaitForNext(1);
}

} // namespace ns3::tandem
