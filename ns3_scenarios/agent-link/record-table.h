// SPDX-License-Identifier: GPL-2.0-only
#ifndef TANDEM_RECORD_TABLE_H
#define TANDEM_RECORD_TABLE_H

#include "agent-link/blocks.h"

#include <fstream>
#include <functional>

namespace ns3::tandem
{

/**
 * Rows that the simulator reports as they come about (finished requests, say). With an agent they
 * lie in shared memory until the next decision; without one they go to a CSV file.
 */
class RecordTable
{
  public:
    RecordTable(std::string name, std::vector<RecordColumn> columns, uint64_t capacity);

    /** Start a row, all cells zero. */
    void Begin();
    /** Set a float64 cell of the row begun. */
    void Set(size_t column, double value);
    /** Set an int64 cell of the row begun. */
    void SetInt(size_t column, int64_t value);
    /** Finish the row begun. */
    void End();

    const std::string& GetName() const;
    const std::vector<RecordColumn>& GetColumns() const;
    /** @return rows that it holds between two decisions */
    uint64_t GetCapacity() const;
    size_t GetBytes() const;

    /**
     * Report into memory. `full` is called when a row does not fit; it makes room (returns true)
     * or has the row dropped (false).
     */
    void Attach(unsigned char* memory, std::function<bool()> full);
    /** Report into a CSV file; "" reports nowhere. */
    void OpenCsv(const std::string& path);
    /** Forget the rows in memory: they have been taken. */
    void Clear();

  private:
    uint64_t& Rows();
    void WriteCsvRow();

    std::string m_name;
    std::vector<RecordColumn> m_columns;
    uint64_t m_capacity;
    std::vector<uint64_t> m_row; //!< the cells of the row begun, as bits
    unsigned char* m_memory{nullptr};
    std::function<bool()> m_full;
    std::ofstream m_csv;
};

} // namespace ns3::tandem

#endif // TANDEM_RECORD_TABLE_H
