// SPDX-License-Identifier: GPL-2.0-only
#include "access/csv-table.h"

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>

namespace ns3::tandem
{

namespace
{

/** Spreadsheets like to begin a file with it. */
const std::string BYTE_ORDER_MARK = "\xEF\xBB\xBF";
/** Place of an optional column that the file lacks. */
constexpr size_t NOWHERE = SIZE_MAX;

/** @return the path of a file that can be read */
const std::string&
CheckReadable(const std::string& path)
{
    if (!std::ifstream(path))
    {
        throw CsvError(path + ": cannot be opened: " + std::strerror(errno));
    }
    return path;
}

/** ns-3 leaves the end of a DOS line to the last field. */
std::string
WithoutLineEnd(std::string text)
{
    text.erase(text.find_last_not_of(" \t\r") + 1);
    return text;
}

} // namespace

CsvTable::CsvTable(std::string path,
                   std::vector<std::string> columns,
                   const std::vector<std::string>& optional)
    : m_path(std::move(path)),
      m_columns(std::move(columns)),
      m_reader(CheckReadable(m_path))
{
    if (!ReadLine())
    {
        throw CsvError(m_path + ": is empty; its first line must name the columns");
    }
    if (m_fields[0].compare(0, BYTE_ORDER_MARK.size(), BYTE_ORDER_MARK) == 0)
    {
        m_fields[0].erase(0, BYTE_ORDER_MARK.size());
    }
    const std::vector<std::string>& header = m_fields;
    m_width = header.size();
    for (const std::string& column : m_columns)
    {
        const auto found = std::find(header.begin(), header.end(), column);
        if (found == header.end())
        {
            std::string wanted;
            for (const std::string& name : m_columns)
            {
                wanted += (wanted.empty() ? "" : ",") + name;
            }
            throw CsvError(m_path + ", line " + std::to_string(m_reader.RowNumber()) +
                           ": column '" + column + "' is missing; the header must name " + wanted);
        }
        m_position.push_back(static_cast<size_t>(found - header.begin()));
    }
    for (const std::string& column : optional)
    {
        const auto found = std::find(header.begin(), header.end(), column);
        m_columns.push_back(column);
        m_position.push_back(found == header.end() ? NOWHERE
                                                   : static_cast<size_t>(found - header.begin()));
    }
}

bool
CsvTable::Has(size_t column) const
{
    return m_position.at(column) != NOWHERE;
}

bool
CsvTable::ReadLine()
{
    while (m_reader.FetchNextRow())
    {
        if (m_reader.IsBlankRow())
        {
            continue;
        }
        m_fields.assign(m_reader.ColumnCount(), "");
        for (size_t i = 0; i < m_fields.size(); ++i)
        {
            m_reader.GetValue(i, m_fields[i]);
            m_fields[i] = WithoutLineEnd(m_fields[i]);
        }
        if (m_fields.size() > 1 || !m_fields[0].empty())
        {
            return true;
        }
    }
    return false;
}

std::string
CsvTable::Where() const
{
    return m_path + ", line " + std::to_string(m_reader.RowNumber()) + " (row " +
           std::to_string(m_row) + ")";
}

bool
CsvTable::Next()
{
    if (!ReadLine())
    {
        return false;
    }
    ++m_row;
    if (m_fields.size() != m_width)
    {
        throw CsvError(Where() + ": has " + std::to_string(m_fields.size()) +
                       " fields, the header has " + std::to_string(m_width));
    }
    return true;
}

const std::string&
CsvTable::GetText(size_t column) const
{
    return m_fields[m_position[column]];
}

double
CsvTable::GetNumber(size_t column, double low, double high) const
{
    const std::string& text = GetText(column);
    char* end = nullptr;
    const double value = std::strtod(text.c_str(), &end);
    if (text.empty() || *end != '\0')
    {
        Fail(column, "'" + text + "' is not a number");
    }
    if (!(value >= low && value <= high) || !std::isfinite(value))
    {
        std::ostringstream range;
        range << text << " is outside [" << low << ", " << high << "]";
        Fail(column, range.str());
    }
    return value;
}

uint32_t
CsvTable::GetCount(size_t column, uint32_t low, uint32_t high) const
{
    const double value = GetNumber(column, low, high);
    if (value != std::floor(value))
    {
        Fail(column, "'" + GetText(column) + "' is not a whole number");
    }
    return static_cast<uint32_t>(value);
}

void
CsvTable::Fail(size_t column, const std::string& what) const
{
    throw CsvError(Where() + ", column '" + m_columns[column] + "': " + what);
}

} // namespace ns3::tandem
