// SPDX-License-Identifier: GPL-2.0-only
#ifndef TANDEM_MEASURED_LOSS_H
#define TANDEM_MEASURED_LOSS_H

#include "access/path-loss.h"
#include "access/signal-trace.h"

#include "ns3/node-container.h"
#include "ns3/propagation-loss-model.h"

#include <map>
#include <memory>

namespace ns3::tandem
{

/**
 * Gives links between a base (AP or eNB) and users the loss with which a recorded strength would
 * have been received, in both directions, whatever their distance. Other links keep the loss of
 * the distance. Until Begin() each user is at its first place of the trace.
 *
 * It follows the models of a PathLossConfig in a chain and takes back what these have taken.
 */
class MeasuredLossModel : public PropagationLossModel
{
  public:
    /** @return the object TypeId */
    static TypeId GetTypeId();

    /**
     * @param trace what was recorded
     * @param sentDbm strength at no loss at all: of the power that the recorded quantity counts
     * @param distanceLoss what is taken back
     * @param frequencyHz of that
     */
    void Configure(std::shared_ptr<const SignalTrace> trace,
                   double sentDbm,
                   const PathLossConfig& distanceLoss,
                   double frequencyHz);

    /**
     * @param base the AP or eNB
     * @param users each begins so much later in the trace than the one before
     * @param shift by that
     */
    void SetLinks(Ptr<Node> base, const NodeContainer& users, Time shift);

    /** The trace begins now. */
    void Begin();

  private:
    double DoCalcRxPower(double txPowerDbm,
                         Ptr<MobilityModel> a,
                         Ptr<MobilityModel> b) const override;
    int64_t DoAssignStreams(int64_t stream) override;

    std::shared_ptr<const SignalTrace> m_trace;
    double m_sentDbm{0};
    PathLossConfig m_distanceLoss;
    double m_frequencyHz{0};
    Ptr<MobilityModel> m_base;
    std::map<Ptr<MobilityModel>, Time> m_shifts; //!< looked up only: its order has no effect
    bool m_begun{false};
    Time m_origin;
};

} // namespace ns3::tandem

#endif // TANDEM_MEASURED_LOSS_H
