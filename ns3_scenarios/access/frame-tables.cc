// SPDX-License-Identifier: GPL-2.0-only
#include "access/frame-tables.h"

#include "ns3/log.h"
#include "ns3/simulator.h"

#include <array>
#include <nlohmann/json.hpp>

namespace ns3::tandem
{

NS_LOG_COMPONENT_DEFINE("TandemFrameTables");

namespace
{

// In the order of the enumerations.
constexpr std::array<const char*, static_cast<size_t>(FrameLoss::COUNT)> LOSS_NAMES{
    "no response",
    "not in block ack",
    "queue full",
    "lifetime expired",
    "retry limit",
    "behind window",
    "receiver busy (collision)",
    "receiver was sending",
    "preamble not detected",
    "PHY header not decoded",
    "other PHY reason",
    "transport block not decoded",
    "RLC buffer full",
};
constexpr std::array<const char*, static_cast<size_t>(FrameKind::COUNT)> KIND_NAMES{
    "data",
    "acknowledgement",
    "management",
    "control",
};

// One column: name, unit, help, getter. Tables that formatting would tear apart.
// clang-format off
const std::vector<RecordField<AirtimeRow>> AIRTIME_COLUMNS{
    {"transmission", "", "number of the transmission since the simulation began",
     [](const AirtimeRow& r) -> int64_t { return r.transmission; }},
    {"sender", "", "node that transmits, index into meta.topology.nodes",
     [](const AirtimeRow& r) -> int64_t { return r.sender; }},
    {"receiver", "", "node addressed; -1 for broadcast",
     [](const AirtimeRow& r) -> int64_t { return r.receiver; }},
    {"user", "", "user that sends or receives; -1 for none",
     [](const AirtimeRow& r) -> int64_t { return r.user; }},
    {"kind", "", "index into meta.frame_kinds",
     [](const AirtimeRow& r) -> int64_t { return static_cast<int64_t>(r.kind); }},
    {"frames", "", "MPDUs or transport blocks in it",
     [](const AirtimeRow& r) -> int64_t { return static_cast<int64_t>(r.frames); }},
    {"size_bytes", "B", "their size, MAC headers included",
     [](const AirtimeRow& r) -> int64_t { return static_cast<int64_t>(r.sizeBytes); }},
    {"mcs", "", "modulation and coding index; 0 for legacy rates",
     [](const AirtimeRow& r) -> int64_t { return r.mcs; }},
    {"resource_blocks", "", "LTE uplink: resource blocks; else 0",
     [](const AirtimeRow& r) -> int64_t { return r.resourceBlocks; }},
    {"start_s", "s", "simulated time at which it begins",
     [](const AirtimeRow& r) -> double { return r.startS; }},
    {"duration_s", "s", "time on the air, preamble included; LTE: a subframe, in which several users can send",
     [](const AirtimeRow& r) -> double { return r.durationS; }},
    {"rate_bps", "bit/s", "PHY rate (LTE: of this transport block)",
     [](const AirtimeRow& r) -> double { return r.rateBps; }},
};
const std::vector<RecordField<FrameRow>> FRAME_COLUMNS{
    {"transmission", "", "transmission that carried it, see airtime",
     [](const FrameRow& r) -> int64_t { return r.transmission; }},
    {"sender", "", "node that transmits, index into meta.topology.nodes",
     [](const FrameRow& r) -> int64_t { return r.sender; }},
    {"receiver", "", "node addressed",
     [](const FrameRow& r) -> int64_t { return r.receiver; }},
    {"user", "", "user that sends or receives; -1 for none",
     [](const FrameRow& r) -> int64_t { return r.user; }},
    {"uplink", "", "1 if a station sends it, 0 if the AP or eNB does",
     [](const FrameRow& r) -> int64_t { return r.uplink; }},
    {"sequence", "", "802.11 sequence number; -1 for LTE",
     [](const FrameRow& r) -> int64_t { return r.sequence; }},
    {"retry", "", "1 if it was sent before",
     [](const FrameRow& r) -> int64_t { return r.retry; }},
    {"size_bytes", "B", "MPDU or transport block",
     [](const FrameRow& r) -> int64_t { return static_cast<int64_t>(r.sizeBytes); }},
    {"tcp_payload_bytes", "B", "TCP payload of an MPDU; 0 without",
     [](const FrameRow& r) -> int64_t { return static_cast<int64_t>(r.tcpPayloadBytes); }},
    {"tcp_sequence", "", "TCP sequence number of an MPDU; -1 without",
     [](const FrameRow& r) -> int64_t { return r.tcpSequence; }},
    {"start_s", "s", "simulated time at which its transmission begins",
     [](const FrameRow& r) -> double { return r.startS; }},
};
const std::vector<RecordField<LossRow>> LOSS_COLUMNS{
    {"sender", "", "node that sent it, index into meta.topology.nodes",
     [](const LossRow& r) -> int64_t { return r.sender; }},
    {"receiver", "", "node addressed",
     [](const LossRow& r) -> int64_t { return r.receiver; }},
    {"user", "", "user that sends or receives; -1 for none",
     [](const LossRow& r) -> int64_t { return r.user; }},
    {"uplink", "", "1 if a station sent it",
     [](const LossRow& r) -> int64_t { return r.uplink; }},
    {"reason", "", "index into meta.loss_reasons",
     [](const LossRow& r) -> int64_t { return static_cast<int64_t>(r.reason); }},
    {"sequence", "", "802.11 sequence number; -1 for LTE",
     [](const LossRow& r) -> int64_t { return r.sequence; }},
    {"size_bytes", "B", "MPDU, transport block or packet",
     [](const LossRow& r) -> int64_t { return static_cast<int64_t>(r.sizeBytes); }},
    {"time_s", "s", "simulated time at which it was noticed",
     [](const LossRow& r) -> double { return r.timeS; }},
};
// clang-format on

} // namespace

FrameTables::FrameTables(AgentLink& link)
    : m_link(link),
      m_airtime(link, "airtime", AIRTIME_COLUMNS),
      m_frames(link, "frames", FRAME_COLUMNS),
      m_losses(link, "losses", LOSS_COLUMNS)
{
    link.SetMeta("frame_kinds", nlohmann::json(KIND_NAMES).dump());
    link.SetMeta("loss_reasons", nlohmann::json(LOSS_NAMES).dump());
}

void
FrameTables::AddNode(int64_t node, int64_t user)
{
    m_users[node] = user;
}

void
FrameTables::AddAddress(Mac48Address address, int64_t node)
{
    m_nodes[address] = node;
}

int64_t
FrameTables::FindNode(Mac48Address address) const
{
    const auto found = m_nodes.find(address);
    return found == m_nodes.end() ? -1 : found->second;
}

int64_t
FrameTables::FindUser(int64_t sender, int64_t receiver) const
{
    for (const int64_t node : {sender, receiver})
    {
        const auto found = m_users.find(node);
        if (found != m_users.end() && found->second >= 0)
        {
            return found->second;
        }
    }
    return -1;
}

bool
FrameTables::IsUplink(int64_t sender) const
{
    return m_users.count(sender) > 0;
}

int64_t
FrameTables::Add(AirtimeRow row)
{
    NS_LOG_FUNCTION(this << row.sender << row.receiver);
    row.transmission = m_transmissions++;
    if (!m_link.IsBranch())
    {
        row.user = FindUser(row.sender, row.receiver);
        m_airtime.Add(row);
    }
    return row.transmission;
}

void
FrameTables::Add(FrameRow row)
{
    if (!m_link.IsBranch())
    {
        row.user = FindUser(row.sender, row.receiver);
        row.uplink = IsUplink(row.sender);
        m_frames.Add(row);
    }
}

void
FrameTables::Add(LossRow row)
{
    NS_LOG_FUNCTION(this << row.sender << row.receiver);
    if (!m_link.IsBranch())
    {
        row.user = FindUser(row.sender, row.receiver);
        row.uplink = IsUplink(row.sender);
        row.timeS = Simulator::Now().GetSeconds();
        m_losses.Add(row);
    }
}

} // namespace ns3::tandem
