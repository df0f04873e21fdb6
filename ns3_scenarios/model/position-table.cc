// SPDX-License-Identifier: GPL-2.0-only
#include "model/position-table.h"

#include "agent-link/agent-link.h"

#include "ns3/simulator.h"

namespace ns3::tandem
{

PositionTable::PositionTable(AgentLink& link, std::vector<const AccessCell*> cells)
    : m_cells(std::move(cells)),
      m_records(link.AddRecords(
          "positions",
          {
              {"epoch",  RecordColumn::INT64,   "",  "decision epoch that begins, from 0" },
              {"node",   RecordColumn::INT64,   "",  "index into meta.topology.nodes"     },
              {"user",   RecordColumn::INT64,   "",  "index of the user; -1 if it is none"},
              {"time_s", RecordColumn::FLOAT64, "s", "simulated time of the decision"     },
              {"x_m",    RecordColumn::FLOAT64, "m", "place"                              },
              {"y_m",    RecordColumn::FLOAT64, "m", "place"                              }
}))
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
            m_records->Begin();
            m_records->SetInt(0, epoch);
            m_records->SetInt(1, node++);
            m_records->SetInt(2, placed.kind == "user" ? user++ : int64_t{-1});
            m_records->Set(3, nowS);
            m_records->Set(4, placed.position.x);
            m_records->Set(5, placed.position.y);
            m_records->End();
        }
    }
}

} // namespace ns3::tandem
