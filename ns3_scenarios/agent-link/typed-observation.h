// SPDX-License-Identifier: GPL-2.0-only
#ifndef TANDEM_TYPED_OBSERVATION_H
#define TANDEM_TYPED_OBSERVATION_H

#include "agent-link/agent-link.h"

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace ns3::tandem
{

/**
 * A column of an observation block together with what fills it.
 *
 * @tparam T what a row tells of
 */
template <typename T>
struct ObservationField
{
    Column column;
    std::function<double(const T&)> get;
};

/** An observation block, rows × columns, that is filled from objects of one type. */
template <typename T>
class TypedObservation
{
  public:
    /** Declare the block; kind is what each row belongs to, see AgentLink::AddObservation(). */
    TypedObservation(AgentLink& link,
                     std::string name,
                     size_t rows,
                     std::vector<ObservationField<T>> fields,
                     std::string kind = "")
        : m_fields(std::move(fields))
    {
        std::vector<Column> columns;
        for (const auto& field : m_fields)
        {
            columns.push_back(field.column);
        }
        const std::vector<uint32_t> shape{static_cast<uint32_t>(rows),
                                          static_cast<uint32_t>(columns.size())};
        m_block = link.AddObservation(std::move(name), shape, std::move(columns), std::move(kind));
    }

    /** Write the row of an object. */
    void Fill(size_t row, const T& object)
    {
        for (size_t i = 0; i < m_fields.size(); ++i)
        {
            m_block->Set(row, i, m_fields[i].get(object));
        }
    }

  private:
    std::vector<ObservationField<T>> m_fields;
    ObservationBlock* m_block;
};

} // namespace ns3::tandem

#endif // TANDEM_TYPED_OBSERVATION_H
