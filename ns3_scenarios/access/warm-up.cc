// SPDX-License-Identifier: GPL-2.0-only
#include "access/warm-up.h"

#include "ns3/log.h"
#include "ns3/simulator.h"

#include <algorithm>

namespace ns3::tandem
{

NS_LOG_COMPONENT_DEFINE("TandemWarmUp");

namespace
{
const Time WARMUP_STEP = MilliSeconds(10);
const Time WARMUP_PATIENCE = Seconds(20);

void
RunFor(Time duration)
{
    // A stop that is left over would end a later run too early.
    EventId stop = Simulator::Schedule(duration, [] { Simulator::Stop(); });
    Simulator::Run();
    stop.Cancel();
}
} // namespace

bool
RunUntil(Time usual, const std::function<bool()>& ready)
{
    NS_LOG_FUNCTION(usual);
    const Time limit = Simulator::Now() + usual + WARMUP_PATIENCE;
    RunFor(usual);
    while (!ready() && Simulator::Now() < limit)
    {
        RunFor(WARMUP_STEP);
    }
    return ready();
}

bool
WarmUp(const std::vector<AccessCell*>& cells)
{
    NS_LOG_FUNCTION(cells.size());
    Time usual;
    for (const AccessCell* cell : cells)
    {
        usual = std::max(usual, cell->GetWarmup());
    }
    const bool connected = RunUntil(usual, [&cells] {
        return std::all_of(cells.begin(), cells.end(), [](const AccessCell* cell) {
            return cell->CountConnected() == cell->GetStationCount();
        });
    });
    for (AccessCell* cell : cells)
    {
        cell->BeginTraining();
    }
    // No limit: each station's turn has one.
    while (!std::all_of(cells.begin(), cells.end(), [](const AccessCell* cell) {
        return cell->IsTrained();
    }))
    {
        RunFor(WARMUP_STEP);
    }
    return connected;
}

} // namespace ns3::tandem
