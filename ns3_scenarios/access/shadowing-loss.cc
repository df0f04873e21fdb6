// SPDX-License-Identifier: GPL-2.0-only
#include "access/shadowing-loss.h"

#include "ns3/double.h"
#include "ns3/log.h"
#include "ns3/mobility-model.h"

#include <functional>

namespace ns3::tandem
{

NS_LOG_COMPONENT_DEFINE("TandemShadowingLoss");

NS_OBJECT_ENSURE_REGISTERED(ShadowingLossModel);

TypeId
ShadowingLossModel::GetTypeId()
{
    static TypeId tid = TypeId("ns3::tandem::ShadowingLossModel")
                            .SetParent<PropagationLossModel>()
                            .SetGroupName("Propagation")
                            .AddConstructor<ShadowingLossModel>()
                            .AddAttribute("Sigma",
                                          "Standard deviation of the loss, dB",
                                          DoubleValue(0),
                                          MakeDoubleAccessor(&ShadowingLossModel::m_sigmaDb),
                                          MakeDoubleChecker<double>(0));
    return tid;
}

ShadowingLossModel::ShadowingLossModel()
    : m_table(std::make_shared<Table>())
{
}

Ptr<ShadowingLossModel>
ShadowingLossModel::CreateTwin() const
{
    auto twin = CreateObject<ShadowingLossModel>();
    twin->m_sigmaDb = m_sigmaDb;
    twin->m_table = m_table;
    return twin;
}

double
ShadowingLossModel::DoCalcRxPower(double txPowerDbm,
                                  Ptr<MobilityModel> a,
                                  Ptr<MobilityModel> b) const
{
    const MobilityModel* first = PeekPointer(a);
    const MobilityModel* second = PeekPointer(b);
    if (std::less<>()(second, first))
    {
        std::swap(first, second);
    }
    const auto [entry, isNew] = m_table->lossDb.try_emplace({first, second}, 0.0);
    if (isNew)
    {
        entry->second = m_table->random->GetValue(0, m_sigmaDb * m_sigmaDb);
    }
    return txPowerDbm - entry->second;
}

int64_t
ShadowingLossModel::DoAssignStreams(int64_t stream)
{
    NS_LOG_FUNCTION(this << stream);
    m_table->random->SetStream(stream);
    if (!m_table->assigned)
    {
        m_table->assigned = true;
        m_table->lossDb.clear();
    }
    return 1;
}

} // namespace ns3::tandem
