// SPDX-License-Identifier: GPL-2.0-only
#include "access/wifi/fading-error-rate-model.h"

#include "ns3/double.h"
#include "ns3/log.h"
#include "ns3/table-based-error-rate-model.h"
#include "ns3/wifi-utils.h"

namespace ns3::tandem
{

NS_LOG_COMPONENT_DEFINE("TandemFadingErrorRateModel");

NS_OBJECT_ENSURE_REGISTERED(FadingErrorRateModel);

TypeId
FadingErrorRateModel::GetTypeId()
{
    static TypeId tid = TypeId("ns3::tandem::FadingErrorRateModel")
                            .SetParent<ErrorRateModel>()
                            .SetGroupName("Wifi")
                            .AddConstructor<FadingErrorRateModel>()
                            .AddAttribute("Loss",
                                          "What fading takes from the SINR of data, dB",
                                          DoubleValue(0),
                                          MakeDoubleAccessor(&FadingErrorRateModel::m_lossDb),
                                          MakeDoubleChecker<double>(0));
    return tid;
}

FadingErrorRateModel::FadingErrorRateModel()
    : m_flat(CreateObject<TableBasedErrorRateModel>())
{
}

bool
FadingErrorRateModel::IsAwgn() const
{
    return m_flat->IsAwgn();
}

double
FadingErrorRateModel::DoGetChunkSuccessRate(WifiMode mode,
                                            const WifiTxVector& txVector,
                                            double snr,
                                            uint64_t nbits,
                                            uint8_t numRxAntennas,
                                            WifiPpduField field,
                                            uint16_t staId) const
{
    NS_LOG_FUNCTION(this << mode << snr << nbits << field);
    const double left = field == WIFI_PPDU_FIELD_DATA ? snr / DbToRatio(m_lossDb) : snr;
    return m_flat->GetChunkSuccessRate(mode, txVector, left, nbits, numRxAntennas, field, staId);
}

} // namespace ns3::tandem
