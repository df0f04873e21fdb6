// SPDX-License-Identifier: GPL-2.0-only
#ifndef TANDEM_DELAY_QUEUE_DISC_H
#define TANDEM_DELAY_QUEUE_DISC_H

#include "ns3/event-id.h"
#include "ns3/net-device.h"
#include "ns3/nstime.h"
#include "ns3/queue-disc.h"

#include <deque>
#include <string>

namespace ns3::tandem
{

/**
 * Holds every packet for a fixed time before the device may have it, in order: what
 * `tc qdisc add dev … root netem delay 20ms` does. It makes a user's network "weak" as in the
 * paper, whose testbed adds 20 ms to each outgoing packet.
 */
class DelayQueueDisc : public QueueDisc
{
  public:
    /** @return the object TypeId */
    static TypeId GetTypeId();

    DelayQueueDisc();
    ~DelayQueueDisc() override;

  protected:
    /** @return when the wire has carried a packet that comes now; here: at once */
    virtual Time GetCarried(Ptr<const QueueDiscItem> item);

  private:
    void DoDispose() override;
    bool DoEnqueue(Ptr<QueueDiscItem> item) override;
    Ptr<QueueDiscItem> DoDequeue() override;
    bool CheckConfig() override;
    void InitializeParams() override;

    Time m_delay;             //!< how long each packet is held
    std::deque<Time> m_ready; //!< when each queued packet may go, in queue order
    EventId m_wake;           //!< runs the queue when its first packet is ready
};

/** The paper's extra delay of a weak network, ms. */
constexpr double DEFAULT_WEAK_DELAY_MS = 20.0;

/**
 * Put a DelayQueueDisc on a device in place of its root queue disc, if it has one.
 * Call after addresses are assigned and before the simulation starts.
 * @param device a user's radio device, on a node with an internet stack
 * @param delay how long each outgoing packet is held
 */
void InstallDelay(Ptr<NetDevice> device, Time delay);

/**
 * Put a queue disc of that type on a device in place of its root queue disc, if it has one.
 * @return it
 */
Ptr<QueueDisc> InstallQueueDisc(Ptr<NetDevice> device, const std::string& type, Time delay);

/** @return bytes waiting in the device's queue discs, children included (an mq root holds none) */
uint64_t GetQueueDiscBytes(Ptr<NetDevice> device);

} // namespace ns3::tandem

#endif // TANDEM_DELAY_QUEUE_DISC_H
