// SPDX-License-Identifier: GPL-2.0-only
#ifndef TANDEM_TRACE_QUEUE_DISC_H
#define TANDEM_TRACE_QUEUE_DISC_H

#include "access/delay-queue-disc.h"
#include "model/link-trace.h"

#include <memory>

namespace ns3::tandem
{

/**
 * Lets packets go as fast as a recorded link could have carried them, in order; what the link
 * could carry while nothing waits is lost. Then comes the delay of a DelayQueueDisc. Until Begin()
 * it holds nothing back.
 */
class TraceQueueDisc : public DelayQueueDisc
{
  public:
    /** @return the object TypeId */
    static TypeId GetTypeId();

    /** @param trace the link, shared with other users; @param shift where in it this one begins */
    void SetTrace(std::shared_ptr<const LinkTrace> trace, Time shift);

    /** The trace begins now. */
    void Begin();

  private:
    Time GetCarried(Ptr<const QueueDiscItem> item) override;

    std::shared_ptr<const LinkTrace> m_trace;
    Time m_shift;
    bool m_begun{false};
    Time m_origin;       //!< when the trace's time 0 was, also before the simulation's
    double m_carried{0}; //!< bytes, since the trace's time 0, up to the last packet
    Time m_lastCarried;  //!< when the last packet was carried
};

/**
 * Put a TraceQueueDisc on a device in place of its root queue disc, if it has one; as
 * InstallDelay().
 * @param delay how long each packet is held after the link has carried it
 */
Ptr<TraceQueueDisc>
InstallTrace(Ptr<NetDevice> device, std::shared_ptr<const LinkTrace> trace, Time shift, Time delay);

} // namespace ns3::tandem

#endif // TANDEM_TRACE_QUEUE_DISC_H
