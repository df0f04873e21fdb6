// SPDX-License-Identifier: GPL-2.0-only
#include "access/wifi/wifi-handshake-rescue.h"

#include "ns3/block-ack-manager.h"
#include "ns3/log.h"
#include "ns3/qos-txop.h"
#include "ns3/simulator.h"
#include "ns3/wifi-mac-queue.h"
#include "ns3/wifi-mac.h"
#include "ns3/wifi-mpdu.h"
#if __has_include("ns3/mgt-action-headers.h")
#include "ns3/mgt-action-headers.h"
#else
#include "ns3/mgt-headers.h"
#endif

namespace ns3::tandem
{

NS_LOG_COMPONENT_DEFINE("TandemWifiHandshakeRescue");

#if NS3_MINOR >= 38

namespace
{

void
GiveUp(Ptr<QosTxop> txop, Mac48Address recipient, uint8_t tid)
{
    NS_LOG_FUNCTION(txop << recipient << static_cast<uint32_t>(tid));
    const auto agreement = txop->GetBaManager()->GetAgreementAsOriginator(recipient, tid);
    if (!agreement || !agreement->get().IsPending())
    {
        return;
    }
#if NS3_MINOR >= 44
    txop->NotifyOriginatorAgreementNoReply(recipient, tid, std::nullopt);
    Simulator::Schedule(txop->GetFailedAddBaTimeout(),
                        &QosTxop::ResetBa,
                        txop,
                        recipient,
                        tid,
                        std::nullopt);
#else
    txop->NotifyOriginatorAgreementNoReply(recipient, tid);
    Simulator::Schedule(txop->GetFailedAddBaTimeout(), &QosTxop::ResetBa, txop, recipient, tid);
#endif
}

void
OnExpired(WifiMac* mac, Ptr<const WifiMpdu> mpdu)
{
    if (!mpdu->GetHeader().IsAction())
    {
        return;
    }
    auto packet = mpdu->GetPacket()->Copy();
    WifiActionHeader action;
    packet->RemoveHeader(action);
    if (action.GetCategory() != WifiActionHeader::BLOCK_ACK ||
        action.GetAction().blockAck != WifiActionHeader::BLOCK_ACK_ADDBA_REQUEST)
    {
        return;
    }
    MgtAddBaRequestHeader request;
    packet->PeekHeader(request);
    // Later: the queue is about to remove the frame, and to unblock looks through the queue.
    Simulator::ScheduleNow(&GiveUp,
                           mac->GetQosTxop(request.GetTid()),
                           mpdu->GetHeader().GetAddr1(),
                           request.GetTid());
}

} // namespace

void
RescueBlockAckHandshakes(Ptr<WifiNetDevice> device)
{
    const auto mac = device->GetMac();
    for (const AcIndex ac : {AC_BE, AC_BK, AC_VI, AC_VO})
    {
        // A plain pointer, as the MAC owns its queues.
        mac->GetTxopQueue(ac)->TraceConnectWithoutContext(
            "Expired",
            MakeBoundCallback(&OnExpired, PeekPointer(mac)));
    }
}

#else

void
RescueBlockAckHandshakes(Ptr<WifiNetDevice> /* device */)
{
}

#endif

} // namespace ns3::tandem
