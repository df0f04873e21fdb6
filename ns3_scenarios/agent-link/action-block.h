// SPDX-License-Identifier: GPL-2.0-only
#ifndef TANDEM_ACTION_BLOCK_H
#define TANDEM_ACTION_BLOCK_H

#include "agent-link/column.h"

#include <cstdint>
#include <string>
#include <vector>

namespace ns3::tandem
{

/** An array of choices that the agent writes and the simulator reads: int32 or float64. */
class ActionBlock
{
  public:
    /**
     * @param real true for float64, false for int32
     * @param columns what is chosen, and its bounds: one for all values, one for each entry of the
     *        last axis, or one for each value
     * @param rows what each entry of the first axis belongs to, see AgentLink::AddAction()
     */
    ActionBlock(std::string name,
                std::vector<uint32_t> shape,
                bool real,
                std::vector<Column> columns,
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

    /** @return the choice of an int32 block seen as rows × columns */
    int32_t Get(size_t row, size_t column) const;
    /** @return the value of a float64 block seen as rows × columns */
    double GetReal(size_t row, size_t column) const;

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
    const std::vector<Column>& GetColumns() const;
    /** @return what each entry of the first axis belongs to, "" for nothing in particular */
    const std::string& GetRows() const;
    /** @return true for a block of float64, false for one of int32 */
    bool IsReal() const;
    size_t GetSize() const;
    size_t GetBytes() const;
    /** @return the lowest bound of all values */
    double GetLow() const;
    /** @return the highest bound of all values */
    double GetHigh() const;
    /** @return name and bounds of the value at an index */
    const Column& GetColumn(size_t index) const;
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

    void CheckColumn(const Column& column) const;
    size_t IndexOf(size_t row, size_t column) const;
    [[noreturn]] void Refuse(size_t index, bool real) const;

    template <typename T>
    bool IsWithin() const;

    std::string m_name;
    std::vector<uint32_t> m_shape;
    bool m_real;
    std::vector<Column> m_columns;
    std::string m_rows;
    size_t m_size;
    unsigned char* m_memory{nullptr};
};

} // namespace ns3::tandem

#endif // TANDEM_ACTION_BLOCK_H
