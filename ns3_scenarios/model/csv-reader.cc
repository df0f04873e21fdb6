// SPDX-License-Identifier: GPL-2.0-only
#include "model/csv-reader.h"

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <sstream>

namespace ns3::tandem
{

namespace
{

std::string
Trim(const std::string& text)
{
    const char* blanks = " \t\r\n";
    const size_t first = text.find_first_not_of(blanks);
    if (first == std::string::npos)
    {
        return "";
    }
    return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

std::vector<std::string>
Split(const std::string& line)
{
    std::vector<std::string> fields;
    std::string field;
    bool quoted = false;
    for (const char c : line)
    {
        if (c == '"')
        {
            quoted = !quoted;
        }
        else if (c == ',' && !quoted)
        {
            fields.push_back(Trim(field));
            field.clear();
        }
        else
        {
            field += c;
        }
    }
    fields.push_back(Trim(field));
    return fields;
}

} // namespace

CsvReader::CsvReader(std::string path, std::vector<std::string> columns)
    : m_path(std::move(path)),
      m_columns(std::move(columns)),
      m_file(m_path)
{
    if (!m_file)
    {
        throw CsvError(m_path + ": cannot be opened: " + std::strerror(errno));
    }
    std::vector<std::string> header;
    if (!ReadLine(header))
    {
        throw CsvError(m_path + ": is empty; its first line must name the columns");
    }
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
            throw CsvError(m_path + ", line " + std::to_string(m_line) + ": column '" + column +
                           "' is missing; the header must name " + wanted);
        }
        m_position.push_back(static_cast<size_t>(found - header.begin()));
    }
}

bool
CsvReader::ReadLine(std::vector<std::string>& fields)
{
    std::string line;
    while (std::getline(m_file, line))
    {
        ++m_line;
        if (m_line == 1 && line.compare(0, 3, "\xEF\xBB\xBF") == 0)
        {
            line.erase(0, 3); // spreadsheets like to write a byte order mark
        }
        const std::string trimmed = Trim(line);
        if (!trimmed.empty() && trimmed[0] != '#')
        {
            fields = Split(trimmed);
            return true;
        }
    }
    return false;
}

bool
CsvReader::Next()
{
    if (!ReadLine(m_fields))
    {
        return false;
    }
    ++m_row;
    if (m_fields.size() != m_width)
    {
        throw CsvError(m_path + ", line " + std::to_string(m_line) + " (row " +
                       std::to_string(m_row) + "): has " + std::to_string(m_fields.size()) +
                       " fields, the header has " + std::to_string(m_width));
    }
    return true;
}

const std::string&
CsvReader::GetText(size_t column) const
{
    return m_fields[m_position[column]];
}

double
CsvReader::GetNumber(size_t column, double low, double high) const
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
CsvReader::GetCount(size_t column, uint32_t low, uint32_t high) const
{
    const double value = GetNumber(column, low, high);
    if (value != std::floor(value))
    {
        Fail(column, "'" + GetText(column) + "' is not a whole number");
    }
    return static_cast<uint32_t>(value);
}

void
CsvReader::Fail(size_t column, const std::string& what) const
{
    throw CsvError(m_path + ", line " + std::to_string(m_line) + " (row " + std::to_string(m_row) +
                   "), column '" + m_columns[column] + "': " + what);
}

uint32_t
CsvReader::GetRow() const
{
    return m_row;
}

} // namespace ns3::tandem
