// SPDX-License-Identifier: GPL-2.0-only
#include "access/wifi/wifi-cell.h"
#include "agent-link/argument-check.h"

#include <cmath>
#include <cstdlib>

namespace ns3::tandem
{

namespace
{
/** Of 802.11ax; the older standards allow less. */
constexpr uint32_t MAX_AMPDU_BYTES = 6500631;
constexpr double MAX_QUEUE_LIFETIME_S = 1e6;
constexpr double MAX_TRAINING_BYTES = 1e9;

/** Highest MCS of one spatial stream: HT 7, VHT 8 or 9, HE 11. */
uint32_t
HighestMcs(const WifiCellConfig& config)
{
    if (config.standard == "80211n")
    {
        return 7;
    }
    if (config.standard == "80211ac")
    {
        // The standard has no VHT-MCS 9 for one stream in 20 MHz.
        return config.channelWidthMhz == 20 ? 8 : 9;
    }
    return 11;
}
} // namespace

void
WifiCellConfig::Declare(Arguments& arguments)
{
    arguments.Add("standard",
                  "WiFi standard, in the 5 GHz band",
                  standard,
                  Choices({"80211n", "80211ac", "80211ax"}));
    arguments.Add("channelWidth",
                  "channel width; 80 and 160 with 80211ac and 80211ax only",
                  channelWidthMhz,
                  Choices({"20", "40", "80", "160"}, "MHz"));
    arguments.Add("rateControl",
                  "rate adaptation: minstrel (Minstrel-HT), ideal, or constant:MCS such as "
                  "constant:7",
                  rateControl);
    arguments.Add(
        "training",
        "what each station uploads to the AP in the warm-up, with rateControl=minstrel, so "
        "that rate control knows its place when the episode starts; 0: nothing",
        trainingBytes,
        Range(0, MAX_TRAINING_BYTES, "bytes"));
    arguments.Add("txPower",
                  "transmit power of AP and stations",
                  txPowerDbm,
                  Range(-20, 36, "dBm"));
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
    pathLoss.Declare(arguments);
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
    if (standard == "80211n" && channelWidthMhz > 40)
    {
        Fail(dashes + ArgumentName(prefix, "channelWidth") + "=" + std::to_string(channelWidthMhz) +
             " MHz exceeds the 40 MHz of 802.11n; choose 20 or 40, or --" +
             ArgumentName(prefix, "standard") + "=80211ac");
    }
    const std::string constant = "constant:";
    const std::string rateName = dashes + ArgumentName(prefix, "rateControl");
    if (rateControl.compare(0, constant.size(), constant) == 0)
    {
        char* end = nullptr;
        const std::string digits = rateControl.substr(constant.size());
        const long mcs = std::strtol(digits.c_str(), &end, 10);
        if (digits.empty() || *end != '\0' || mcs < 0 || mcs > HighestMcs(*this))
        {
            Fail(rateName + "=" + rateControl + " is no MCS of " + standard + " at " +
                 std::to_string(channelWidthMhz) + " MHz with one spatial stream; choose 0 to " +
                 std::to_string(HighestMcs(*this)));
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
               standard == "80211n"    ? 65535
               : standard == "80211ac" ? 1048575
                                       : MAX_AMPDU_BYTES,
               "bytes");
    placement.Check(prefix);

    const double rangeM = WifiCell::GetRange(*this);
    CheckRange(dashes + ArgumentName(prefix, "radius"), placement.radiusM, 1, rangeM, "m");
    if (placement.placement == "hidden")
    {
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
