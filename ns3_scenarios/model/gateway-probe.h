// SPDX-License-Identifier: GPL-2.0-only
#ifndef TANDEM_GATEWAY_PROBE_H
#define TANDEM_GATEWAY_PROBE_H

#include "ns3/ipv4-address.h"
#include "ns3/ipv4-header.h"
#include "ns3/node.h"
#include "ns3/packet.h"
#include "ns3/sequence-number.h"

#include <cstdint>
#include <functional>
#include <map>
#include <unordered_map>

namespace ns3::tandem
{

/**
 * The bytes of a stream that have been seen, in any order and as often as they like.
 */
class SeenBytes
{
  public:
    /** Note the bytes [@p begin, @p end). @return true when the length of the prefix has grown */
    bool Add(uint64_t begin, uint64_t end);

    /** @return how many bytes from the beginning of the stream have been seen without a gap */
    uint64_t GetPrefix() const;

  private:
    uint64_t m_prefix{0};
    std::map<uint64_t, uint64_t> m_islands; //!< begin → end of what lies beyond a gap
};

/**
 * Watches a gateway (AP or PGW) forward TCP segments of users, and tells for each connection how
 * many bytes of its stream have gone through: what the radio network has delivered.
 *
 * The sequence number of the stream's first byte is taken from the SYN, which passes here too.
 * Per segment the probe reads 20 bytes of the TCP header and looks into a hash table.
 */
class GatewayProbe
{
  public:
    /** Called with the length of the prefix that has been forwarded, when it has grown. */
    using Callback = std::function<void(uint64_t bytes)>;

    /** @param gateway a node with IPv4 that forwards the users' packets; watched from now on */
    explicit GatewayProbe(Ptr<Node> gateway);
    ~GatewayProbe();
    GatewayProbe(const GatewayProbe&) = delete;
    GatewayProbe& operator=(const GatewayProbe&) = delete;

    /** Watch the connection that comes from this address and port, before its SYN gets here. */
    void Watch(Ipv4Address user, uint16_t port, Callback callback);

    /** Stop watching a connection. */
    void Forget(Ipv4Address user, uint16_t port);

  private:
    struct Stream
    {
        Callback callback;
        bool synSeen{false};
        SequenceNumber32 first; //!< sequence number of the first byte of data
        SeenBytes seen;
    };

    void Forwarded(const Ipv4Header& ip, Ptr<const Packet> segment, uint32_t interface);
    static uint64_t Key(Ipv4Address user, uint16_t port);

    Ptr<Node> m_gateway;
    std::unordered_map<uint64_t, Stream> m_streams;
};

} // namespace ns3::tandem

#endif // TANDEM_GATEWAY_PROBE_H
