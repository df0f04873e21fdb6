// SPDX-License-Identifier: GPL-2.0-only
#include "access/wifi/wifi-frame-probe.h"

#include "access/frame-tables.h"

#include "ns3/abort.h"
#include "ns3/simulator.h"
#include "ns3/wifi-mac-header.h"
#include "ns3/wifi-phy.h"

#include <array>

namespace ns3::tandem
{

namespace
{

// What lies before the TCP header in an MPDU: IEEE 802.2 (SNAP), then IPv4 (RFC 791).
constexpr uint32_t SNAP_BYTES = 8;
constexpr uint32_t SNAP_TYPE_AT = 6;
constexpr uint32_t IPV4_TYPE = 0x0800;
constexpr uint32_t IPV4_LENGTH_AT = 2;
constexpr uint32_t IPV4_PROTOCOL_AT = 9;
constexpr uint8_t TCP_PROTOCOL = 6;
constexpr uint32_t TCP_SEQUENCE_AT = 4;
constexpr uint32_t TCP_OFFSET_AT = 12;
constexpr uint32_t LONGEST_HEADERS_BYTES = SNAP_BYTES + 60 + 20;

uint32_t
ReadNumber(const uint8_t* bytes, size_t count)
{
    uint32_t number = 0;
    for (size_t i = 0; i < count; ++i)
    {
        number = number << 8 | bytes[i];
    }
    return number;
}

/** Add what the frame tells about TCP, if it holds one segment. */
void
ReadTcp(const Packet& packet, FrameRow& row)
{
    std::array<uint8_t, LONGEST_HEADERS_BYTES> bytes{};
    const uint32_t size = packet.CopyData(bytes.data(), LONGEST_HEADERS_BYTES);
    const uint8_t* ip = bytes.data() + SNAP_BYTES;
    if (ReadNumber(bytes.data() + SNAP_TYPE_AT, 2) != IPV4_TYPE ||
        ip[IPV4_PROTOCOL_AT] != TCP_PROTOCOL)
    {
        return;
    }
    const uint32_t ipBytes = (ip[0] & 0x0f) * 4U;
    const uint8_t* tcp = ip + ipBytes;
    if (SNAP_BYTES + ipBytes + TCP_OFFSET_AT >= size)
    {
        return;
    }
    row.tcpSequence = ReadNumber(tcp + TCP_SEQUENCE_AT, 4);
    row.tcpPayloadBytes =
        ReadNumber(ip + IPV4_LENGTH_AT, 2) - ipBytes - (tcp[TCP_OFFSET_AT] >> 4) * 4U;
}

FrameKind
KindOf(const WifiMacHeader& header)
{
    if (header.IsData())
    {
        return FrameKind::DATA;
    }
    if (header.IsAck() || header.IsBlockAck())
    {
        return FrameKind::ACKNOWLEDGEMENT;
    }
    return header.IsMgt() ? FrameKind::MANAGEMENT : FrameKind::CONTROL;
}

FrameLoss
LossOf(WifiMacDropReason reason)
{
    switch (reason)
    {
    case WIFI_MAC_DROP_FAILED_ENQUEUE:
        return FrameLoss::QUEUE_FULL;
    case WIFI_MAC_DROP_EXPIRED_LIFETIME:
        return FrameLoss::LIFETIME_EXPIRED;
    case WIFI_MAC_DROP_REACHED_RETRY_LIMIT:
        return FrameLoss::RETRY_LIMIT;
    default:
        return FrameLoss::BEHIND_WINDOW;
    }
}

FrameLoss
LossOf(WifiPhyRxfailureReason reason)
{
    switch (reason)
    {
    case RXING:
    case BUSY_DECODING_PREAMBLE:
    case PREAMBLE_DETECTION_PACKET_SWITCH:
    case FRAME_CAPTURE_PACKET_SWITCH:
        return FrameLoss::RECEIVER_BUSY;
    case TXING:
    case RECEPTION_ABORTED_BY_TX:
        return FrameLoss::RECEIVER_SENDING;
    case PREAMBLE_DETECT_FAILURE:
        return FrameLoss::PREAMBLE_FAILED;
    case L_SIG_FAILURE:
    case HT_SIG_FAILURE:
    case SIG_A_FAILURE:
    case SIG_B_FAILURE:
        return FrameLoss::PHY_HEADER_FAILED;
    default:
        return FrameLoss::PHY_OTHER;
    }
}

} // namespace

WifiFrameProbe::WifiFrameProbe(Ptr<WifiNetDevice> device, int64_t node, FrameTables& tables)
    : m_device(device),
      m_address(Mac48Address::ConvertFrom(device->GetAddress())),
      m_node(node),
      m_tables(tables)
{
    tables.AddAddress(m_address, node);
    const auto connect = [](Ptr<Object> object, const std::string& source, auto callback) {
        NS_ABORT_MSG_UNLESS(object->TraceConnectWithoutContext(source, callback),
                            "this ns-3 has no trace source " << source);
    };
    const Ptr<WifiPhy> phy = device->GetPhy();
    const Ptr<WifiMac> mac = device->GetMac();
    connect(phy, "PhyTxPsduBegin", MakeCallback(&WifiFrameProbe::OnTransmit, this));
    connect(phy, "PhyRxDrop", MakeCallback(&WifiFrameProbe::OnReceptionDropped, this));
    connect(mac, "MpduResponseTimeout", MakeCallback(&WifiFrameProbe::OnMpduTimeout, this));
    connect(mac, "PsduResponseTimeout", MakeCallback(&WifiFrameProbe::OnPsduTimeout, this));
    connect(mac, "NAckedMpdu", MakeCallback(&WifiFrameProbe::OnNotAcknowledged, this));
    connect(mac, "DroppedMpdu", MakeCallback(&WifiFrameProbe::OnDropped, this));
}

void
WifiFrameProbe::OnTransmit(WifiConstPsduMap psdus, WifiTxVector vector, double /* powerW */)
{
    const auto& psdu = psdus.begin()->second;
    const WifiMacHeader& first = psdu->GetHeader(0);
    AirtimeRow transmission;
    transmission.startS = Simulator::Now().GetSeconds();
    transmission.durationS =
        WifiPhy::CalculateTxDuration(psdus, vector, m_device->GetPhy()->GetPhyBand()).GetSeconds();
    transmission.sender = m_node;
    transmission.receiver = m_tables.FindNode(first.GetAddr1());
    transmission.kind = KindOf(first);
    transmission.frames = psdu->GetNMpdus();
    transmission.sizeBytes = psdu->GetSize();
    transmission.rateBps = static_cast<double>(vector.GetMode().GetDataRate(vector));
    transmission.mcs =
        vector.GetModulationClass() < WIFI_MOD_CLASS_HT ? 0 : vector.GetMode().GetMcsValue();
    const int64_t number = m_tables.Add(transmission);
    for (const auto& mpdu : *PeekPointer(psdu))
    {
        const WifiMacHeader& header = mpdu->GetHeader();
        if (!header.IsQosData() || !header.HasData())
        {
            continue;
        }
        FrameRow row;
        row.startS = transmission.startS;
        row.transmission = number;
        row.sender = m_node;
        row.receiver = transmission.receiver;
        row.sequence = header.GetSequenceNumber();
        row.retry = header.IsRetry();
        row.sizeBytes = mpdu->GetSize();
        if (!header.IsQosAmsdu())
        {
            ReadTcp(*mpdu->GetPacket(), row);
        }
        m_tables.Add(row);
    }
}

void
WifiFrameProbe::OnMpduTimeout(uint8_t /* reason */,
                              Ptr<const WifiMpdu> mpdu,
                              const WifiTxVector& /* vector */)
{
    const WifiMacHeader& header = mpdu->GetHeader();
    LossRow row;
    row.sender = m_node;
    row.receiver = m_tables.FindNode(header.GetAddr1());
    row.reason = FrameLoss::NO_RESPONSE;
    row.sequence = header.IsData() ? header.GetSequenceNumber() : -1;
    row.sizeBytes = mpdu->GetSize();
    m_tables.Add(row);
}

void
WifiFrameProbe::OnPsduTimeout(uint8_t reason, Ptr<const WifiPsdu> psdu, const WifiTxVector& vector)
{
    for (const auto& mpdu : *PeekPointer(psdu))
    {
        OnMpduTimeout(reason, mpdu, vector);
    }
}

void
WifiFrameProbe::OnNotAcknowledged(Ptr<const WifiMpdu> mpdu)
{
    const WifiMacHeader& header = mpdu->GetHeader();
    LossRow row;
    row.sender = m_node;
    row.receiver = m_tables.FindNode(header.GetAddr1());
    row.reason = FrameLoss::NOT_IN_BLOCK_ACK;
    row.sequence = header.GetSequenceNumber();
    row.sizeBytes = mpdu->GetSize();
    m_tables.Add(row);
}

void
WifiFrameProbe::OnDropped(WifiMacDropReason reason, Ptr<const WifiMpdu> mpdu)
{
    const WifiMacHeader& header = mpdu->GetHeader();
    LossRow row;
    row.sender = m_node;
    row.receiver = m_tables.FindNode(header.GetAddr1());
    row.reason = LossOf(reason);
    row.sequence = header.IsQosData() && header.HasData() ? header.GetSequenceNumber() : -1;
    row.sizeBytes = mpdu->GetSize();
    m_tables.Add(row);
}

void
WifiFrameProbe::OnReceptionDropped(Ptr<const Packet> packet, WifiPhyRxfailureReason reason)
{
    WifiMacHeader header;
    packet->PeekHeader(header);
    // What is not for this device is no loss.
    if (header.GetAddr1() != m_address || !header.IsData())
    {
        return;
    }
    LossRow row;
    row.sender = m_tables.FindNode(header.GetAddr2());
    row.receiver = m_node;
    row.reason = LossOf(reason);
    row.sequence = header.GetSequenceNumber();
    row.sizeBytes = packet->GetSize();
    m_tables.Add(row);
}

} // namespace ns3::tandem
