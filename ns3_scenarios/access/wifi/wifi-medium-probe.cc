// SPDX-License-Identifier: GPL-2.0-only
#include "access/wifi/wifi-medium-probe.h"

#include "ns3/wifi-phy-state-helper.h"
#include "ns3/wifi-phy.h"

namespace ns3::tandem
{

WifiMediumProbe::WifiMediumProbe(Ptr<WifiNetDevice> device)
{
    device->GetPhy()->GetState()->TraceConnectWithoutContext(
        "State",
        MakeCallback(&WifiMediumProbe::OnState, this));
}

void
WifiMediumProbe::OnState(Time /* start */, Time duration, WifiPhyState state)
{
    if (state == WifiPhyState::TX || state == WifiPhyState::RX || state == WifiPhyState::CCA_BUSY)
    {
        m_busy += duration;
    }
}

double
WifiMediumProbe::GetBusyS() const
{
    return m_busy.GetSeconds();
}

} // namespace ns3::tandem
