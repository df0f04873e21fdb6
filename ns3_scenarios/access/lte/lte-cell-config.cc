// SPDX-License-Identifier: GPL-2.0-only
#include "access/lte/lte-cell.h"
#include "agent-link/argument-check.h"

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
    CheckRadius(prefix, placement.radiusM, LteCell::GetReach(*this, prefix));
}

} // namespace ns3::tandem
