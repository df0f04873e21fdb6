// SPDX-License-Identifier: GPL-2.0-only
#include "agent-link/blocks.h"

#include "ns3/abort.h"
#include "ns3/fatal-error.h"

#include <algorithm>

namespace ns3::tandem
{

namespace
{
/** Shares that are sums of times reach 1.0000000001: no more beyond a bound tells of nothing. */
constexpr double ROUNDING = 1e-9;
} // namespace

ObservationBlock::ObservationBlock(std::string name,
                                   std::vector<uint32_t> shape,
                                   std::vector<Column> columns,
                                   std::string rows)
    : m_name(std::move(name)),
      m_shape(std::move(shape)),
      m_columns(std::move(columns)),
      m_rows(std::move(rows)),
      m_size(CountValues("observation block '" + m_name + "'", m_shape))
{
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
    const auto& column = m_columns.front();
    if (m_columns.size() == 1 &&
        m_publisher.Publish(m_values, values, m_size, column.low, column.high))
    {
        return;
    }
    for (size_t i = 0; i < m_size; ++i)
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
    ForgetClipped();
}

const Clipped&
ObservationBlock::GetClipped() const
{
    return m_clipped;
}

void
ObservationBlock::ForgetClipped()
{
    m_clipped = {};
}

double
ObservationBlock::Clip(size_t column, double value)
{
    const double bound = std::clamp(value, m_columns[column].low, m_columns[column].high);
    if (std::abs(value - bound) <= ROUNDING * std::max(1.0, std::abs(bound)))
    {
        return bound;
    }
    if (m_clipped.count++ == 0)
    {
        m_clipped.column = static_cast<uint32_t>(column);
        m_clipped.value = value;
    }
    return bound;
}

} // namespace ns3::tandem
