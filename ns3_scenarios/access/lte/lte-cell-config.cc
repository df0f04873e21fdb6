// SPDX-License-Identifier: GPL-2.0-only
#include "access/lte/lte-cell.h"
#include "agent-link/argument-check.h"

#include <algorithm>
#include <cmath>

namespace ns3::tandem
{

LteCellConfig::LteCellConfig()
{
    // An urban cell rather than a room.
    placement.radiusM = 300;
    placement.nearM = 50;
    background.rateMbps = 1.0;
    background.maxStations = LteCell::MAX_STATIONS - 1;
}

void
LteCellConfig::Declare(Arguments& arguments)
{
    arguments.Add("enbs",
                  "eNBs on one carrier, in a row around the centre; users are handed over by X2",
                  enbs,
                  Range(1, LteCell::MAX_ENBS, "eNBs"));
    const auto oneEnb = [this]() -> std::string {
        return enbs > 1 ? "" : "there is one eNB; give enbs=2 or more, or leave it out";
    };
    arguments.Add("enbSpacing", "between neighbouring eNBs", enbSpacingM, Range(1, 1e5, "m"))
        .Unless(oneEnb);
    arguments
        .Add("hysteresis",
             "handover: by how much another eNB's RSRP must be higher",
             hysteresisDb,
             Range(0, 15, "dB"))
        .Unless(oneEnb);
    arguments
        .Add("timeToTrigger",
             "handover: for how long it must be; the values of TS 36.331, else the next one",
             timeToTriggerMs,
             Range(0, 5120, "ms"))
        .Unless(oneEnb);
    arguments.Add("scheduler",
                  "MAC scheduler of the eNB: pf (proportional fair) or rr (round robin); ns-3's "
                  "uplink shares PRBs in turns under both",
                  scheduler,
                  Choices({"pf", "rr"}));
    arguments.Add("bandwidth",
                  "bandwidth of uplink and of downlink",
                  bandwidthPrb,
                  Choices({"6", "15", "25", "50", "75", "100"}, "PRB"));
    arguments.Add("rlc",
                  "RLC mode of the bearers: um (unacknowledged) or am (acknowledged)",
                  rlcMode,
                  Choices({"um", "am"}));
    // Less than two packets could never be full of one.
    arguments.Add("rlcBuffer",
                  "RLC transmission buffer of each bearer",
                  rlcBufferBytes,
                  Range(3000, 1 << 28, "bytes"));
    arguments.Add("ueTxPower",
                  "highest transmit power of a UE",
                  ueTxPowerDbm,
                  Range(-40, 33, "dBm"));
    arguments.Add("enbTxPower", "transmit power of the eNB", enbTxPowerDbm, Range(0, 60, "dBm"));
    arguments.Add(
        "powerControl",
        "uplink power control: a near UE sends with less than ueTxPower; 0: always with it",
        powerControl);
    pathLoss.Declare(arguments);
    rsrpTrace.Declare(arguments, "rsrp", [this]() -> std::string {
        return enbs > 1 ? "it says nothing about several eNBs; give --enbs=1, or leave it out"
               : pathLoss.shadowingDb > 0
                   ? "what was recorded has its shadowing; give --shadowing=0, or leave it out"
                   : "";
    });
    placement.Declare(arguments);
    background.Declare(arguments);
}

void
LteCellConfig::AddArguments(CommandLine& cmd, const std::string& prefix)
{
    Arguments arguments(cmd, prefix);
    Declare(arguments);
}

void
LteCellConfig::Check(const std::string& prefix) const
{
    CheckDeclared(*this, prefix);
    placement.Check(prefix);
    rsrpTrace.Check("rsrp");
    CheckRadius(prefix, FarthestM(), LteCell::GetReach(*this, prefix));
}

void
LteCellConfig::CheckGuests(const std::string& prefix, const Vector& centre, double radiusM) const
{
    const double farthestM = CalculateDistance(centre, EnbPosition(NearestEnb(centre))) + radiusM;
    const Reach reach = LteCell::GetReach(*this, prefix);
    if (farthestM > reach.distanceM)
    {
        Fail("users with two interfaces may be " + FormatNumber(farthestM) +
             " m from the nearest eNB, which reaches " + FormatNumber(reach.distanceM) + " m (" +
             reach.limit + "); give " + reach.remedy + ", or cells that are nearer");
    }
}

Vector
LteCellConfig::EnbPosition(uint32_t i) const
{
    return {(i - (enbs - 1) / 2.0) * enbSpacingM, 0, 0};
}

uint32_t
LteCellConfig::NearestEnb(const Vector& place) const
{
    uint32_t nearest = 0;
    for (uint32_t i = 1; i < enbs; ++i)
    {
        if (CalculateDistance(place, EnbPosition(i)) <
            CalculateDistance(place, EnbPosition(nearest)))
        {
            nearest = i;
        }
    }
    return nearest;
}

double
LteCellConfig::FarthestM() const
{
    if (enbs == 1)
    {
        return placement.radiusM;
    }
    // On the edge of the disc or, if the row is longer than that, between two eNBs.
    double farthestM = 0;
    for (int degrees = 0; degrees <= 180; ++degrees)
    {
        const double angle = degrees * M_PI / 180;
        const Vector place(placement.radiusM * std::cos(angle),
                           placement.radiusM * std::sin(angle),
                           0);
        farthestM = std::max(farthestM, CalculateDistance(place, EnbPosition(NearestEnb(place))));
    }
    return farthestM;
}

} // namespace ns3::tandem
