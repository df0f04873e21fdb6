// SPDX-License-Identifier: GPL-2.0-only
#include "access/path-loss.h"

#include "access/shadowing-loss.h"

#include "ns3/double.h"

#include <algorithm>
#include <cmath>

namespace ns3::tandem
{

namespace
{
constexpr double FREE_SPACE_EXPONENT = 2.0;
constexpr double NO_BREAKPOINT_M = 1.0;
constexpr double MAX_BREAKPOINT_M = 1e5;
} // namespace

void
PathLossConfig::Declare(Arguments& arguments)
{
    arguments.Add("pathLossExponent",
                  "exponent of the log-distance path loss",
                  exponent,
                  Range(1.5, 6));
    arguments.Add(
        "pathLossBreakpoint",
        "up to this distance the loss is that of free space, and --pathLossExponent holds "
        "beyond; 1: everywhere. 10 with an exponent of 3.5 is channel D of 802.11n and "
        "802.11ac",
        breakpointM,
        Range(NO_BREAKPOINT_M, MAX_BREAKPOINT_M, "m"));
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
    const double beyond = std::max(distanceM / breakpointM, 1.0);
    const double within = std::min(std::max(distanceM, 1.0), breakpointM);
    return ReferenceLossDb(frequencyHz) + 10 * FREE_SPACE_EXPONENT * std::log10(within) +
           10 * exponent * std::log10(beyond);
}

double
PathLossConfig::DistanceForLoss(double frequencyHz, double lossDb) const
{
    const double left =
        lossDb - ReferenceLossDb(frequencyHz) - 10 * FREE_SPACE_EXPONENT * std::log10(breakpointM);
    const double slope = left < 0 && HasBreakpoint() ? FREE_SPACE_EXPONENT : exponent;
    return breakpointM * std::pow(10, left / (10 * slope));
}

bool
PathLossConfig::HasBreakpoint() const
{
    return breakpointM > NO_BREAKPOINT_M;
}

double
PathLossConfig::GetFirstExponent() const
{
    return HasBreakpoint() ? FREE_SPACE_EXPONENT : exponent;
}

Ptr<PropagationLossModel>
PathLossConfig::CreateBeyondBreakpoint() const
{
    if (!HasBreakpoint())
    {
        return nullptr;
    }
    // Nothing nearer than the reference distance.
    auto model = CreateObject<LogDistancePropagationLossModel>();
    model->SetPathLossExponent(exponent - FREE_SPACE_EXPONENT);
    model->SetReference(breakpointM, 0.0);
    return model;
}

Ptr<PropagationLossModel>
PathLossConfig::Create(double frequencyHz) const
{
    auto first = CreateObject<LogDistancePropagationLossModel>();
    first->SetPathLossExponent(GetFirstExponent());
    first->SetReference(1.0, ReferenceLossDb(frequencyHz));
    Ptr<PropagationLossModel> last = first;
    if (const auto beyond = CreateBeyondBreakpoint())
    {
        last->SetNext(beyond);
        last = beyond;
    }
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
