// SPDX-License-Identifier: GPL-2.0-only
#include "access/path-loss.h"

#include "access/shadowing-loss.h"

#include "ns3/double.h"

#include <algorithm>
#include <cmath>

namespace ns3::tandem
{

void
PathLossConfig::Declare(Arguments& arguments)
{
    arguments.Add("pathLossExponent",
                  "exponent of the log-distance path loss",
                  exponent,
                  Range(1.5, 6));
    arguments.Add("shadowing",
                  "standard deviation of log-normal shadowing, one draw per pair of nodes and "
                  "episode; 0: none",
                  shadowingDb,
                  Range(0, 20, "dB"));
    arguments.Add("nakagami", "Nakagami fast fading", nakagami);
}

void
PathLossConfig::AddArguments(CommandLine& cmd, const std::string& prefix)
{
    Arguments arguments(cmd, prefix);
    Declare(arguments);
}

void
PathLossConfig::Check(const std::string& prefix) const
{
    CheckDeclared(*this, prefix);
}

double
PathLossConfig::ReferenceLossDb(double frequencyHz)
{
    constexpr double LIGHT_MPS = 299792458.0;
    constexpr double PI = 3.141592653589793;
    return 20 * std::log10(4 * PI * frequencyHz / LIGHT_MPS);
}

double
PathLossConfig::MedianLossDb(double frequencyHz, double distanceM) const
{
    return ReferenceLossDb(frequencyHz) + 10 * exponent * std::log10(std::max(distanceM, 1.0));
}

double
PathLossConfig::DistanceForLoss(double frequencyHz, double lossDb) const
{
    return std::pow(10, (lossDb - ReferenceLossDb(frequencyHz)) / (10 * exponent));
}

Ptr<PropagationLossModel>
PathLossConfig::Create(double frequencyHz) const
{
    auto first = CreateObject<LogDistancePropagationLossModel>();
    first->SetPathLossExponent(exponent);
    first->SetReference(1.0, ReferenceLossDb(frequencyHz));
    Ptr<PropagationLossModel> last = first;
    if (shadowingDb > 0)
    {
        auto shadowing = CreateObject<ShadowingLossModel>();
        shadowing->SetAttribute("Sigma", DoubleValue(shadowingDb));
        last->SetNext(shadowing);
        last = shadowing;
    }
    if (nakagami)
    {
        last->SetNext(CreateObject<NakagamiPropagationLossModel>());
    }
    return first;
}

} // namespace ns3::tandem
