// SPDX-License-Identifier: GPL-2.0-only
#include "model/energy.h"

#include <algorithm>

namespace ns3::tandem
{

namespace
{
constexpr double MAX_W = 1000;
constexpr double MAX_BATTERY_J = 1e9;
} // namespace

double
RadioPower::EnergyJ(double elapsedS, double txS, double rxS) const
{
    return idleW * elapsedS + ExtraEnergyJ(txS, rxS);
}

double
RadioPower::ExtraEnergyJ(double txS, double rxS) const
{
    return (txW - idleW) * txS + (rxW - idleW) * rxS;
}

void
EnergyConfig::Declare(Arguments& arguments)
{
    const Range power(0, MAX_W, "W");
    const auto unwatched = [this] { return Obstacle(""); };
    const auto wifiUnseen = [this] { return Obstacle("wifi"); };
    const auto lteUnseen = [this] { return Obstacle("lte"); };
    arguments.Add("energy",
                  "watch the energy of the users' devices: columns of requests and observation",
                  watched);
    arguments.Add("wifiIdleDraw", "energy: of an idle WiFi radio", wifi.idleW, power)
        .Unless(wifiUnseen);
    arguments.Add("wifiTxDraw", "energy: of a WiFi radio that transmits", wifi.txW, power)
        .Unless(wifiUnseen);
    arguments.Add("wifiRxDraw", "energy: of a WiFi radio that receives", wifi.rxW, power)
        .Unless(wifiUnseen);
    arguments.Add("lteIdleDraw", "energy: of a connected LTE radio", lte.idleW, power)
        .Unless(lteUnseen);
    arguments.Add("lteTxDraw", "energy: of an LTE radio that transmits", lte.txW, power)
        .Unless(lteUnseen);
    arguments.Add("lteRxDraw", "energy: of an LTE radio that receives data", lte.rxW, power)
        .Unless(lteUnseen);
    arguments
        .Add("deviceDraw",
             "energy: of a device that computes; 0: not known, and no column of it",
             deviceW,
             power)
        .Unless(unwatched);
    arguments
        .Add("battery",
             "energy: in each user's battery at the start of an episode; 0: no battery",
             batteryJ,
             Range(0, MAX_BATTERY_J, "J"))
        .Unless(unwatched);
}

std::string
EnergyConfig::Obstacle(const std::string& kind) const
{
    if (!watched)
    {
        return "no energy is watched; give --energy=1 as well, or leave it out";
    }
    if (!kind.empty() && std::find(kinds.begin(), kinds.end(), kind) == kinds.end())
    {
        return "the scenario has no " + kind + " cell; leave it out";
    }
    return "";
}

const RadioPower&
EnergyConfig::OfKind(const std::string& kind) const
{
    return kind == "lte" ? lte : wifi;
}

} // namespace ns3::tandem
