// SPDX-License-Identifier: GPL-2.0-only
#include "access/warm-up.h"

#include "ns3/log.h"
#include "ns3/simulator.h"

namespace ns3::tandem
{

NS_LOG_COMPONENT_DEFINE("TandemWarmUp");

namespace
{
const Time WARMUP_STEP = MilliSeconds(100);
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
RunWarmup(Time until, const std::function<bool()>& ready)
{
    NS_LOG_FUNCTION(until);
    RunFor(until);
    while (!ready() && Simulator::Now() < until + WARMUP_PATIENCE)
    {
        RunFor(WARMUP_STEP);
    }
    return ready();
}

} // namespace ns3::tandem
