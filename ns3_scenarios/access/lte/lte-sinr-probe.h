// SPDX-License-Identifier: GPL-2.0-only
#ifndef TANDEM_LTE_SINR_PROBE_H
#define TANDEM_LTE_SINR_PROBE_H

#include "ns3/lte-enb-net-device.h"

#include <cstdint>
#include <vector>

namespace ns3::tandem
{

/** Keeps how well an eNB heard each of its UEs last. */
class LteSinrProbe
{
  public:
    /** @param enb the eNB's device */
    explicit LteSinrProbe(Ptr<LteEnbNetDevice> enb);
    LteSinrProbe(const LteSinrProbe&) = delete;
    LteSinrProbe& operator=(const LteSinrProbe&) = delete;

    /**
     * @param rnti what the eNB calls the UE
     * @return its last signal-to-interference-and-noise ratio, dB; 0 until it was heard
     */
    double GetSinrDb(uint16_t rnti) const;

  private:
    void OnSinr(uint16_t cellId, uint16_t rnti, double sinr, uint8_t carrier);

    std::vector<double> m_sinrByRnti; //!< linear
};

} // namespace ns3::tandem

#endif // TANDEM_LTE_SINR_PROBE_H
