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

/** Which way a SaturatedSource sends. */
struct Directions
{
    bool uplink{true};    //!< from the users to the host
    bool downlink{false}; //!< from the host to the users
};

/**
 * Keeps the way of chosen users of a cell to a host, or back, or both, full of UDP packets, and
 * counts what arrives.
 *
 * Up, the user's radio queue is topped up at fixed intervals instead of being flooded at a fixed
 * rate: a station is saturated at any rate of the medium, and nothing is dropped before it gets
 * there. Down, what is under way to a user is kept at the same amount: packets are numbered, so
 * those that one overtakes are known to be lost.
 */
class SaturatedSource : public Object
{
  public:
    static TypeId GetTypeId();

    ~SaturatedSource() override;

    /**
     * @param cell the cell whose users send, or are sent to
     * @param host the other end
     * @param address of the host
     * @param port of the host, for what users send, and of each user
     */
    void Install(const AccessCell& cell,
                 Ptr<Node> host,
                 Ipv4Address address,
                 uint16_t port,
                 Directions directions = {});

    /** Let user @p i send, or be sent to, from now on, or stop to feed its queues. */
    void SetActive(uint32_t i, bool active);

    /** @return UDP payload bytes of user @p i that have arrived at the host since the start */
    uint64_t GetReceivedBytes(uint32_t i) const;

    /** @return UDP payload bytes that have arrived at user @p i since the start */
    uint64_t GetDownlinkBytes(uint32_t i) const;

  private:
    /** The way to a user. */
    struct Downlink
    {
        Ptr<Socket> source; //!< at the host
        Ptr<Socket> sink;   //!< at the user
        uint64_t bytes{0};  //!< that have arrived
        uint32_t sent{0};   //!< packets
        uint32_t past{0};   //!< the last one that arrived, from 1
    };

    void InstallUplink(Ptr<Node> host, Ipv4Address address, uint16_t port);
    void InstallDownlink(Ptr<Node> host, uint16_t port);
    void TopUp();
    void TopUpDownlink(Downlink& downlink);
    void Receive(Ptr<Socket> socket);
    void ReceiveDownlink(uint32_t i, Ptr<Socket> socket);

    const AccessCell* m_cell{nullptr};
    uint32_t m_payloadBytes; //!< attribute PayloadBytes
    uint32_t m_backlogBytes; //!< attribute BacklogBytes
    Ptr<Socket> m_sink;
    std::vector<Ptr<Socket>> m_sockets;
    std::vector<bool> m_active;
    std::vector<uint64_t> m_receivedBytes;
    std::map<Ipv4Address, uint32_t> m_users;
    std::vector<Downlink> m_downlinks; //!< of each user; empty if it is not used
    EventId m_topUp;
};

} // namespace ns3::tandem

#endif // TANDEM_SATURATED_SOURCE_H
