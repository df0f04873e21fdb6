// SPDX-License-Identifier: GPL-2.0-only
#ifndef TANDEM_TCP_PROBE_H
#define TANDEM_TCP_PROBE_H

#include "model/abortable-tcp-socket.h"

#include "ns3/nstime.h"
#include "ns3/ptr.h"

#include <cstdint>

namespace ns3::tandem
{

/** What a user's connection to a site looks like at this instant. */
struct TcpSample
{
    double windowBytes{0};    //!< the congestion window that the next upload starts with
    double thresholdBytes{0}; //!< the window at which its slow start ends
    double rttS{0};           //!< smoothed round-trip time
    double idleS{0};          //!< since the last segment in either direction
    double backlogBytes{0};   //!< written to the socket and not yet acknowledged
};

/**
 * Follows a user's connection to a site, over all the sockets that it has one after the other.
 * It asks the socket when it is asked itself, so it costs nothing per segment.
 */
class TcpProbe
{
  public:
    /** The connection now uses @p socket; the counters of the one before are kept. */
    void Attach(Ptr<AbortableTcpSocket> socket);

    TcpSample Sample() const;

    /** @return segments with data sent again since the start, all sockets together */
    uint64_t GetRetransmissions() const;

  private:
    Ptr<AbortableTcpSocket> m_socket;
    uint64_t m_earlierRetransmissions{0};
};

} // namespace ns3::tandem

#endif // TANDEM_TCP_PROBE_H
