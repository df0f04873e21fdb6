// SPDX-License-Identifier: GPL-2.0-only
#ifndef TANDEM_VARYING_TRAFFIC_H
#define TANDEM_VARYING_TRAFFIC_H

#include "ns3/address.h"
#include "ns3/application.h"
#include "ns3/data-rate.h"
#include "ns3/event-id.h"
#include "ns3/nstime.h"
#include "ns3/random-variable-stream.h"
#include "ns3/socket.h"

namespace ns3::tandem
{

/**
 * UDP packets in busy periods of random rates: cross traffic that nobody controls.
 *
 * Busy periods and pauses alternate, and each lasts for a time that is drawn from an exponential
 * distribution. A busy period has packets at equal intervals, with a rate that is drawn for the
 * period, uniform between MinRate and MaxRate. It begins with either of them.
 */
class VaryingTraffic : public Application
{
  public:
    static TypeId GetTypeId();

    VaryingTraffic();

    /** @return the rate now, 0 in a pause */
    DataRate GetRate() const;

    int64_t AssignStreams(int64_t stream) override;

  private:
    void StartApplication() override;
    void StopApplication() override;
    void ChangeRate();
    void WaitForNext(double share);
    void Send();

    Address m_remote;       //!< attribute Remote
    uint32_t m_packetBytes; //!< attribute PacketSize
    DataRate m_minRate;     //!< attribute MinRate
    DataRate m_maxRate;     //!< attribute MaxRate
    Time m_meanHold;        //!< attribute MeanHold
    DataRate m_rate;
    Ptr<Socket> m_socket;
    Ptr<UniformRandomVariable> m_rates;
    Ptr<ExponentialRandomVariable> m_times;
    EventId m_change;
    EventId m_next;
};

} // namespace ns3::tandem

#endif // TANDEM_VARYING_TRAFFIC_H
