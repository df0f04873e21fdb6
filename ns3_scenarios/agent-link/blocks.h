// SPDX-License-Identifier: GPL-2.0-only
#ifndef TANDEM_BLOCKS_H
#define TANDEM_BLOCKS_H

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

namespace ns3::tandem
{

/** One column (last axis) of an observation block. */
struct Column
{
    std::string name;
    std::string unit; //!< SI where there is one, "" for counts and ratios
    double low;       //!< values below are raised to it
    double high;      //!< values above are lowered to it
    std::string help; //!< one sentence for the user's tables and documentation
};

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
     * Set one value of a flattened block; the value is clamped to its column's bounds.
     * A NaN is a fatal error that names the block and the column.
     */
    void Set(size_t index, double value)
    {
        const size_t column = m_columns.size() == 1 ? 0 : index % m_columns.size();
        if (index >= m_size || std::isnan(value))
        {
            Refuse(index, column);
        }
        m_values[index] = std::clamp(value, m_columns[column].low, m_columns[column].high);
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

  private:
    [[noreturn]] void Refuse(size_t index, size_t column) const;

    std::string m_name;
    std::vector<uint32_t> m_shape;
    std::vector<Column> m_columns;
    std::string m_rows;
    size_t m_size;
    double* m_values{nullptr};
};

/** The array of choices that the agent writes and the simulator reads: int32 or float64. */
class ActionBlock
{
  public:
    /** Bounds are inclusive. */
    ActionBlock(std::string name,
                std::vector<uint32_t> shape,
                bool real,
                double low,
                double high,
                std::string rows = "");

    /** @return the choice at an index of an int32 block */
    int32_t Get(size_t index) const
    {
        CheckAccess(index, false);
        return reinterpret_cast<const int32_t*>(m_memory)[index];
    }

    /** @return the value at an index of a float64 block */
    double GetReal(size_t index) const
    {
        CheckAccess(index, true);
        return reinterpret_cast<const double*>(m_memory)[index];
    }

    /** @return all values of a float64 block, GetSize() of them */
    const double* GetReals() const
    {
        CheckAccess(0, true);
        return reinterpret_cast<const double*>(m_memory);
    }

    /** For built-in policies (--agent=none). */
    void Set(size_t index, int32_t value);
    /** For built-in policies (--agent=none). */
    void SetReal(size_t index, double value);

    const std::string& GetName() const;
    const std::vector<uint32_t>& GetShape() const;
    /** @return what each entry of the first axis belongs to, "" for nothing in particular */
    const std::string& GetRows() const;
    /** @return true for a block of float64, false for one of int32 */
    bool IsReal() const;
    size_t GetSize() const;
    size_t GetBytes() const;
    double GetLow() const;
    double GetHigh() const;
    void Attach(unsigned char* memory);
    /**
     * Stop the program with a clear message if a value is out of bounds or NaN: the agent may be
     * anyone's program.
     */
    void Check() const;

  private:
    void CheckAccess(size_t index, bool real) const
    {
        if (real != m_real || index >= m_size)
        {
            Refuse(index, real);
        }
    }

    [[noreturn]] void Refuse(size_t index, bool real) const;

    template <typename T>
    bool IsWithin() const;

    std::string m_name;
    std::vector<uint32_t> m_shape;
    bool m_real;
    double m_low;
    double m_high;
    std::string m_rows;
    size_t m_size;
    unsigned char* m_memory{nullptr};
};

} // namespace ns3::tandem

#endif // TANDEM_BLOCKS_H
