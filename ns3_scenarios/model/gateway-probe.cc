// SPDX-License-Identifier: GPL-2.0-only
#include "model/gateway-probe.h"

#include "ns3/abort.h"
#include "ns3/callback.h"
#include "ns3/ipv4-l3-protocol.h"
#include "ns3/log.h"
#include "ns3/tcp-l4-protocol.h"

#include <algorithm>
#include <array>

namespace ns3::tandem
{

NS_LOG_COMPONENT_DEFINE("TandemGatewayProbe");

namespace
{

// The fixed part of a TCP header (RFC 9293, section 3.1).
constexpr uint32_t TCP_HEADER_BYTES = 20;
constexpr size_t SOURCE_PORT_AT = 0;
constexpr size_t SEQUENCE_AT = 4;
constexpr size_t DATA_OFFSET_AT = 12;
constexpr size_t FLAGS_AT = 13;
constexpr uint8_t SYN_FLAG = 0x02;

} // namespace

bool
SeenBytes::Add(uint64_t begin, uint64_t end)
{
    if (end <= m_prefix)
    {
        return false;
    }
    if (begin > m_prefix)
    {
        // Merge with the islands that it touches.
        auto it = m_islands.upper_bound(begin);
        if (it != m_islands.begin() && std::prev(it)->second >= begin)
        {
            --it;
        }
        while (it != m_islands.end() && it->first <= end)
        {
            begin = std::min(begin, it->first);
            end = std::max(end, it->second);
            it = m_islands.erase(it);
        }
        m_islands[begin] = end;
        return false;
    }
    m_prefix = end;
    while (!m_islands.empty() && m_islands.begin()->first <= m_prefix)
    {
        m_prefix = std::max(m_prefix, m_islands.begin()->second);
        m_islands.erase(m_islands.begin());
    }
    return true;
}

uint64_t
SeenBytes::GetPrefix() const
{
    return m_prefix;
}

GatewayProbe::GatewayProbe(Ptr<Node> gateway)
    : m_gateway(gateway)
{
    Ptr<Ipv4L3Protocol> ip = gateway->GetObject<Ipv4L3Protocol>();
    NS_ABORT_MSG_UNLESS(
        ip && ip->TraceConnectWithoutContext("UnicastForward",
                                             MakeCallback(&GatewayProbe::Forwarded, this)),
        "node " << gateway->GetId() << " does not forward IPv4 packets");
}

GatewayProbe::~GatewayProbe()
{
    if (Ptr<Ipv4L3Protocol> ip = m_gateway->GetObject<Ipv4L3Protocol>())
    {
        ip->TraceDisconnectWithoutContext("UnicastForward",
                                          MakeCallback(&GatewayProbe::Forwarded, this));
    }
}

uint64_t
GatewayProbe::Key(Ipv4Address user, uint16_t port)
{
    return static_cast<uint64_t>(user.Get()) << 16 | port;
}

void
GatewayProbe::Watch(Ipv4Address user, uint16_t port, Callback callback)
{
    NS_LOG_FUNCTION(this << user << port);
    Stream stream;
    stream.callback = std::move(callback);
    m_streams[Key(user, port)] = std::move(stream);
}

void
GatewayProbe::Forget(Ipv4Address user, uint16_t port)
{
    NS_LOG_FUNCTION(this << user << port);
    m_streams.erase(Key(user, port));
}

void
GatewayProbe::Forwarded(const Ipv4Header& ip, Ptr<const Packet> segment, uint32_t)
{
    if (ip.GetProtocol() != TcpL4Protocol::PROT_NUMBER || ip.GetFragmentOffset() != 0)
    {
        return;
    }
    std::array<uint8_t, TCP_HEADER_BYTES> header{};
    if (segment->CopyData(header.data(), TCP_HEADER_BYTES) < TCP_HEADER_BYTES)
    {
        return;
    }
    const auto port =
        static_cast<uint16_t>(header[SOURCE_PORT_AT] << 8 | header[SOURCE_PORT_AT + 1]);
    const auto found = m_streams.find(Key(ip.GetSource(), port));
    if (found == m_streams.end())
    {
        return;
    }
    uint32_t number = 0;
    for (size_t i = 0; i < sizeof(number); ++i)
    {
        number = number << 8 | header[SEQUENCE_AT + i];
    }
    const SequenceNumber32 sequence(number);
    Stream& stream = found->second;
    if (header[FLAGS_AT] & SYN_FLAG)
    {
        stream.synSeen = true;
        stream.first = sequence + 1;
        return;
    }
    const uint32_t headerBytes = (header[DATA_OFFSET_AT] >> 4) * 4U;
    const uint32_t payload = segment->GetSize() - headerBytes;
    if (payload == 0 || !stream.synSeen)
    {
        return;
    }
    // Sequence numbers wrap at 2^32 bytes; the distance to the prefix does not come near half of
    // that, so it tells the place in the stream.
    const uint64_t prefix = stream.seen.GetPrefix();
    const int64_t distance = sequence - (stream.first + static_cast<uint32_t>(prefix));
    const int64_t begin = static_cast<int64_t>(prefix) + distance;
    const int64_t end = begin + payload;
    if (end > 0 && stream.seen.Add(static_cast<uint64_t>(std::max<int64_t>(begin, 0)),
                                   static_cast<uint64_t>(end)))
    {
        const Callback callback = stream.callback; // it may end the watch
        callback(stream.seen.GetPrefix());
    }
}

} // namespace ns3::tandem
