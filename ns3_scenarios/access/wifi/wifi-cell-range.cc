// SPDX-License-Identifier: GPL-2.0-only
// How far a WiFi cell reaches.
#include "access/wifi/wifi-cell.h"
#include "agent-link/argument-check.h"

#include "ns3/table-based-error-rate-model.h"
#include "ns3/wifi-mode.h"
#include "ns3/wifi-tx-vector.h"
#include "ns3/wifi-utils.h"

#include <algorithm>

namespace ns3::tandem
{

namespace
{
/** ns-3's threshold preamble detection: a frame that is not so much above the noise is not
 * received. */
constexpr double DETECTION_SNR_DB = 4.0;
/**
 * ns-3.44 looks for the preamble of an HE PPDU in the primary channel, for others in all of it;
 * ns-3.48 receives HE PPDUs no farther than others. The releases between were not tried.
 */
constexpr uint32_t PRIMARY_CHANNEL_MHZ = 20;
constexpr bool DETECTS_HE_IN_PRIMARY = NS3_MINOR < 45;
/** The bit error rate at which ns-3's IdealWifiManager takes a rate. */
constexpr double USABLE_BIT_ERROR_RATE = 1e-6;

/** @return SNR, dB, from which frames of an MCS get through, by ns-3's error model */
double
RequiredSnrDb(const std::string& mode, uint32_t channelWidthMhz)
{
    WifiTxVector vector;
    vector.SetMode(WifiMode(mode));
    vector.SetNss(1);
    vector.SetChannelWidth(channelWidthMhz);
    return RatioToDb(
        CreateObject<TableBasedErrorRateModel>()->CalculateSnr(vector, USABLE_BIT_ERROR_RATE));
}
} // namespace

double
WifiCellConfig::GetUplinkPowerDbm() const
{
    return txPowerDbm + stationGainDb;
}

double
WifiCell::GetHearingRange(const WifiCellConfig& config)
{
    // Between AP and station, or between two stations.
    const double strongestDbm =
        config.GetUplinkPowerDbm() + std::max(config.apExtraPowerDb, config.stationGainDb);
    return config.pathLoss.DistanceForLoss(CARRIER_HZ, strongestDbm - config.detectionDbm);
}

Reach
WifiCell::GetReach(const WifiCellConfig& config, const std::string& prefix)
{
    const uint32_t detected = DETECTS_HE_IN_PRIMARY && config.HasHeSymbols()
                                  ? PRIMARY_CHANNEL_MHZ
                                  : config.channelWidthMhz;
    const std::string mode = config.GetLowestMode();
    const double decodedDbm =
        std::max(WifiNoiseDbm(detected) + DETECTION_SNR_DB,
                 WifiNoiseDbm(config.channelWidthMhz) +
                     RequiredSnrDb(mode, config.channelWidthMhz) + config.fadingLossDb);
    const bool isNoise = decodedDbm > config.detectionDbm;
    const auto name = [&prefix](const std::string& argument) {
        return "--" + ArgumentName(prefix, argument);
    };
    Reach reach;
    reach.distanceM = config.pathLoss.DistanceForLoss(
        CARRIER_HZ,
        config.GetUplinkPowerDbm() - std::max(decodedDbm, config.detectionDbm));
    reach.limit = "with " + name("txPower") + "=" + FormatNumber(config.txPowerDbm) + " dBm and " +
                  name("pathLossExponent") + "=" + FormatNumber(config.pathLoss.exponent) +
                  ", frames from farther away are ";
    reach.remedy = "more " + name("txPower") + " or less " + name("pathLossExponent");
    if (isNoise)
    {
        reach.limit += "lost in the noise of " + std::to_string(config.channelWidthMhz) +
                       " MHz, also at " + mode + ", the lowest rate";
        reach.remedy += ", or less " + name("channelWidth");
        reach.remedy += config.IsConstantRate() ? ", or a lower MCS in " + name("rateControl") : "";
    }
    else
    {
        reach.limit += "weaker than the " + FormatNumber(config.detectionDbm) +
                       " dBm at which a radio takes notice";
    }
    return reach;
}

double
WifiCell::GetRange(const WifiCellConfig& config)
{
    return GetReach(config).distanceM;
}

} // namespace ns3::tandem
