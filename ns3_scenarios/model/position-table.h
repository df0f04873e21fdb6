// SPDX-License-Identifier: GPL-2.0-only
#ifndef TANDEM_POSITION_TABLE_H
#define TANDEM_POSITION_TABLE_H

#include "access/access-cell.h"
#include "agent-link/typed-records.h"

#include <cstdint>
#include <vector>

namespace ns3::tandem
{

/** A row of the table `positions`. */
struct PositionRow
{
    int64_t epoch;
    int64_t node;
    int64_t user;
    double timeS;
    Vector position;
};

/** The record table `positions`: where every radio node is at each decision. */
class PositionTable
{
  public:
    /** Declare the table. @param cells must outlive this */
    PositionTable(AgentLink& link, std::vector<const AccessCell*> cells);

    /** Write one row for each node of the topology but edge and cloud. */
    void Write(uint32_t epoch);

  private:
    std::vector<const AccessCell*> m_cells;
    TypedRecords<PositionRow> m_records;
};

} // namespace ns3::tandem

#endif // TANDEM_POSITION_TABLE_H
