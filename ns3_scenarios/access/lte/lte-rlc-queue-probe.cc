// SPDX-License-Identifier: GPL-2.0-only
#include "access/lte/lte-rlc-queue-probe.h"

#include "access/delay-queue-disc.h"

#include "ns3/log.h"
#include "ns3/lte-pdcp.h"
#include "ns3/lte-radio-bearer-info.h"
#include "ns3/lte-rlc.h"
#include "ns3/lte-ue-rrc.h"
#include "ns3/object-map.h"

#include <algorithm>

namespace ns3::tandem
{

NS_LOG_COMPONENT_DEFINE("TandemLteRlcQueueProbe");

LteRlcQueueProbe::LteRlcQueueProbe(Ptr<LteUeNetDevice> device)
    : m_device(device)
{
    device->GetRrc()->TraceConnectWithoutContext(
        "DrbCreated",
        MakeCallback(&LteRlcQueueProbe::OnDataBearer, this));
}

void
LteRlcQueueProbe::OnDataBearer(uint64_t /* imsi */,
                               uint16_t /* cellId */,
                               uint16_t /* rnti */,
                               uint8_t drbIdentity)
{
    NS_LOG_FUNCTION(this << static_cast<uint32_t>(drbIdentity));
    m_rlcBytes = 0; // a handover makes the bearer anew; what waited in the old one is gone
    ObjectMapValue bearers;
    m_device->GetRrc()->GetAttribute("DataRadioBearerMap", bearers);
    for (auto it = bearers.Begin(); it != bearers.End(); ++it)
    {
        auto bearer = DynamicCast<LteDataRadioBearerInfo>(it->second);
        if (bearer->m_drbIdentity != drbIdentity)
        {
            continue;
        }
        bearer->m_pdcp->TraceConnectWithoutContext(
            "TxPDU",
            MakeCallback(&LteRlcQueueProbe::OnPdcpPdu, this));
        bearer->m_rlc->TraceConnectWithoutContext("TxPDU",
                                                  MakeCallback(&LteRlcQueueProbe::OnRlcPdu, this));
        bearer->m_rlc->TraceConnectWithoutContext("TxDrop",
                                                  MakeCallback(&LteRlcQueueProbe::OnRlcDrop, this));
    }
}

void
LteRlcQueueProbe::OnPdcpPdu(uint16_t /* rnti */, uint8_t /* lcid */, uint32_t bytes)
{
    m_rlcBytes += bytes;
}

void
LteRlcQueueProbe::OnRlcPdu(uint16_t /* rnti */, uint8_t /* lcid */, uint32_t bytes)
{
    // An RLC PDU has its header too, so it can exceed what the buffer held.
    m_rlcBytes -= std::min<uint64_t>(bytes, m_rlcBytes);
}

void
LteRlcQueueProbe::OnRlcDrop(Ptr<const Packet> packet)
{
    NS_LOG_FUNCTION(this << packet);
    m_rlcBytes -= std::min<uint64_t>(packet->GetSize(), m_rlcBytes);
}

uint64_t
LteRlcQueueProbe::GetBytes() const
{
    return GetQueueDiscBytes(m_device) + m_rlcBytes;
}

} // namespace ns3::tandem
