// SPDX-License-Identifier: GPL-2.0-only
// The rates that a WiFi cell can use.
#include "access/wifi/wifi-cell.h"

#include <algorithm>
#include <iterator>
#include <numeric>

namespace ns3::tandem
{

namespace
{
/** Of 802.11a, Mbit/s. */
constexpr uint32_t LEGACY_RATES_MBPS[] = {6, 9, 12, 18, 24, 36, 48, 54};
/** Starts the value of rateControl that ends with an MCS. */
const char* const CONSTANT = "constant:";
constexpr uint32_t NARROWEST_MHZ = 20;
/** The guard intervals of HE. */
constexpr uint32_t HE_GUARD_INTERVALS_NS[] = {800, 1600, 3200};
/** The long guard interval of HT and VHT, which every station has. */
constexpr uint32_t LONG_GUARD_INTERVAL_NS = 800;

/** Highest MCS of one spatial stream: HT 7, VHT 8 or 9, HE 11, EHT 13. */
uint32_t
HighestMcs(const std::string& standard, uint32_t channelWidthMhz)
{
    if (standard == "80211n")
    {
        return 7;
    }
    if (standard == "80211ac")
    {
        // The standard has no VHT-MCS 9 for one stream in 20 MHz.
        return channelWidthMhz == NARROWEST_MHZ ? 8 : 9;
    }
    return standard == "80211ax" ? 11 : 13;
}

/**
 * Minstrel-HT of ns-3 tries a rate once per 16 transmissions plus two for each frame of a mean
 * A-MPDU. A request of wifi-edge takes about 40 transmissions of five frames: with so many rates
 * eight requests pass until each has been tried once, and users have moved on meanwhile.
 *
 * Measured (wifi-edge, eight users at the edge, radius 45 m, 60 decisions), the mean response time
 * over that under `ideal`: 1.1 with 8 or 9 rates, 1.4 with 16 or 19, 2.0 with 29, 2.2 with 39.
 */
constexpr uint32_t MANY_RATES = 12;
} // namespace

bool
WifiCellConfig::IsConstantRate() const
{
    return rateControl.rfind(CONSTANT, 0) == 0;
}

bool
WifiCellConfig::IsLegacy() const
{
    return standard == "80211a";
}

bool
WifiCellConfig::HasHeSymbols() const
{
    return standard == "80211ax" || standard == "80211be";
}

std::vector<uint32_t>
WifiCellConfig::GetConstantRates() const
{
    if (IsLegacy())
    {
        return {std::begin(LEGACY_RATES_MBPS), std::end(LEGACY_RATES_MBPS)};
    }
    std::vector<uint32_t> rates(HighestMcs(standard, channelWidthMhz) + 1);
    std::iota(rates.begin(), rates.end(), 0);
    return rates;
}

std::string
WifiCellConfig::GetLowestMode() const
{
    const std::string rate = IsConstantRate() ? rateControl.substr(rateControl.find(':') + 1)
                                              : std::to_string(GetConstantRates().front());
    if (IsLegacy())
    {
        return "OfdmRate" + rate + "Mbps";
    }
    const std::string family = standard == "80211n"    ? "HtMcs"
                               : standard == "80211ac" ? "VhtMcs"
                               : standard == "80211ax" ? "HeMcs"
                                                       : "EhtMcs";
    return family + rate;
}

uint32_t
WifiCellConfig::CountRates() const
{
    if (IsLegacy())
    {
        return std::size(LEGACY_RATES_MBPS);
    }
    uint32_t guardIntervals = guardIntervalNs < LONG_GUARD_INTERVAL_NS ? 2 : 1;
    if (HasHeSymbols())
    {
        guardIntervals = std::count_if(std::begin(HE_GUARD_INTERVALS_NS),
                                       std::end(HE_GUARD_INTERVALS_NS),
                                       [this](uint32_t ns) { return ns >= guardIntervalNs; });
    }
    uint32_t rates = 0;
    for (uint32_t width = NARROWEST_MHZ; width <= channelWidthMhz; width *= 2)
    {
        rates += guardIntervals * (HighestMcs(standard, width) + 1);
    }
    return rates;
}

std::vector<std::string>
WifiCell::GetWarnings() const
{
    const uint32_t rates = m_config.CountRates();
    if (m_config.rateControl != "minstrel" || rates <= MANY_RATES)
    {
        return {};
    }
    return {"minstrel has " + std::to_string(rates) + " rates to try with " + m_config.standard +
            " at " + std::to_string(m_config.channelWidthMhz) + " MHz and a guard interval of " +
            std::to_string(m_config.guardIntervalNs) +
            " ns. It tries them too rarely to settle within an episode of short transfers, so a "
            "wider channel can seem slower than a narrow one. rateControl=ideal knows the best "
            "rate at once"};
}

} // namespace ns3::tandem
