// SPDX-License-Identifier: GPL-2.0-only
#include "access/frame-tables.h"

#include "agent-link/agent-link.h"

#include "ns3/simulator.h"

#include <array>
#include <nlohmann/json.hpp>

namespace ns3::tandem
{

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

// One row, one column: a table that formatting would tear apart.
// clang-format off
const std::vector<RecordColumn> AIRTIME_COLUMNS{
    {"transmission", RecordColumn::INT64, "", "number of the transmission since the simulation began"},
    {"sender", RecordColumn::INT64, "", "node that transmits, index into meta.topology.nodes"},
    {"receiver", RecordColumn::INT64, "", "node addressed; -1 for broadcast"},
    {"user", RecordColumn::INT64, "", "user that sends or receives; -1 for none"},
    {"kind", RecordColumn::INT64, "", "index into meta.frame_kinds"},
    {"frames", RecordColumn::INT64, "", "MPDUs or transport blocks in it"},
    {"size_bytes", RecordColumn::INT64, "B", "their size, MAC headers included"},
    {"mcs", RecordColumn::INT64, "", "modulation and coding index; 0 for legacy rates"},
    {"resource_blocks", RecordColumn::INT64, "", "LTE uplink: resource blocks; else 0"},
    {"start_s", RecordColumn::FLOAT64, "s", "simulated time at which it begins"},
    {"duration_s", RecordColumn::FLOAT64, "s", "time on the air, preamble included"},
    {"rate_bps", RecordColumn::FLOAT64, "bit/s", "PHY rate (LTE: of this transport block)"},
};
const std::vector<RecordColumn> FRAME_COLUMNS{
    {"transmission", RecordColumn::INT64, "", "transmission that carried it, see airtime"},
    {"sender", RecordColumn::INT64, "", "node that transmits, index into meta.topology.nodes"},
    {"receiver", RecordColumn::INT64, "", "node addressed"},
    {"user", RecordColumn::INT64, "", "user that sends or receives; -1 for none"},
    {"uplink", RecordColumn::INT64, "", "1 if a station sends it, 0 if the AP or eNB does"},
    {"sequence", RecordColumn::INT64, "", "802.11 sequence number; -1 for LTE"},
    {"retry", RecordColumn::INT64, "", "1 if it was sent before"},
    {"size_bytes", RecordColumn::INT64, "B", "MPDU or transport block"},
    {"tcp_payload_bytes", RecordColumn::INT64, "B", "TCP payload of an MPDU; 0 without"},
    {"tcp_sequence", RecordColumn::INT64, "", "TCP sequence number of an MPDU; -1 without"},
    {"start_s", RecordColumn::FLOAT64, "s", "simulated time at which its transmission begins"},
};
const std::vector<RecordColumn> LOSS_COLUMNS{
    {"sender", RecordColumn::INT64, "", "node that sent it, index into meta.topology.nodes"},
    {"receiver", RecordColumn::INT64, "", "node addressed"},
    {"user", RecordColumn::INT64, "", "user that sends or receives; -1 for none"},
    {"uplink", RecordColumn::INT64, "", "1 if a station sent it"},
    {"reason", RecordColumn::INT64, "", "index into meta.loss_reasons"},
    {"sequence", RecordColumn::INT64, "", "802.11 sequence number; -1 for LTE"},
    {"size_bytes", RecordColumn::INT64, "B", "MPDU, transport block or packet"},
    {"time_s", RecordColumn::FLOAT64, "s", "simulated time at which it was noticed"},
};
// clang-format on

} // namespace

FrameTables::FrameTables(AgentLink& link)
    : m_link(link),
      m_airtime(link.AddRecords("airtime", AIRTIME_COLUMNS)),
      m_frames(link.AddRecords("frames", FRAME_COLUMNS)),
      m_losses(link.AddRecords("losses", LOSS_COLUMNS))
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
FrameTables::Add(const AirtimeRow& row)
{
    const int64_t number = m_transmissions++;
    if (m_link.IsBranch())
    {
        return number;
    }
    size_t column = 0;
    m_airtime->Begin();
    for (const int64_t value : {number,
                                row.sender,
                                row.receiver,
                                FindUser(row.sender, row.receiver),
                                static_cast<int64_t>(row.kind),
                                static_cast<int64_t>(row.frames),
                                static_cast<int64_t>(row.sizeBytes),
                                row.mcs,
                                row.resourceBlocks})
    {
        m_airtime->SetInt(column++, value);
    }
    m_airtime->Set(column++, row.startS);
    m_airtime->Set(column++, row.durationS);
    m_airtime->Set(column, row.rateBps);
    m_airtime->End();
    return number;
}

void
FrameTables::Add(const FrameRow& row)
{
    if (m_link.IsBranch())
    {
        return;
    }
    size_t column = 0;
    m_frames->Begin();
    for (const int64_t value : {row.transmission,
                                row.sender,
                                row.receiver,
                                FindUser(row.sender, row.receiver),
                                int64_t{IsUplink(row.sender)},
                                row.sequence,
                                int64_t{row.retry},
                                static_cast<int64_t>(row.sizeBytes),
                                static_cast<int64_t>(row.tcpPayloadBytes),
                                row.tcpSequence})
    {
        m_frames->SetInt(column++, value);
    }
    m_frames->Set(column, row.startS);
    m_frames->End();
}

void
FrameTables::Add(const LossRow& row)
{
    if (m_link.IsBranch())
    {
        return;
    }
    size_t column = 0;
    m_losses->Begin();
    for (const int64_t value : {row.sender,
                                row.receiver,
                                FindUser(row.sender, row.receiver),
                                int64_t{IsUplink(row.sender)},
                                static_cast<int64_t>(row.reason),
                                row.sequence,
                                static_cast<int64_t>(row.sizeBytes)})
    {
        m_losses->SetInt(column++, value);
    }
    m_losses->Set(column, Simulator::Now().GetSeconds());
    m_losses->End();
}

} // namespace ns3::tandem
