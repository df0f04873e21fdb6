// SPDX-License-Identifier: GPL-2.0-only
#include "agent-link/action-block.h"

#include "channel/values.h"

#include "ns3/abort.h"
#include "ns3/fatal-error.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <type_traits>

namespace ns3::tandem
{

ActionBlock::ActionBlock(std::string name,
                         std::vector<uint32_t> shape,
                         bool real,
                         std::vector<Column> columns,
                         std::string rows)
    : m_name(std::move(name)),
      m_shape(std::move(shape)),
      m_real(real),
      m_columns(std::move(columns)),
      m_rows(std::move(rows)),
      m_size(CountValues("action block '" + m_name + "'", m_shape))
{
    const size_t count = m_columns.size();
    NS_ABORT_MSG_IF(count != 1 && count != RowLength(m_shape) && count != m_size,
                    "action block '" << m_name << "' has " << count
                                     << " columns for a last axis of " << RowLength(m_shape)
                                     << " and " << m_size
                                     << " values: give one for all, one for each entry of the last "
                                        "axis, or one for each value");
    for (const auto& column : m_columns)
    {
        CheckColumn(column);
    }
}

void
ActionBlock::CheckColumn(const Column& column) const
{
    const std::string what =
        "action block '" + m_name + "'" +
        (column.name.empty() ? std::string() : ", column '" + column.name + "',");
    NS_ABORT_MSG_IF(!(column.low <= column.high),
                    what << " has bounds " << column.low << " … " << column.high);
    if (m_real)
    {
        return;
    }
    using Limits = std::numeric_limits<int32_t>;
    for (const double bound : {column.low, column.high})
    {
        NS_ABORT_MSG_UNLESS(
            bound >= Limits::min() && bound <= Limits::max() && bound == std::floor(bound),
            what << " has the bound " << bound
                 << ": integers from -2^31 to 2^31 - 1 are chosen with AddAction(), "
                    "others with AddRealAction()");
    }
}

void
ActionBlock::Refuse(size_t index, bool real) const
{
    NS_FATAL_ERROR("action block '" << m_name << "' has no " << (real ? "float64" : "int32")
                                    << " at index " << index);
}

size_t
ActionBlock::IndexOf(size_t row, size_t column) const
{
    const size_t columns = RowLength(m_shape);
    NS_ABORT_MSG_IF(column >= columns,
                    "column " << column << " of action block '" << m_name << "' of " << columns
                              << " columns");
    return row * columns + column;
}

int32_t
ActionBlock::Get(size_t row, size_t column) const
{
    return Get(IndexOf(row, column));
}

double
ActionBlock::GetReal(size_t row, size_t column) const
{
    return GetReal(IndexOf(row, column));
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

const std::vector<Column>&
ActionBlock::GetColumns() const
{
    return m_columns;
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
    double low = m_columns.front().low;
    for (const auto& column : m_columns)
    {
        low = std::min(low, column.low);
    }
    return low;
}

double
ActionBlock::GetHigh() const
{
    double high = m_columns.front().high;
    for (const auto& column : m_columns)
    {
        high = std::max(high, column.high);
    }
    return high;
}

const Column&
ActionBlock::GetColumn(size_t index) const
{
    return m_columns[index % m_columns.size()];
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
    const double low = m_columns.front().low;
    const double high = m_columns.front().high;
    if constexpr (std::is_same_v<T, double>)
    {
        return ::tandem::channel::AreWithin(values, m_size, low, high);
    }
    bool within = true;
    for (size_t i = 0; i < m_size; ++i)
    {
        // Written so that NaN fails, too.
        within &= (values[i] >= low) & (values[i] <= high);
    }
    return within;
}

void
ActionBlock::Check() const
{
    // The usual case, in a loop without branches.
    if (m_columns.size() == 1 && (m_real ? IsWithin<double>() : IsWithin<int32_t>()))
    {
        return;
    }
    for (size_t i = 0; i < m_size; ++i)
    {
        const double value = m_real ? GetReal(i) : Get(i);
        const Column& column = GetColumn(i);
        NS_ABORT_MSG_UNLESS(value >= column.low && value <= column.high,
                            "action '" << m_name << "' at index " << i << " is " << value
                                       << ", allowed are " << column.low << " … " << column.high);
    }
}

} // namespace ns3::tandem
