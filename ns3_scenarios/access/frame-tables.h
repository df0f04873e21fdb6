// SPDX-License-Identifier: GPL-2.0-only
#ifndef TANDEM_FRAME_TABLES_H
#define TANDEM_FRAME_TABLES_H

#include "agent-link/typed-records.h"

#include "ns3/mac48-address.h"

#include <cstdint>
#include <map>
#include <string>

namespace ns3::tandem
{

/** Why a frame was lost or had to be sent again: the column `reason` of the table `losses`. */
enum class FrameLoss : uint8_t
{
    NO_RESPONSE = 0,   //!< neither acknowledgement nor block acknowledgement came
    NOT_IN_BLOCK_ACK,  //!< a block acknowledgement came without this frame
    QUEUE_FULL,        //!< no room in the sender's queue
    LIFETIME_EXPIRED,  //!< too long in the sender's queue
    RETRY_LIMIT,       //!< sent as often as is allowed
    BEHIND_WINDOW,     //!< older than the block acknowledgement window
    RECEIVER_BUSY,     //!< the receiver was receiving another frame: a collision
    RECEIVER_SENDING,  //!< the receiver was transmitting itself
    PREAMBLE_FAILED,   //!< too weak or too disturbed to be detected
    PHY_HEADER_FAILED, //!< detected, but its PHY header was not decoded
    PHY_OTHER,         //!< any other reason of the receiving PHY
    BLOCK_NOT_DECODED, //!< LTE: a transport block failed and HARQ sends it again
    RLC_BUFFER_FULL,   //!< LTE: no room in the sender's RLC buffer
    COUNT
};

/** What a transmission is: the column `kind` of the table `airtime`. */
enum class FrameKind : uint8_t
{
    DATA = 0,        //!< 802.11 data or an LTE transport block
    ACKNOWLEDGEMENT, //!< Ack or BlockAck
    MANAGEMENT,      //!< beacons, association
    CONTROL,         //!< RTS, CTS, BlockAckRequest
    COUNT
};

/** A row of the table `airtime`: one transmission on a radio channel. */
struct AirtimeRow
{
    double startS{0};
    double durationS{0};
    int64_t sender{-1};
    int64_t receiver{-1};
    FrameKind kind{FrameKind::DATA};
    uint64_t frames{1};
    uint64_t sizeBytes{0};
    double rateBps{0};
    int64_t mcs{0};
    int64_t resourceBlocks{0};
    int64_t transmission{-1}; //!< its number; set by FrameTables
    int64_t user{-1};         //!< set by FrameTables
};

/** A row of the table `frames`: one MPDU with data, or one LTE transport block. */
struct FrameRow
{
    double startS{0};
    int64_t transmission{0}; //!< row of `airtime` that carried it
    int64_t sender{-1};
    int64_t receiver{-1};
    int64_t sequence{-1};
    bool retry{false};
    uint64_t sizeBytes{0};
    uint64_t tcpPayloadBytes{0};
    int64_t tcpSequence{-1};
    int64_t user{-1};   //!< set by FrameTables
    bool uplink{false}; //!< set by FrameTables
};

/** A row of the table `losses`. */
struct LossRow
{
    int64_t sender{-1};
    int64_t receiver{-1};
    FrameLoss reason{FrameLoss::PHY_OTHER};
    int64_t sequence{-1};
    uint64_t sizeBytes{0};
    int64_t user{-1};   //!< set by FrameTables
    bool uplink{false}; //!< set by FrameTables
    double timeS{0};    //!< set by FrameTables: now
};

/**
 * The record tables `airtime`, `frames` and `losses`: what the radios did, frame by frame. Made
 * only when they are asked for, so that a run without them pays nothing. Counterfactual branches
 * write no rows.
 *
 * Nodes are numbered as in the topology.
 */
class FrameTables
{
  public:
    /** Declare the tables and the names of their codes. @param link must outlive this */
    explicit FrameTables(AgentLink& link);

    /** Say which user a node is (background stations and gateways are none). */
    void AddNode(int64_t node, int64_t user);
    /** Say which node a WiFi address belongs to. */
    void AddAddress(Mac48Address address, int64_t node);
    /** @return the node of a WiFi address, -1 for broadcast and strangers */
    int64_t FindNode(Mac48Address address) const;

    /** @return the number of the row, for FrameRow::transmission */
    int64_t Add(AirtimeRow row);
    void Add(FrameRow row);
    void Add(LossRow row);

  private:
    int64_t FindUser(int64_t sender, int64_t receiver) const;
    bool IsUplink(int64_t sender) const;

    AgentLink& m_link;
    TypedRecords<AirtimeRow> m_airtime;
    TypedRecords<FrameRow> m_frames;
    TypedRecords<LossRow> m_losses;
    std::map<int64_t, int64_t> m_users; //!< by node
    std::map<Mac48Address, int64_t> m_nodes;
    int64_t m_transmissions{0};
};

} // namespace ns3::tandem

#endif // TANDEM_FRAME_TABLES_H
