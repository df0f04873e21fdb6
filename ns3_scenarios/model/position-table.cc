// SPDX-License-Identifier: GPL-2.0-only
#include "model/position-table.h"

#include "ns3/simulator.h"

namespace ns3::tandem
{

PositionTable::PositionTable(AgentLink& link, std::vector<const AccessCell*> cells)
    : m_cells(std::move(cells)),
      // clang-format off
      m_records(link, "positions", {
          {"decision", "", "decision whose epoch begins, from 0",
           [](const PositionRow& r) { return r.epoch; }},
          {"node", "", "index into meta.topology.nodes",
           [](const PositionRow& r) { return r.node; }},
          {"user", "", "index of the user; -1 if it is none",
           [](const PositionRow& r) { return r.user; }},
          {"time_s", "s", "simulated time of the decision",
           [](const PositionRow& r) { return r.timeS; }},
          {"x_m", "m", "place", [](const PositionRow& r) { return r.position.x; }},
          {"y_m", "m", "place", [](const PositionRow& r) { return r.position.y; }},
      })
// clang-format on
{
}

void
PositionTable::Write(uint32_t epoch)
{
    const double nowS = Simulator::Now().GetSeconds();
    int64_t node = 0;
    int64_t user = 0;
    for (const AccessCell* cell : m_cells)
    {
        for (const PlacedNode& placed : cell->GetPlacedNodes())
        {
            const int64_t owner = placed.kind == "user" ? user++ : int64_t{-1};
            m_records.Add({epoch, node++, owner, nowS, placed.position});
        }
    }
}

} // namespace ns3::tandem
