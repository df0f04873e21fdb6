// SPDX-License-Identifier: GPL-2.0-only
#include "agent-link/record-table.h"

#include "channel/layout.h"

#include "ns3/abort.h"

#include <cinttypes>
#include <cstdio>
#include <cstring>

namespace ns3::tandem
{

using ::tandem::channel::MAX_SEGMENT_BYTES;
using ::tandem::channel::RECORD_CELL_BYTES;
using ::tandem::channel::RECORD_HEADER_BYTES;
using ::tandem::channel::TableBytes;

RecordTable::RecordTable(std::string name, std::vector<RecordColumn> columns, uint64_t capacity)
    : m_name(std::move(name)),
      m_columns(std::move(columns)),
      m_capacity(capacity),
      m_row(m_columns.size())
{
    NS_ABORT_MSG_IF(m_columns.empty(), "record table '" << m_name << "' has no columns");
    NS_ABORT_MSG_IF(m_capacity == 0, "record table '" << m_name << "' has room for no rows");
    NS_ABORT_MSG_IF(GetBytes() > MAX_SEGMENT_BYTES,
                    "record table '" << m_name << "' of " << m_capacity << " rows and "
                                     << m_columns.size() << " columns takes more than "
                                     << MAX_SEGMENT_BYTES << " bytes: lower recordCapacity");
}

void
RecordTable::Begin()
{
    std::fill(m_row.begin(), m_row.end(), 0);
}

void
RecordTable::Set(size_t column, double value)
{
    NS_ABORT_MSG_IF(column >= m_columns.size() || m_columns[column].type != RecordColumn::FLOAT64,
                    "record table '" << m_name << "' has no float64 column " << column);
    std::memcpy(&m_row[column], &value, sizeof value);
}

void
RecordTable::SetInt(size_t column, int64_t value)
{
    NS_ABORT_MSG_IF(column >= m_columns.size() || m_columns[column].type != RecordColumn::INT64,
                    "record table '" << m_name << "' has no int64 column " << column);
    std::memcpy(&m_row[column], &value, sizeof value);
}

void
RecordTable::End()
{
    if (m_memory == nullptr)
    {
        WriteCsvRow();
        return;
    }
    if (Rows() >= m_capacity && !m_full())
    {
        return;
    }
    // The agent's side can write the count as well: what is checked here is what is used.
    const uint64_t row = Rows();
    NS_ABORT_MSG_IF(row >= m_capacity,
                    "record table '" << m_name << "' claims " << row << " rows, it has room for "
                                     << m_capacity);
    const size_t rowBytes = m_row.size() * RECORD_CELL_BYTES;
    std::memcpy(m_memory + RECORD_HEADER_BYTES + row * rowBytes, m_row.data(), rowBytes);
    Rows() = row + 1;
}

const std::string&
RecordTable::GetName() const
{
    return m_name;
}

const std::vector<RecordColumn>&
RecordTable::GetColumns() const
{
    return m_columns;
}

uint64_t
RecordTable::GetCapacity() const
{
    return m_capacity;
}

size_t
RecordTable::GetBytes() const
{
    return TableBytes(m_capacity, m_columns.size());
}

void
RecordTable::Attach(unsigned char* memory, std::function<bool()> full)
{
    m_memory = memory;
    m_full = std::move(full);
}

void
RecordTable::OpenCsv(const std::string& path)
{
    if (path.empty())
    {
        return;
    }
    m_csv.open(path);
    NS_ABORT_MSG_UNLESS(m_csv, "cannot write '" << path << "': check the folder and its rights");
    for (size_t i = 0; i < m_columns.size(); ++i)
    {
        m_csv << (i == 0 ? "" : ",") << m_columns[i].name;
    }
    m_csv << '\n';
}

void
RecordTable::Clear()
{
    Rows() = 0;
}

uint64_t&
RecordTable::Rows()
{
    return *reinterpret_cast<uint64_t*>(m_memory);
}

void
RecordTable::WriteCsvRow()
{
    if (!m_csv.is_open())
    {
        return;
    }
    for (size_t i = 0; i < m_columns.size(); ++i)
    {
        char cell[40];
        if (m_columns[i].type == RecordColumn::INT64)
        {
            int64_t value;
            std::memcpy(&value, &m_row[i], sizeof value);
            std::snprintf(cell, sizeof cell, "%" PRId64, value);
        }
        else
        {
            double value;
            std::memcpy(&value, &m_row[i], sizeof value);
            std::snprintf(cell, sizeof cell, "%.17g", value); // 17 digits: reads back unchanged
        }
        m_csv << (i == 0 ? "" : ",") << cell;
    }
    m_csv << '\n';
}

} // namespace ns3::tandem
