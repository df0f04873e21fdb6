// SPDX-License-Identifier: GPL-2.0-only
#include "access/saturated-source.h"

#include "ns3/inet-socket-address.h"
#include "ns3/log.h"
#include "ns3/packet.h"
#include "ns3/simulator.h"
#include "ns3/udp-socket-factory.h"
#include "ns3/uinteger.h"

namespace ns3::tandem
{

NS_LOG_COMPONENT_DEFINE("TandemSaturatedSource");

namespace
{
/** At 100 Mbit/s 25 kB leave the queue in this time: a small part of the backlog to keep. */
const Time TOP_UP_INTERVAL = MilliSeconds(2);
} // namespace

NS_OBJECT_ENSURE_REGISTERED(SaturatedSource);

TypeId
SaturatedSource::GetTypeId()
{
    static TypeId tid =
        TypeId("ns3::tandem::SaturatedSource")
            .SetParent<Object>()
            .SetGroupName("Tandem")
            .AddConstructor<SaturatedSource>()
            .AddAttribute("PayloadBytes",
                          "UDP payload of each packet",
                          UintegerValue(1400),
                          MakeUintegerAccessor(&SaturatedSource::m_payloadBytes),
                          MakeUintegerChecker<uint32_t>(1, 1472))
            .AddAttribute("BacklogBytes",
                          "bytes kept in each sending user's radio queue, at least a payload",
                          UintegerValue(150000),
                          MakeUintegerAccessor(&SaturatedSource::m_backlogBytes),
                          MakeUintegerChecker<uint32_t>(1, 1000000));
    return tid;
}

SaturatedSource::~SaturatedSource()
{
    m_topUp.Cancel();
    if (m_sink)
    {
        m_sink->SetRecvCallback(MakeNullCallback<void, Ptr<Socket>>());
    }
}

void
SaturatedSource::Install(const AccessCell& cell, Ptr<Node> sink, Ipv4Address address, uint16_t port)
{
    m_cell = &cell;
    m_sink = Socket::CreateSocket(sink, UdpSocketFactory::GetTypeId());
    m_sink->Bind(InetSocketAddress(Ipv4Address::GetAny(), port));
    m_sink->ShutdownSend();
    m_sink->SetRecvCallback(MakeCallback(&SaturatedSource::Receive, this));
    const uint32_t count = cell.GetUserCount();
    for (uint32_t i = 0; i < count; ++i)
    {
        auto socket = Socket::CreateSocket(cell.GetUser(i), UdpSocketFactory::GetTypeId());
        socket->Bind();
        socket->Connect(InetSocketAddress(address, port));
        socket->ShutdownRecv();
        m_sockets.push_back(socket);
        m_users[cell.GetUserAddress(i)] = i;
    }
    m_active.assign(count, false);
    m_receivedBytes.assign(count, 0);
}

void
SaturatedSource::SetActive(uint32_t i, bool active)
{
    NS_LOG_FUNCTION(this << i << active);
    m_active.at(i) = active;
    if (m_topUp.IsExpired())
    {
        m_topUp = Simulator::ScheduleNow(&SaturatedSource::TopUp, this);
    }
}

void
SaturatedSource::TopUp()
{
    for (uint32_t i = 0; i < m_sockets.size(); ++i)
    {
        if (!m_active[i])
        {
            continue;
        }
        for (double queued = m_cell->Sample(i).macQueueBytes; queued < m_backlogBytes;
             queued += m_payloadBytes)
        {
            m_sockets[i]->Send(Create<Packet>(m_payloadBytes));
        }
    }
    m_topUp = Simulator::Schedule(TOP_UP_INTERVAL, &SaturatedSource::TopUp, this);
}

void
SaturatedSource::Receive(Ptr<Socket> socket)
{
    Address from;
    while (Ptr<Packet> packet = socket->RecvFrom(from))
    {
        const auto user = m_users.find(InetSocketAddress::ConvertFrom(from).GetIpv4());
        if (user != m_users.end())
        {
            m_receivedBytes[user->second] += packet->GetSize();
        }
    }
}

uint64_t
SaturatedSource::GetReceivedBytes(uint32_t i) const
{
    return m_receivedBytes.at(i);
}

} // namespace ns3::tandem
