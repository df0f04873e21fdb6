// SPDX-License-Identifier: GPL-2.0-only
#include "agent-link/blocks.h"

#include "channel/sizes.h"
#include "channel/values.h"

#include "ns3/abort.h"
#include "ns3/fatal-error.h"

#include <type_traits>

namespace ns3::tandem
{

using ::tandem::channel::MAX_SEGMENT_BYTES;
using ::tandem::channel::SafeCount;

namespace
{
/** End the program unless a block has values, and no more than memory can hold. */
void
CheckCount(const std::string& block, size_t count)
{
    constexpr size_t MOST = MAX_SEGMENT_BYTES / sizeof(double);
    NS_ABORT_MSG_IF(count == 0, block << " has no values");
    NS_ABORT_MSG_IF(count > MOST,
                    block << " has too many values: its shape stands for more than " << MOST);
}

/** @return number of values in a row; a block without axes has one value */
size_t
RowLength(const std::vector<uint32_t>& shape)
{
    return shape.empty() ? 1 : shape.back();
}
} // namespace

ObservationBlock::ObservationBlock(std::string name,
                                   std::vector<uint32_t> shape,
                                   std::vector<Column> columns,
                                   std::string rows)
    : m_name(std::move(name)),
      m_shape(std::move(shape)),
      m_columns(std::move(columns)),
      m_rows(std::move(rows)),
      m_size(SafeCount(m_shape))
{
    CheckCount("observation block '" + m_name + "'", m_size);
    NS_ABORT_MSG_IF(m_columns.empty() ||
                        (m_columns.size() > 1 && m_columns.size() != RowLength(m_shape)),
                    "observation block '" << m_name << "' has " << m_columns.size()
                                          << " columns for a last axis of " << RowLength(m_shape)
                                          << ": give one for all or one each");
    for (const auto& column : m_columns)
    {
        NS_ABORT_MSG_IF(!(column.low < column.high),
                        "column '" << column.name << "' of block '" << m_name << "' has bounds "
                                   << column.low << " … " << column.high);
    }
}

void
ObservationBlock::Refuse(size_t index, size_t column) const
{
    NS_ABORT_MSG_IF(index >= m_size,
                    "index " << index << " of observation block '" << m_name << "' of " << m_size
                             << " values");
    NS_FATAL_ERROR("column '" << m_columns[column].name << "' of observation block '" << m_name
                              << "' is set to NaN at index " << index);
}

void
ObservationBlock::Set(size_t row, size_t column, double value)
{
    const size_t columns = RowLength(m_shape);
    NS_ABORT_MSG_IF(column >= columns,
                    "column " << column << " of observation block '" << m_name << "' of " << columns
                              << " columns");
    Set(row * columns + column, value);
}

void
ObservationBlock::Assign(const double* values)
{
    const auto& column = m_columns[0];
    const bool valid =
        m_columns.size() == 1 &&
        ::tandem::channel::ClampInto(m_values, values, m_size, column.low, column.high);
    for (size_t i = 0; i < m_size && !valid; ++i)
    {
        Set(i, values[i]);
    }
}

const std::string&
ObservationBlock::GetName() const
{
    return m_name;
}

const std::vector<uint32_t>&
ObservationBlock::GetShape() const
{
    return m_shape;
}

const std::vector<Column>&
ObservationBlock::GetColumns() const
{
    return m_columns;
}

const std::string&
ObservationBlock::GetRows() const
{
    return m_rows;
}

size_t
ObservationBlock::GetSize() const
{
    return m_size;
}

size_t
ObservationBlock::GetBytes() const
{
    return m_size * sizeof(double);
}

void
ObservationBlock::Attach(unsigned char* memory)
{
    m_values = reinterpret_cast<double*>(memory);
    // Zero may lie outside a column's bounds; what is published must not.
    for (size_t i = 0; i < m_size; ++i)
    {
        Set(i, m_values[i]);
    }
}

ActionBlock::ActionBlock(std::string name,
                         std::vector<uint32_t> shape,
                         bool real,
                         double low,
                         double high,
                         std::string rows)
    : m_name(std::move(name)),
      m_shape(std::move(shape)),
      m_real(real),
      m_low(low),
      m_high(high),
      m_rows(std::move(rows)),
      m_size(SafeCount(m_shape))
{
    CheckCount("action block '" + m_name + "'", m_size);
    NS_ABORT_MSG_IF(!(low <= high),
                    "action block '" << m_name << "' has bounds " << low << " … " << high);
}

void
ActionBlock::Refuse(size_t index, bool real) const
{
    NS_FATAL_ERROR("action block '" << m_name << "' has no " << (real ? "float64" : "int32")
                                    << " at index " << index);
}

void
ActionBlock::Set(size_t index, int32_t value)
{
    CheckAccess(index, false);
    reinterpret_cast<int32_t*>(m_memory)[index] = value;
}

void
ActionBlock::SetReal(size_t index, double value)
{
    CheckAccess(index, true);
    reinterpret_cast<double*>(m_memory)[index] = value;
}

const std::string&
ActionBlock::GetName() const
{
    return m_name;
}

const std::vector<uint32_t>&
ActionBlock::GetShape() const
{
    return m_shape;
}

const std::string&
ActionBlock::GetRows() const
{
    return m_rows;
}

bool
ActionBlock::IsReal() const
{
    return m_real;
}

size_t
ActionBlock::GetSize() const
{
    return m_size;
}

size_t
ActionBlock::GetBytes() const
{
    return m_size * (m_real ? sizeof(double) : sizeof(int32_t));
}

double
ActionBlock::GetLow() const
{
    return m_low;
}

double
ActionBlock::GetHigh() const
{
    return m_high;
}

void
ActionBlock::Attach(unsigned char* memory)
{
    m_memory = memory;
}

template <typename T>
bool
ActionBlock::IsWithin() const
{
    const auto* values = reinterpret_cast<const T*>(m_memory);
    if constexpr (std::is_same_v<T, double>)
    {
        return ::tandem::channel::AreWithin(values, m_size, m_low, m_high);
    }
    bool within = true;
    for (size_t i = 0; i < m_size; ++i)
    {
        // Written so that NaN fails, too.
        within &= (values[i] >= m_low) & (values[i] <= m_high);
    }
    return within;
}

void
ActionBlock::Check() const
{
    if (m_real ? IsWithin<double>() : IsWithin<int32_t>())
    {
        return;
    }
    for (size_t i = 0; i < m_size; ++i)
    {
        const double value = m_real ? GetReal(i) : Get(i);
        NS_ABORT_MSG_UNLESS(value >= m_low && value <= m_high,
                            "action '" << m_name << "' at index " << i << " is " << value
                                       << ", allowed are " << m_low << " … " << m_high);
    }
}

} // namespace ns3::tandem
