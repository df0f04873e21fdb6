// SPDX-License-Identifier: GPL-2.0-only
#include "access/wifi/wifi-mac-queue-probe.h"

#include "access/delay-queue-disc.h"

#include "ns3/pointer.h"
#include "ns3/qos-txop.h"
#include "ns3/wifi-mac.h"

namespace ns3::tandem
{

WifiMacQueueProbe::WifiMacQueueProbe(Ptr<WifiNetDevice> device)
    : m_device(device)
{
    PointerValue txop;
    device->GetMac()->GetAttribute("BE_Txop", txop);
    m_queue = txop.Get<QosTxop>()->GetWifiMacQueue();
}

uint64_t
WifiMacQueueProbe::GetBytes() const
{
    return GetQueueDiscBytes(m_device) + m_queue->GetNBytes();
}

} // namespace ns3::tandem
