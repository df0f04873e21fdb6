// SPDX-License-Identifier: GPL-2.0-only
#ifndef TANDEM_FADING_ERROR_RATE_MODEL_H
#define TANDEM_FADING_ERROR_RATE_MODEL_H

#include "ns3/error-rate-model.h"

namespace ns3::tandem
{

/**
 * ns-3's error tables at less SINR: stands for a channel that fades within its width.
 *
 * Carriers of a frame that fade cost more than those that gain give. So a frame needs more mean
 * SINR than in a flat channel, and the more, the higher its rate. The loss is a constant here: that
 * of a typical draw of the channel at the rate that is used. Only data fields have it; preamble
 * and headers are sent at the lowest rates.
 */
class FadingErrorRateModel : public ErrorRateModel
{
  public:
    /** @return the object TypeId */
    static TypeId GetTypeId();

    FadingErrorRateModel();

    bool IsAwgn() const override;

  private:
    double DoGetChunkSuccessRate(WifiMode mode,
                                 const WifiTxVector& txVector,
                                 double snr,
                                 uint64_t nbits,
                                 uint8_t numRxAntennas,
                                 WifiPpduField field,
                                 uint16_t staId) const override;

    double m_lossDb;            //!< attribute Loss
    Ptr<ErrorRateModel> m_flat; //!< of a channel that does not fade
};

} // namespace ns3::tandem

#endif // TANDEM_FADING_ERROR_RATE_MODEL_H
