// SPDX-License-Identifier: GPL-2.0-only
#include "access/lte/lte-sinr-probe.h"

#include "ns3/lte-enb-phy.h"

#include <cmath>

namespace ns3::tandem
{

LteSinrProbe::LteSinrProbe(Ptr<LteEnbNetDevice> enb)
{
    enb->GetPhy()->TraceConnectWithoutContext("ReportUeSinr",
                                              MakeCallback(&LteSinrProbe::OnSinr, this));
}

void
LteSinrProbe::OnSinr(uint16_t /* cellId */, uint16_t rnti, double sinr, uint8_t /* carrier */)
{
    if (rnti >= m_sinrByRnti.size())
    {
        m_sinrByRnti.resize(rnti + 1, 1.0);
    }
    m_sinrByRnti[rnti] = sinr;
}

double
LteSinrProbe::GetSinrDb(uint16_t rnti) const
{
    return rnti < m_sinrByRnti.size() ? 10 * std::log10(m_sinrByRnti[rnti]) : 0;
}

} // namespace ns3::tandem
