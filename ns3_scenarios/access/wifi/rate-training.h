// SPDX-License-Identifier: GPL-2.0-only
#ifndef TANDEM_RATE_TRAINING_H
#define TANDEM_RATE_TRAINING_H

#include "ns3/ipv4-address.h"
#include "ns3/node-container.h"
#include "ns3/nstime.h"
#include "ns3/packet-sink.h"
#include "ns3/ptr.h"

#include <cstdint>

namespace ns3::tandem
{

/**
 * Uploads of the warm-up: one station after another sends to the AP over TCP, so that Minstrel
 * knows the rates of its place in both directions when the episode starts, as it would in a network
 * that has been up for a while. Without it the first requests are slow while Minstrel tries its
 * rates, and the wider the channel, the more.
 */
class RateTraining
{
  public:
    /**
     * @param stations who sends
     * @param ap who receives
     * @param address of the AP
     * @param sizeBytes what each station sends; 0: nothing
     */
    void Install(NodeContainer stations, Ptr<Node> ap, Ipv4Address address, uint32_t sizeBytes);

    /** Start now. */
    void Begin();

    /** @return whether every station has sent, or has had its time */
    bool IsDone() const;

  private:
    /** The next station's turn. */
    void Next();
    /** See whether the present one has finished. */
    void Watch();

    NodeContainer m_stations;
    Ipv4Address m_address;
    uint32_t m_sizeBytes{0};
    Ptr<PacketSink> m_sink;
    uint32_t m_begun{0}; //!< stations that have had their turn or have it
    bool m_done{true};
    uint64_t m_expectedBytes{0}; //!< at the sink when the present station has finished
    Time m_deadline;             //!< of the present station
};

} // namespace ns3::tandem

#endif // TANDEM_RATE_TRAINING_H
