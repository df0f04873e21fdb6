// SPDX-License-Identifier: GPL-2.0-only
#include "access/measured-loss.h"

#include "ns3/log.h"
#include "ns3/mobility-model.h"
#include "ns3/simulator.h"

#include <utility>

namespace ns3::tandem
{

NS_LOG_COMPONENT_DEFINE("TandemMeasuredLoss");

NS_OBJECT_ENSURE_REGISTERED(MeasuredLossModel);

TypeId
MeasuredLossModel::GetTypeId()
{
    static TypeId tid = TypeId("ns3::tandem::MeasuredLossModel")
                            .SetParent<PropagationLossModel>()
                            .SetGroupName("Propagation")
                            .AddConstructor<MeasuredLossModel>();
    return tid;
}

void
MeasuredLossModel::Configure(std::shared_ptr<const SignalTrace> trace,
                             double sentDbm,
                             const PathLossConfig& distanceLoss,
                             double frequencyHz)
{
    m_trace = std::move(trace);
    m_sentDbm = sentDbm;
    m_distanceLoss = distanceLoss;
    m_frequencyHz = frequencyHz;
}

void
MeasuredLossModel::SetLinks(Ptr<Node> base, const NodeContainer& users, Time shift)
{
    m_base = base->GetObject<MobilityModel>();
    for (uint32_t i = 0; i < users.GetN(); ++i)
    {
        m_shifts[users.Get(i)->GetObject<MobilityModel>()] = i * shift;
    }
}

void
MeasuredLossModel::Begin()
{
    NS_LOG_FUNCTION(this);
    m_begun = true;
    m_origin = Simulator::Now();
}

double
MeasuredLossModel::DoCalcRxPower(double txPowerDbm,
                                 Ptr<MobilityModel> a,
                                 Ptr<MobilityModel> b) const
{
    const auto user = m_shifts.find(a == m_base ? b : a);
    if (user == m_shifts.end() || (a != m_base && b != m_base))
    {
        return txPowerDbm;
    }
    const Time since = m_begun ? Simulator::Now() - m_origin : Time(0);
    const double lossDb = m_sentDbm - m_trace->At(since + user->second);
    return txPowerDbm + m_distanceLoss.MedianLossDb(m_frequencyHz, a->GetDistanceFrom(b)) - lossDb;
}

int64_t
MeasuredLossModel::DoAssignStreams(int64_t stream)
{
    return 0;
}

} // namespace ns3::tandem
