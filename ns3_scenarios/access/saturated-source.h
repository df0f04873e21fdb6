// SPDX-License-Identifier: GPL-2.0-only
#ifndef TANDEM_SATURATED_SOURCE_H
#define TANDEM_SATURATED_SOURCE_H

#include "access/access-cell.h"

#include "ns3/address.h"
#include "ns3/event-id.h"
#include "ns3/ipv4-address.h"
#include "ns3/nstime.h"
#include "ns3/object.h"
#include "ns3/socket.h"

#include <cstdint>
#include <map>
#include <vector>

namespace ns3::tandem
{

/**
 * Keeps the radio queue of chosen users of a cell full of UDP packets to one sink, and counts
 * what arrives.
 *
 * The queue is topped up at fixed intervals instead of being flooded at a fixed rate: a station
 * is saturated at any rate of the medium, and nothing is dropped before it gets there.
 */
class SaturatedSource : public Object
{
  public:
    static TypeId GetTypeId();

    ~SaturatedSource() override;

    /**
     * @param cell the cell whose users send
     */
    void Install(const AccessCell& cell, Ptr<Node> sink, Ipv4Address address, uint16_t port);

    /** Let user @p i send from now on, or stop to feed its queue. */
    void SetActive(uint32_t i, bool active);

    /** @return UDP payload bytes of user @p i that have arrived since the start */
    uint64_t GetReceivedBytes(uint32_t i) const;

  private:
    void TopUp();
    void Receive(Ptr<Socket> socket);

    const AccessCell* m_cell{nullptr};
    uint32_t m_payloadBytes; //!< attribute PayloadBytes
    uint32_t m_backlogBytes; //!< attribute BacklogBytes
    Ptr<Socket> m_sink;
    std::vector<Ptr<Socket>> m_sockets;
    std::vector<bool> m_active;
    std::vector<uint64_t> m_receivedBytes;
    std::map<Ipv4Address, uint32_t> m_users;
    EventId m_topUp;
};

} // namespace ns3::tandem

#endif // TANDEM_SATURATED_SOURCE_H
