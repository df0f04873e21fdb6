// SPDX-License-Identifier: GPL-2.0-only
#include "access/argument-check.h"
#include "access/lte/lte-cell.h"

namespace ns3
{
namespace tandem
{

LteCellConfig::LteCellConfig()
{
    // An urban cell rather than a room.
    placement.radiusM = 300;
    placement.nearM = 50;
    background.rateMbps = 1.0;
}

void
LteCellConfig::AddArguments(CommandLine& cmd, const std::string& prefix)
{
    cmd.AddValue(ArgumentName(prefix, "scheduler"),
                 "MAC scheduler of the eNB: pf (proportional fair) or rr (round robin); ns-3's "
                 "uplink shares PRBs in turns under both",
                 scheduler);
    cmd.AddValue(ArgumentName(prefix, "bandwidth"),
                 "bandwidth of uplink and of downlink, PRBs: 6, 15, 25, 50, 75 or 100",
                 bandwidthPrb);
    cmd.AddValue(ArgumentName(prefix, "rlc"),
                 "RLC mode of the bearers: um (unacknowledged) or am (acknowledged)",
                 rlcMode);
    cmd.AddValue(ArgumentName(prefix, "rlcBuffer"),
                 "RLC transmission buffer of each bearer, bytes",
                 rlcBufferBytes);
    cmd.AddValue(ArgumentName(prefix, "ueTxPower"),
                 "highest transmit power of a UE, dBm",
                 ueTxPowerDbm);
    cmd.AddValue(ArgumentName(prefix, "enbTxPower"),
                 "transmit power of the eNB, dBm",
                 enbTxPowerDbm);
    pathLoss.AddArguments(cmd, prefix);
    placement.AddArguments(cmd, prefix);
    background.AddArguments(cmd, prefix);
}

void
LteCellConfig::Check(const std::string& prefix) const
{
    const std::string dashes = "--";
    CheckChoice(dashes + ArgumentName(prefix, "scheduler"), scheduler, {"pf", "rr"});
    CheckChoice(dashes + ArgumentName(prefix, "bandwidth"),
                std::to_string(bandwidthPrb),
                {"6", "15", "25", "50", "75", "100"});
    CheckChoice(dashes + ArgumentName(prefix, "rlc"), rlcMode, {"um", "am"});
    // Less than two packets could never be full of one.
    CheckRange(dashes + ArgumentName(prefix, "rlcBuffer"), rlcBufferBytes, 3000, 1 << 28, "bytes");
    CheckRange(dashes + ArgumentName(prefix, "ueTxPower"), ueTxPowerDbm, -40, 33, "dBm");
    CheckRange(dashes + ArgumentName(prefix, "enbTxPower"), enbTxPowerDbm, 0, 60, "dBm");
    pathLoss.Check(prefix);
    placement.Check(prefix);
    background.Check(prefix);
    CheckRange(dashes + ArgumentName(prefix, "radius"),
               placement.radiusM,
               1,
               LteCell::GetRange(*this),
               "m");
}

} // namespace tandem
} // namespace ns3
