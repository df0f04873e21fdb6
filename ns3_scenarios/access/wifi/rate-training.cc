// SPDX-License-Identifier: GPL-2.0-only
#include "access/wifi/rate-training.h"

#include "ns3/bulk-send-application.h"
#include "ns3/inet-socket-address.h"
#include "ns3/log.h"
#include "ns3/simulator.h"
#include "ns3/tcp-socket-factory.h"
#include "ns3/uinteger.h"

namespace ns3::tandem
{

NS_LOG_COMPONENT_DEFINE("TandemRateTraining");

namespace
{
constexpr uint16_t TRAINING_PORT = 9050;
/** At the lowest rate an upload of the default size takes about a second. */
const Time LONGEST_TURN = Seconds(5);
const Time TRAINING_POLL = MilliSeconds(2);
} // namespace

void
RateTraining::Install(NodeContainer stations, Ptr<Node> ap, Ipv4Address address, uint32_t sizeBytes)
{
    NS_LOG_FUNCTION(this << stations.GetN() << ap << address << sizeBytes);
    m_stations = stations;
    m_address = address;
    m_sizeBytes = sizeBytes;
    if (sizeBytes == 0)
    {
        return;
    }
    const InetSocketAddress any(Ipv4Address::GetAny(), TRAINING_PORT);
    m_sink = CreateObjectWithAttributes<PacketSink>("Protocol",
                                                    TypeIdValue(TcpSocketFactory::GetTypeId()),
                                                    "Local",
                                                    AddressValue(any));
    ap->AddApplication(m_sink);
}

void
RateTraining::Begin()
{
    NS_LOG_FUNCTION(this);
    if (m_sink)
    {
        m_done = false;
        Next();
    }
}

bool
RateTraining::IsDone() const
{
    return m_done;
}

void
RateTraining::Next()
{
    NS_LOG_FUNCTION(this << m_begun);
    if (m_begun == m_stations.GetN())
    {
        m_done = true;
        return;
    }
    m_expectedBytes = m_sink->GetTotalRx() + m_sizeBytes;
    m_deadline = Simulator::Now() + LONGEST_TURN;
    const InetSocketAddress remote(m_address, TRAINING_PORT);
    auto source =
        CreateObjectWithAttributes<BulkSendApplication>("Protocol",
                                                        TypeIdValue(TcpSocketFactory::GetTypeId()),
                                                        "Remote",
                                                        AddressValue(remote),
                                                        "MaxBytes",
                                                        UintegerValue(m_sizeBytes));
    source->SetStopTime(LONGEST_TURN);
    m_stations.Get(m_begun++)->AddApplication(source);
    Watch();
}

void
RateTraining::Watch()
{
    if (m_sink->GetTotalRx() >= m_expectedBytes || Simulator::Now() >= m_deadline)
    {
        Next();
        return;
    }
    Simulator::Schedule(TRAINING_POLL, &RateTraining::Watch, this);
}

} // namespace ns3::tandem
