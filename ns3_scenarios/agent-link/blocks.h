// SPDX-License-Identifier: GPL-2.0-only
#ifndef TANDEM_BLOCKS_H
#define TANDEM_BLOCKS_H

#include "agent-link/column.h"
#include "channel/values.h"

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

namespace ns3::tandem
{

/** One column of a record table. */
struct RecordColumn
{
    /** Cells are 8 bytes wide. */
    enum Type
    {
        INT64,
        FLOAT64
    };

    std::string name;
    Type type;
    std::string unit;
    std::string help;
};

/** Values that were set beyond the bounds of their column. */
struct Clipped
{
    uint64_t count{0};
    uint32_t block{0};  //!< of the first of them: number of its block
    uint32_t column{0}; //!< and of its column
    double value{0};    //!< and what it was
};

/**
 * A dense array of float64 that the simulator publishes at each decision. Written in place: with
 * an agent the array lies in shared memory.
 */
class ObservationBlock
{
  public:
    /** @param rows what each row belongs to, see AgentLink::AddObservation() */
    ObservationBlock(std::string name,
                     std::vector<uint32_t> shape,
                     std::vector<Column> columns,
                     std::string rows = "");

    /**
     * Set one value of a flattened block. A value beyond its column's bounds is set to the bound
     * and counted: the agent is told. A NaN is a fatal error that names the block and the column.
     */
    void Set(size_t index, double value)
    {
        const size_t column = m_columns.size() == 1 ? 0 : index % m_columns.size();
        if (index >= m_size || std::isnan(value))
        {
            Refuse(index, column);
        }
        if (value < m_columns[column].low || value > m_columns[column].high)
        {
            value = Clip(column, value);
        }
        m_values[index] = value;
        m_publisher.Forget();
    }

    /**
     * Set the whole flattened block at once, as Set() would value by value but many times faster.
     * @param values GetSize() values
     */
    void Assign(const double* values);

    /** Set one value of a block seen as rows × columns. */
    void Set(size_t row, size_t column, double value);

    const std::string& GetName() const;
    const std::vector<uint32_t>& GetShape() const;
    const std::vector<Column>& GetColumns() const;
    /** @return what each entry of the first axis belongs to, "" for nothing in particular */
    const std::string& GetRows() const;
    /** @return number of values */
    size_t GetSize() const;
    size_t GetBytes() const;
    /** Point the block at its memory. */
    void Attach(unsigned char* memory);
    /** @return what was set beyond a bound since the last ForgetClipped() */
    const Clipped& GetClipped() const;
    void ForgetClipped();

  private:
    double Clip(size_t column, double value);
    [[noreturn]] void Refuse(size_t index, size_t column) const;

    std::string m_name;
    std::vector<uint32_t> m_shape;
    std::vector<Column> m_columns;
    std::string m_rows;
    size_t m_size;
    double* m_values{nullptr};
    ::tandem::channel::BlockPublisher m_publisher;
    Clipped m_clipped;
};

} // namespace ns3::tandem

#endif // TANDEM_BLOCKS_H
