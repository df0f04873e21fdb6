// SPDX-License-Identifier: GPL-2.0-only
#include "access/argument-check.h"
#include "access/wifi/wifi-cell.h"

#include <cmath>
#include <cstdlib>

namespace ns3
{
namespace tandem
{

namespace
{
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
WifiCellConfig::AddArguments(CommandLine& cmd, const std::string& prefix)
{
    cmd.AddValue(ArgumentName(prefix, "standard"),
                 "WiFi standard: 80211n, 80211ac or 80211ax, in the 5 GHz band",
                 standard);
    cmd.AddValue(ArgumentName(prefix, "channelWidth"),
                 "channel width, MHz: 20, 40, and for 80211ac and 80211ax 80, 160",
                 channelWidthMhz);
    cmd.AddValue(ArgumentName(prefix, "rateControl"),
                 "rate adaptation: minstrel (Minstrel-HT), ideal, or constant:MCS such as "
                 "constant:7",
                 rateControl);
    cmd.AddValue(ArgumentName(prefix, "txPower"),
                 "transmit power of AP and stations, dBm",
                 txPowerDbm);
    cmd.AddValue(ArgumentName(prefix, "ampdu"),
                 "largest A-MPDU of best-effort data, bytes; 0: no aggregation",
                 ampduBytes);
    cmd.AddValue(ArgumentName(prefix, "rtsThreshold"),
                 "RTS/CTS before frames longer than this, bytes; 4692480: never",
                 rtsThresholdBytes);
    pathLoss.AddArguments(cmd, prefix);
    placement.AddArguments(cmd, prefix);
    background.AddArguments(cmd, prefix);
}

void
WifiCellConfig::Check(const std::string& prefix) const
{
    const std::string dashes = "--";
    CheckChoice(dashes + ArgumentName(prefix, "standard"),
                standard,
                {"80211n", "80211ac", "80211ax"});
    CheckChoice(dashes + ArgumentName(prefix, "channelWidth"),
                std::to_string(channelWidthMhz),
                {"20", "40", "80", "160"});
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
    CheckRange(dashes + ArgumentName(prefix, "txPower"), txPowerDbm, -20, 36, "dBm");
    CheckRange(dashes + ArgumentName(prefix, "ampdu"),
               ampduBytes,
               0,
               standard == "80211n"    ? 65535
               : standard == "80211ac" ? 1048575
                                       : 6500631,
               "bytes");
    CheckRange(dashes + ArgumentName(prefix, "rtsThreshold"),
               rtsThresholdBytes,
               0,
               RTS_NEVER_BYTES,
               "bytes");
    pathLoss.Check(prefix);
    placement.Check(prefix);
    background.Check(prefix);

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

} // namespace tandem
} // namespace ns3
