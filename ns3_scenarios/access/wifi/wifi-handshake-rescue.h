// SPDX-License-Identifier: GPL-2.0-only
#ifndef TANDEM_WIFI_HANDSHAKE_RESCUE_H
#define TANDEM_WIFI_HANDSHAKE_RESCUE_H

#include "ns3/wifi-net-device.h"

namespace ns3::tandem
{

/**
 * Let a device go on after a request for a block-ack agreement has expired in its MAC queue.
 *
 * ns-3 holds back a station's data while it waits for the answer to an ADDBA request. It knows what
 * to do when the request is given up after its last attempt, but not when the request's lifetime
 * ends before that, as it can in a crowded cell: the answer is awaited for ever, and the station
 * never sends again. This treats both alike: the data go out without an agreement, and after
 * QosTxop's FailedAddBaTimeout another request may be sent.
 *
 * With ns-3.37 it does nothing: that release has no call to say that no answer will come.
 * @param device the station's or AP's device; must have its MAC
 */
void RescueBlockAckHandshakes(Ptr<WifiNetDevice> device);

} // namespace ns3::tandem

#endif // TANDEM_WIFI_HANDSHAKE_RESCUE_H
