// SPDX-License-Identifier: GPL-2.0-only
#include "access/delay-queue-disc.h"

#include "ns3/drop-tail-queue.h"
#include "ns3/log.h"
#include "ns3/node.h"
#include "ns3/object-factory.h"
#include "ns3/simulator.h"
#include "ns3/traffic-control-helper.h"
#include "ns3/traffic-control-layer.h"

namespace ns3::tandem
{

NS_LOG_COMPONENT_DEFINE("TandemDelayQueueDisc");

NS_OBJECT_ENSURE_REGISTERED(DelayQueueDisc);

TypeId
DelayQueueDisc::GetTypeId()
{
    // The limit is netem's default.
    static TypeId tid =
        TypeId("ns3::tandem::DelayQueueDisc")
            .SetParent<QueueDisc>()
            .SetGroupName("TrafficControl")
            .AddConstructor<DelayQueueDisc>()
            .AddAttribute("MaxSize",
                          "The largest number of packets held",
                          QueueSizeValue(QueueSize("1000p")),
                          MakeQueueSizeAccessor(&QueueDisc::SetMaxSize, &QueueDisc::GetMaxSize),
                          MakeQueueSizeChecker())
            .AddAttribute("Delay",
                          "How long each packet is held",
                          TimeValue(Seconds(DEFAULT_WEAK_DELAY_MS * 1e-3)),
                          MakeTimeAccessor(&DelayQueueDisc::m_delay),
                          MakeTimeChecker(Seconds(0)));
    return tid;
}

DelayQueueDisc::DelayQueueDisc()
    : QueueDisc(QueueDiscSizePolicy::SINGLE_INTERNAL_QUEUE)
{
}

DelayQueueDisc::~DelayQueueDisc() = default;

void
DelayQueueDisc::DoDispose()
{
    m_wake.Cancel();
    m_ready.clear();
    QueueDisc::DoDispose();
}

bool
DelayQueueDisc::DoEnqueue(Ptr<QueueDiscItem> item)
{
    NS_LOG_FUNCTION(this << item);
    if (!GetInternalQueue(0)->Enqueue(item))
    {
        // The internal queue has dropped the item and told QueueDisc.
        return false;
    }
    m_ready.push_back(GetCarried(item) + m_delay);
    return true;
}

Time
DelayQueueDisc::GetCarried(Ptr<const QueueDiscItem> /* item */)
{
    return Simulator::Now();
}

Ptr<QueueDiscItem>
DelayQueueDisc::DoDequeue()
{
    NS_LOG_FUNCTION(this);
    if (m_ready.empty())
    {
        return nullptr;
    }
    if (m_ready.front() > Simulator::Now())
    {
        if (m_wake.IsExpired())
        {
            m_wake = Simulator::Schedule(m_ready.front() - Simulator::Now(), &QueueDisc::Run, this);
        }
        return nullptr;
    }
    m_ready.pop_front();
    return GetInternalQueue(0)->Dequeue();
}

bool
DelayQueueDisc::CheckConfig()
{
    if (GetNQueueDiscClasses() > 0 || GetNPacketFilters() > 0)
    {
        NS_LOG_UNCOND("DelayQueueDisc takes neither classes nor packet filters");
        return false;
    }
    if (GetNInternalQueues() == 0)
    {
        AddInternalQueue(
            CreateObjectWithAttributes<DropTailQueue<QueueDiscItem>>("MaxSize",
                                                                     QueueSizeValue(GetMaxSize())));
    }
    return GetNInternalQueues() == 1;
}

void
DelayQueueDisc::InitializeParams()
{
    // QueueDisc stops after a quota of packets, 64 by default, and counts on the next arrival to go
    // on. Here a whole window comes due at one instant, and with nothing behind it the rest would
    // wait for TCP's retransmission timeout.
    SetQuota(GetMaxSize().GetValue());
}

void
InstallDelay(Ptr<NetDevice> device, Time delay)
{
    InstallQueueDisc(device, "ns3::tandem::DelayQueueDisc", delay);
}

Ptr<QueueDisc>
InstallQueueDisc(Ptr<NetDevice> device, const std::string& type, Time delay)
{
    NS_LOG_FUNCTION(device << type << delay);
    TrafficControlHelper helper;
    auto layer = device->GetNode()->GetObject<TrafficControlLayer>();
    if (layer->GetRootQueueDiscOnDevice(device))
    {
        helper.Uninstall(device);
    }
    helper.SetRootQueueDisc(type, "Delay", TimeValue(delay));
    helper.Install(device);
    return layer->GetRootQueueDiscOnDevice(device);
}

uint64_t
GetQueueDiscBytes(Ptr<NetDevice> device)
{
    auto layer = device->GetNode()->GetObject<TrafficControlLayer>();
    auto root = layer ? layer->GetRootQueueDiscOnDevice(device) : nullptr;
    if (!root)
    {
        return 0;
    }
    uint64_t bytes = root->GetNBytes();
    if (root->GetWakeMode() == QueueDisc::WAKE_CHILD)
    {
        // Packets enter the children directly, past the root.
        for (std::size_t i = 0; i < root->GetNQueueDiscClasses(); ++i)
        {
            bytes += root->GetQueueDiscClass(i)->GetQueueDisc()->GetNBytes();
        }
    }
    return bytes;
}

} // namespace ns3::tandem
