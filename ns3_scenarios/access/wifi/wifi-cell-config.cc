// SPDX-License-Identifier: GPL-2.0-only
#include "access/wifi/wifi-cell.h"
#include "agent-link/argument-check.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

namespace ns3::tandem
{

namespace
{
/** Of 802.11ax; the older standards allow less. */
constexpr uint32_t MAX_AMPDU_BYTES = 6500631;
constexpr double MAX_QUEUE_LIFETIME_S = 1e6;
constexpr double MAX_TRAINING_BYTES = 1e7;
constexpr uint32_t MAX_AIFSN = 15;
constexpr double MAX_EXTRA_POWER_DB = 30;
constexpr double MAX_GAIN_DB = 30;
constexpr double MAX_FADING_LOSS_DB = 20;
/** ns-3's radios detect energy of any kind from -62 dBm on, and receive nothing below -101 dBm. */
constexpr double MIN_DETECTION_DBM = -101;
constexpr double MAX_DETECTION_DBM = -62;
/** Minor releases from which on ns-3 has these; 802.11be with IdealWifiManager. */
constexpr uint32_t FIRST_WITH_EHT = 42;
constexpr uint32_t FIRST_WITH_STATIC_SETUP = 46;
constexpr uint32_t FIRST_WITH_EHT_MINSTREL = 45;
/** A beacon tells them as powers of two less one. */
const Choices WINDOWS({"1", "3", "7", "15", "31", "63", "127", "255", "511", "1023"}, "slots");

/** 802.11be is not in every release of ns-3, nor for every rate control. */
void
CheckEht(const std::string& standardName, const std::string& rateName, const WifiCellConfig& config)
{
    if (config.standard != "80211be")
    {
        return;
    }
    const std::string release = ", and this is " NS3_RELEASE "; choose ";
    if (NS3_MINOR < FIRST_WITH_EHT)
    {
        Fail(standardName + "=80211be needs ns-3 3." + std::to_string(FIRST_WITH_EHT) + release +
             "80211ax");
    }
    if (NS3_MINOR < FIRST_WITH_EHT_MINSTREL && config.rateControl == "minstrel")
    {
        Fail(rateName + "=minstrel for 80211be needs ns-3 3." +
             std::to_string(FIRST_WITH_EHT_MINSTREL) + release + "ideal or constant:MCS");
    }
}
} // namespace

WifiCellConfig::WifiCellConfig()
{
    background.maxStations = WifiCell::MAX_STATIONS - 1;
}

void
WifiCellConfig::Declare(Arguments& arguments)
{
    arguments.Add("standard",
                  "WiFi standard, in the 5 GHz band",
                  standard,
                  Choices({"80211a", "80211n", "80211ac", "80211ax", "80211be"}));
    arguments.Add("channelWidth",
                  "channel width; 80 and 160 with 80211ac, 80211ax and 80211be only",
                  channelWidthMhz,
                  Choices({"20", "40", "80", "160"}, "MHz"));
    // Not 1600: ns-3 tells its peers of 800 or 3200 only, so 1600 would become 3200.
    arguments.Add(
        "guardInterval",
        "guard interval between OFDM symbols: 800 or 3200 with 80211ax and 80211be, 400 (short) or "
        "800 with 80211n and 80211ac. Minstrel tries the longer ones, too",
        guardIntervalNs,
        Choices({"400", "800", "3200"}, "ns"));
    arguments.Add("rateControl",
                  "rate adaptation: minstrel (Minstrel-HT), ideal, or constant:MCS such as "
                  "constant:7; with 80211a Mbit/s instead of an MCS, such as constant:24",
                  rateControl);
    const auto noMinstrel = [this]() -> std::string {
        return rateControl == "minstrel"
                   ? ""
                   : "it is Minstrel's, and this is rateControl=" + rateControl + "; leave it out";
    };
    arguments
        .AddTimeAttribute("minstrelInterval",
                          "ns3::MinstrelHtWifiManager::UpdateStatistics",
                          Range(1, 10000, "ms"),
                          "Minstrel: time between two choices of the best rates")
        .Unless(noMinstrel);
    arguments
        .AddAttribute("minstrelMemory",
                      "ns3::MinstrelHtWifiManager::EWMA",
                      "%",
                      "Minstrel: weight of earlier intervals in a rate's success probability")
        .Unless(noMinstrel);
    arguments
        .Add("training",
             "with rateControl=minstrel: what each station uploads to the AP in the warm-up, for "
             "each "
             "rate that Minstrel may try, so that rate control knows its place when the episode "
             "starts; "
             "0: nothing",
             trainingBytes,
             Range(0, MAX_TRAINING_BYTES, "bytes"))
        .Unless([this, noMinstrel] { return trainingBytes == 0 ? "" : noMinstrel(); });
    arguments.Add("txPower",
                  "transmit power of AP and stations",
                  txPowerDbm,
                  Range(-20, 36, "dBm"));
    arguments.Add("apExtraPower",
                  "by how much the AP sends with more than --txPower",
                  apExtraPowerDb,
                  Range(0, MAX_EXTRA_POWER_DB, "dB"));
    arguments.Add("stationGain",
                  "antenna gain of stations, for what they send and receive",
                  stationGainDb,
                  Range(-MAX_GAIN_DB, MAX_GAIN_DB, "dB"));
    arguments.Add(
        "detection",
        "power from which a radio takes notice of a frame: it receives it, or waits until "
        "it is over",
        detectionDbm,
        Range(MIN_DETECTION_DBM, MAX_DETECTION_DBM, "dBm"));
    arguments.Add(
        "fadingLoss",
        "what fading within the channel's width takes from the SINR of data; channel D of "
        "802.11n and 802.11ac takes 6.6 dB from MCS 7 over 80 MHz",
        fadingLossDb,
        Range(0, MAX_FADING_LOSS_DB, "dB"));
    arguments.Add("ampdu",
                  "largest A-MPDU of best-effort data; 0: no aggregation",
                  ampduBytes,
                  Range(0, MAX_AMPDU_BYTES, "bytes"));
    arguments.Add("rtsThreshold",
                  "RTS/CTS before frames longer than this; " + std::to_string(RTS_NEVER_BYTES) +
                      ": never",
                  rtsThresholdBytes,
                  Range(0, RTS_NEVER_BYTES, "bytes"));
    arguments.Add("queueLifetime",
                  "time after which a frame that still waits in a MAC queue is dropped",
                  queueLifetimeS,
                  Range(0.001, MAX_QUEUE_LIFETIME_S, "s"));
    arguments.Add("staticAssociation",
                  "stations are associated from the start and have their block ack agreements, "
                  "without frames (ns-3 3.46 and later), also those out of the AP's reach",
                  staticAssociation);
    arguments.Add(
        "aifsn",
        "slots of 9 us after SIFS (16 us) that best-effort data waits for access; 2: DIFS, "
        "as the DCF waits",
        aifsn,
        Range(2, MAX_AIFSN));
    arguments.Add("cwMin", "contention window of a first attempt", minWindow, WINDOWS);
    arguments.Add("cwMax", "where the contention window's doubling ends", maxWindow, WINDOWS);
    pathLoss.Declare(arguments);
    rssiTrace.Declare(arguments, "rssi", [this]() -> std::string {
        return pathLoss.shadowingDb > 0
                   ? "what was recorded has its shadowing; give --shadowing=0, or leave it out"
                   : "";
    });
    placement.Declare(arguments);
    background.Declare(arguments);
}

void
WifiCellConfig::AddArguments(CommandLine& cmd, const std::string& prefix)
{
    Arguments arguments(cmd, prefix);
    Declare(arguments);
}

void
WifiCellConfig::Check(const std::string& prefix) const
{
    const std::string dashes = "--";
    CheckDeclared(*this, prefix);
    if (IsLegacy() && channelWidthMhz > 20)
    {
        Fail(dashes + ArgumentName(prefix, "channelWidth") + "=" + std::to_string(channelWidthMhz) +
             " MHz exceeds the 20 MHz of 802.11a; choose 20, or --" +
             ArgumentName(prefix, "standard") + "=80211n");
    }
    if (standard == "80211n" && channelWidthMhz > 40)
    {
        Fail(dashes + ArgumentName(prefix, "channelWidth") + "=" + std::to_string(channelWidthMhz) +
             " MHz exceeds the 40 MHz of 802.11n; choose 20 or 40, or --" +
             ArgumentName(prefix, "standard") + "=80211ac");
    }
    const std::string rateName = dashes + ArgumentName(prefix, "rateControl");
    rssiTrace.Check("rssi");
    CheckEht(dashes + ArgumentName(prefix, "standard"), rateName, *this);
    if (IsLegacy() && guardIntervalNs != 800)
    {
        Fail(dashes + ArgumentName(prefix, "guardInterval") + "=" +
             std::to_string(guardIntervalNs) + " ns is none of 80211a, which has 800 only");
    }
    if (HasHeSymbols() ? guardIntervalNs < 800 : guardIntervalNs > 800)
    {
        Fail(dashes + ArgumentName(prefix, "guardInterval") + "=" +
             std::to_string(guardIntervalNs) + " ns is none of " + standard + "; choose " +
             (HasHeSymbols() ? "800 or 3200" : "400 or 800"));
    }
    if (IsConstantRate())
    {
        char* end = nullptr;
        const std::string digits = rateControl.substr(rateControl.find(':') + 1);
        const long mcs = std::strtol(digits.c_str(), &end, 10);
        const std::vector<uint32_t> rates = GetConstantRates();
        if (digits.empty() || *end != '\0' ||
            std::find(rates.begin(), rates.end(), mcs) == rates.end())
        {
            const std::string what =
                IsLegacy()
                    ? " is no rate of 802.11a in Mbit/s; choose 6, 9, 12, 18, 24, 36, 48 or 54"
                    : " is no MCS of " + standard + " at " + std::to_string(channelWidthMhz) +
                          " MHz with one spatial stream; choose 0 to " +
                          std::to_string(rates.back());
            Fail(rateName + "=" + rateControl + what);
        }
    }
    else if (rateControl != "minstrel" && rateControl != "ideal")
    {
        Fail(rateName + "=" + rateControl +
             " is unknown; choose one of: minstrel, ideal, constant:MCS");
    }
    CheckRange(dashes + ArgumentName(prefix, "ampdu"),
               ampduBytes,
               0,
               standard == "80211n" || IsLegacy() ? 65535
               : standard == "80211ac"            ? 1048575
                                                  : MAX_AMPDU_BYTES,
               "bytes");
    if (staticAssociation && NS3_MINOR < FIRST_WITH_STATIC_SETUP)
    {
        Fail(dashes + ArgumentName(prefix, "staticAssociation") + "=1 needs ns-3 3." +
             std::to_string(FIRST_WITH_STATIC_SETUP) +
             ", and this is " NS3_RELEASE "; leave it out");
    }
    if (minWindow > maxWindow)
    {
        Fail(dashes + ArgumentName(prefix, "cwMin") + "=" + std::to_string(minWindow) +
             " slots exceed --" + ArgumentName(prefix, "cwMax") + "=" + std::to_string(maxWindow) +
             " slots; give less of the first or more of the second");
    }
    placement.Check(prefix);

    CheckRadius(prefix, placement.radiusM, WifiCell::GetReach(*this, prefix));
    if (placement.placement == "hidden")
    {
        const double rangeM = WifiCell::GetHearingRange(*this);
        const double minimumM = rangeM / Placement::GetHiddenGapShare();
        if (placement.radiusM < minimumM)
        {
            Fail(dashes + ArgumentName(prefix, "radius") + "=" + FormatNumber(placement.radiusM) +
                 " m leaves the two clusters of hidden stations in range of each other (" +
                 FormatNumber(rangeM) + " m); give at least " + FormatNumber(std::ceil(minimumM)) +
                 " m");
        }
    }
}

} // namespace ns3::tandem
