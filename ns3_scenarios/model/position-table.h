// SPDX-License-Identifier: GPL-2.0-only
#ifndef TANDEM_POSITION_TABLE_H
#define TANDEM_POSITION_TABLE_H

#include "access/access-cell.h"

#include <cstdint>
#include <vector>

namespace ns3::tandem
{

class AgentLink;
class RecordTable;

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
    RecordTable* m_records;
};

} // namespace ns3::tandem

#endif // TANDEM_POSITION_TABLE_H
