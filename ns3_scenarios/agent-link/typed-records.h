// SPDX-License-Identifier: GPL-2.0-only
#ifndef TANDEM_TYPED_RECORDS_H
#define TANDEM_TYPED_RECORDS_H

#include "agent-link/agent-link.h"
#include "agent-link/typed-observation.h"

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace ns3::tandem
{

/**
 * A column of a record table together with what fills it.
 *
 * @tparam T what a row tells of
 */
template <typename T>
struct RecordField
{
    /** An int64 column. */
    RecordField(std::string name, std::string unit, std::string help, int64_t (*get)(const T&))
        : column{std::move(name), RecordColumn::INT64, std::move(unit), std::move(help)},
          getWhole(get)
    {
    }

    /** A float64 column. */
    RecordField(std::string name, std::string unit, std::string help, double (*get)(const T&))
        : column{std::move(name), RecordColumn::FLOAT64, std::move(unit), std::move(help)},
          getReal(get)
    {
    }

    /** A float64 column that tells what an agent sees. */
    explicit RecordField(const ObservationField<T>& seen)
        : column{seen.column.name, RecordColumn::FLOAT64, seen.column.unit, seen.column.help},
          getReal(seen.get)
    {
    }

    RecordColumn column;
    int64_t (*getWhole)(const T&){nullptr};  //!< of an int64 column
    std::function<double(const T&)> getReal; //!< of a float64 column
};

/** A record table that is filled from objects of one type. */
template <typename T>
class TypedRecords
{
  public:
    /** Declare the table. */
    TypedRecords(AgentLink& link, std::string name, std::vector<RecordField<T>> fields)
        : m_fields(std::move(fields))
    {
        std::vector<RecordColumn> columns;
        for (const auto& field : m_fields)
        {
            columns.push_back(field.column);
        }
        m_table = link.AddRecords(std::move(name), std::move(columns));
    }

    /** Add the row of an object. */
    void Add(const T& object)
    {
        m_table->Begin();
        for (size_t i = 0; i < m_fields.size(); ++i)
        {
            const auto& field = m_fields[i];
            if (field.getWhole)
            {
                m_table->SetInt(i, field.getWhole(object));
            }
            else
            {
                m_table->Set(i, field.getReal(object));
            }
        }
        m_table->End();
    }

  private:
    std::vector<RecordField<T>> m_fields;
    RecordTable* m_table;
};

} // namespace ns3::tandem

#endif // TANDEM_TYPED_RECORDS_H
