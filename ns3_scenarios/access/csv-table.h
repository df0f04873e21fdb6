// SPDX-License-Identifier: GPL-2.0-only
#ifndef TANDEM_CSV_TABLE_H
#define TANDEM_CSV_TABLE_H

#include "ns3/csv-reader.h"

#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

namespace ns3::tandem
{

/** A CSV file that cannot be used; what() names the file, the row and the column. */
class CsvError : public std::runtime_error
{
  public:
    using std::runtime_error::runtime_error;
};

/**
 * ns-3's CsvReader with the columns found by name and the values checked. Blank lines and comments
 * are skipped. Rows are counted from 1, the header being row 0; errors give the line in the file,
 * too.
 */
class CsvTable
{
  public:
    /**
     * @param path the file
     * @param columns the names that the header must have, in any order
     * @param optional further names, which it may have; their indices follow those of @p columns
     * @throw CsvError when the file cannot be read or a column is missing
     */
    CsvTable(std::string path,
             std::vector<std::string> columns,
             const std::vector<std::string>& optional = {});

    /** Go to the next row. @return false at the end of the file */
    bool Next();

    /** @return the text of column @p column (index into the constructor's list) */
    const std::string& GetText(size_t column) const;

    /**
     * @return the number in column @p column
     * @throw CsvError when it is not a finite number in [@p low, @p high]
     */
    double GetNumber(size_t column, double low, double high) const;

    /** @return whether the header names that column */
    bool Has(size_t column) const;

    /** As GetNumber(), for whole numbers. */
    uint32_t GetCount(size_t column, uint32_t low, uint32_t high) const;

    /** Throw a CsvError that says where: file, line, row and column. */
    [[noreturn]] void Fail(size_t column, const std::string& what) const;

  private:
    bool ReadLine();
    std::string Where() const;

    std::string m_path;
    std::vector<std::string> m_columns;
    std::vector<size_t> m_position; //!< where in the file's header each column is, or NOWHERE
    std::vector<std::string> m_fields;
    CsvReader m_reader;
    size_t m_width{0}; //!< fields of the header line
    uint32_t m_row{0};
};

} // namespace ns3::tandem

#endif // TANDEM_CSV_TABLE_H
