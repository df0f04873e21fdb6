// SPDX-License-Identifier: GPL-2.0-only
#include "access/saturated-source.h"

#include "ns3/abort.h"
#include "ns3/inet-socket-address.h"
#include "ns3/log.h"
#include "ns3/packet.h"
#include "ns3/simulator.h"
#include "ns3/udp-socket-factory.h"
#include "ns3/uinteger.h"

#include <algorithm>
#include <cstring>

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
    for (const Downlink& downlink : m_downlinks)
    {
        downlink.sink->SetRecvCallback(MakeNullCallback<void, Ptr<Socket>>());
    }
}

void
SaturatedSource::Install(const AccessCell& cell,
                         Ptr<Node> host,
                         Ipv4Address address,
                         uint16_t port,
                         Directions directions)
{
    m_cell = &cell;
    m_active.assign(cell.GetUserCount(), false);
    m_receivedBytes.assign(cell.GetUserCount(), 0);
    if (directions.uplink)
    {
        InstallUplink(host, address, port);
    }
    if (directions.downlink)
    {
        InstallDownlink(host, port);
    }
}

void
SaturatedSource::InstallUplink(Ptr<Node> host, Ipv4Address address, uint16_t port)
{
    m_sink = Socket::CreateSocket(host, UdpSocketFactory::GetTypeId());
    m_sink->Bind(InetSocketAddress(Ipv4Address::GetAny(), port));
    m_sink->ShutdownSend();
    m_sink->SetRecvCallback(MakeCallback(&SaturatedSource::Receive, this));
    for (uint32_t i = 0; i < m_active.size(); ++i)
    {
        auto socket = Socket::CreateSocket(m_cell->GetUser(i), UdpSocketFactory::GetTypeId());
        socket->Bind();
        socket->Connect(InetSocketAddress(address, port));
        socket->ShutdownRecv();
        m_sockets.push_back(socket);
        m_users[m_cell->GetUserAddress(i)] = i;
    }
}

void
SaturatedSource::InstallDownlink(Ptr<Node> host, uint16_t port)
{
    NS_ABORT_MSG_IF(m_payloadBytes < sizeof(uint32_t),
                    "downlink packets are numbered: PayloadBytes must be at least 4");
    for (uint32_t i = 0; i < m_active.size(); ++i)
    {
        Downlink downlink;
        downlink.sink = Socket::CreateSocket(m_cell->GetUser(i), UdpSocketFactory::GetTypeId());
        downlink.sink->Bind(InetSocketAddress(Ipv4Address::GetAny(), port));
        downlink.sink->ShutdownSend();
        downlink.sink->SetRecvCallback(
            [this, i](Ptr<Socket> socket) { ReceiveDownlink(i, socket); });
        downlink.source = Socket::CreateSocket(host, UdpSocketFactory::GetTypeId());
        downlink.source->Bind();
        downlink.source->Connect(InetSocketAddress(m_cell->GetUserAddress(i), port));
        downlink.source->ShutdownRecv();
        m_downlinks.push_back(downlink);
    }
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
    for (uint32_t i = 0; i < m_downlinks.size(); ++i)
    {
        if (m_active[i])
        {
            TopUpDownlink(m_downlinks[i]);
        }
    }
    m_topUp = Simulator::Schedule(TOP_UP_INTERVAL, &SaturatedSource::TopUp, this);
}

void
SaturatedSource::TopUpDownlink(Downlink& downlink)
{
    std::vector<uint8_t> payload(m_payloadBytes);
    while (uint64_t{downlink.sent - downlink.past} * m_payloadBytes < m_backlogBytes)
    {
        ++downlink.sent;
        std::memcpy(payload.data(), &downlink.sent, sizeof(downlink.sent));
        downlink.source->Send(Create<Packet>(payload.data(), m_payloadBytes));
    }
}

void
SaturatedSource::ReceiveDownlink(uint32_t i, Ptr<Socket> socket)
{
    Downlink& downlink = m_downlinks[i];
    while (Ptr<Packet> packet = socket->Recv())
    {
        uint32_t number;
        packet->CopyData(reinterpret_cast<uint8_t*>(&number), sizeof(number));
        downlink.past = std::max(downlink.past, number);
        downlink.bytes += packet->GetSize();
    }
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

uint64_t
SaturatedSource::GetDownlinkBytes(uint32_t i) const
{
    return m_downlinks.empty() ? 0 : m_downlinks.at(i).bytes;
}

} // namespace ns3::tandem
