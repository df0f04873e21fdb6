// SPDX-License-Identifier: GPL-2.0-only
#ifndef TANDEM_SHADOWING_LOSS_H
#define TANDEM_SHADOWING_LOSS_H

#include "ns3/propagation-loss-model.h"
#include "ns3/random-variable-stream.h"

#include <map>
#include <memory>
#include <utility>

namespace ns3::tandem
{

/**
 * Log-normal shadowing: one Gaussian draw in dB per pair of nodes, the same in both directions,
 * kept for good: the first AssignStreams() forgets what has been drawn before, later ones, which
 * begin an episode or draw another future of it, change nothing that is known.
 *
 * ns-3's RandomPropagationLossModel draws for every frame, which is fading, not shadowing.
 */
class ShadowingLossModel : public PropagationLossModel
{
  public:
    /** @return the object TypeId */
    static TypeId GetTypeId();

    ShadowingLossModel();

    /** @return a model with the same losses, for the other channel of a frequency-duplex pair */
    Ptr<ShadowingLossModel> CreateTwin() const;

  private:
    double DoCalcRxPower(double txPowerDbm,
                         Ptr<MobilityModel> a,
                         Ptr<MobilityModel> b) const override;
    int64_t DoAssignStreams(int64_t stream) override;

    using Pair = std::pair<const MobilityModel*, const MobilityModel*>;

    /** What twins share. */
    struct Table
    {
        Ptr<NormalRandomVariable> random{CreateObject<NormalRandomVariable>()};
        bool assigned{false};          //!< losses are kept from now on
        std::map<Pair, double> lossDb; //!< looked up only: its order has no effect
    };

    double m_sigmaDb; //!< attribute Sigma
    std::shared_ptr<Table> m_table;
};

} // namespace ns3::tandem

#endif // TANDEM_SHADOWING_LOSS_H
