// SPDX-License-Identifier: GPL-2.0-only
#ifndef TANDEM_ENERGY_H
#define TANDEM_ENERGY_H

#include "agent-link/arguments.h"

#include <string>
#include <vector>

namespace ns3::tandem
{

/** What a user's radio draws in each of its states, W. */
struct RadioPower
{
    double idleW;
    double txW;
    double rxW;

    /**
     * @param elapsedS a time
     * @param txS how much of it the radio transmitted
     * @param rxS how much of it the radio received
     * @return what it drew, J
     */
    double EnergyJ(double elapsedS, double txS, double rxS) const;

    /** @return what it drew more than an idle one, J */
    double ExtraEnergyJ(double txS, double rxS) const;
};

/** Energy of the users' devices: whether it is watched, and what draws how much. */
struct EnergyConfig
{
    bool watched{false};
    // WiFi: maker's battery model of the Pixel 2 XL, as in dnn_profiles/data/energy.csv, which has
    // no figure for an idle radio; power save makes it small.
    RadioPower wifi{0.0, 1.295, 0.4625};
    // LTE: a UE draws 1.53 W while connected, 0.55 W more while it sends, 0.49 W more while it
    // receives (model of Jensen et al., VTC Fall 2012, as Pasca et al., ANTS 2016, implement it);
    // and the amplifier 1.60 W at 23 dBm (Jensen et al., recalled).
    RadioPower lte{1.53, 3.68, 2.02};
    double deviceW{0};              //!< of a device that computes; 0: not known
    double batteryJ{0};             //!< full at the start of an episode; 0: none
    std::vector<std::string> kinds; //!< of the scenario's cells, as AccessCell::GetKind()

    /** Declare each of them as an argument. */
    void Declare(Arguments& arguments);

    /** @param kind of a cell, as AccessCell::GetKind() @return what its users' radios draw */
    const RadioPower& OfKind(const std::string& kind) const;

  private:
    /** @return what keeps a radio's draw from having an effect, for Argument::Unless() */
    std::string Obstacle(const std::string& kind) const;
};

} // namespace ns3::tandem

#endif // TANDEM_ENERGY_H
