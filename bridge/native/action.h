// SPDX-License-Identifier: MIT
#ifndef TANDEM_BRIDGE_ACTION_H
#define TANDEM_BRIDGE_ACTION_H

#include "channel/values.h"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <functional>
#include <nanobind/nanobind.h>
#include <numeric>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

namespace tandem::bridge
{

/** An action that the scenario's action block cannot take; the text names value and limit. */
struct InvalidAction : std::runtime_error
{
    using std::runtime_error::runtime_error;
};

/** Gives a buffer back at the end of its scope. */
struct BufferRelease
{
    Py_buffer* view;

    ~BufferRelease()
    {
        PyBuffer_Release(view);
    }
};

/** Checks the values of one action block against what is declared and writes them into shared
 * memory. */
class ActionWriter
{
  public:
    /**
     * @param name of the block, for messages
     * @param shape extents of the block's axes
     * @param real true for float64 blocks, false for int32 blocks
     * @param low smallest allowed value, one for all or one each
     * @param high largest allowed value, one for all or one each
     */
    ActionWriter(std::string name,
                 std::vector<long> shape,
                 bool real,
                 std::vector<double> low,
                 std::vector<double> high)
        : m_name(std::move(name)),
          m_shape(std::move(shape)),
          m_size(std::accumulate(m_shape.begin(), m_shape.end(), 1L, std::multiplies<>())),
          m_real(real),
          m_low(std::move(low)),
          m_high(std::move(high))
    {
        for (const auto* bounds : {&m_low, &m_high})
        {
            if (bounds->size() != 1 && bounds->size() != m_size)
            {
                throw std::runtime_error("action block '" + m_name + "' has " +
                                         std::to_string(bounds->size()) + " bounds for " +
                                         std::to_string(m_size) + " values");
            }
        }
    }

    const std::string& GetName() const
    {
        return m_name;
    }

    /** @return number of values of the block */
    std::size_t GetSize() const
    {
        return m_size;
    }

    /** @return number of bytes of the block */
    std::size_t GetBytes() const
    {
        return m_size * (m_real ? sizeof(double) : sizeof(std::int32_t));
    }

    /**
     * @param action a C-contiguous array of the block's shape, or all its values in one row; int32,
     *     int64 or float64
     * @param memory where the block lies
     * @return false if the action is something else that has to be converted first
     * @throws InvalidAction if the shape or a value does not fit; nothing has been posted then
     */
    bool Write(nanobind::handle action, unsigned char* memory) const
    {
        Py_buffer view;
        if (PyObject_GetBuffer(action.ptr(), &view, PyBUF_FORMAT | PyBUF_C_CONTIGUOUS) != 0)
        {
            PyErr_Clear();
            return false;
        }
        const BufferRelease release{&view};
        switch (view.format == nullptr ? 'B' : view.format[0])
        {
        case 'i':
            CheckShape(view);
            Convert(static_cast<const std::int32_t*>(view.buf), memory);
            return true;
        case 'l':
        case 'q':
            CheckShape(view);
            Convert(static_cast<const std::int64_t*>(view.buf), memory);
            return true;
        case 'd':
            CheckShape(view);
            Convert(static_cast<const double*>(view.buf), memory);
            return true;
        default:
            return false;
        }
    }

    /** Write GetSize() values that lie one behind the other; throws as Write() does. */
    template <typename T>
    void Convert(const T* values, unsigned char* memory) const
    {
        if (IsSame<T>() && IsWithin(values))
        {
            std::memcpy(memory, values, m_size * sizeof(T));
            return;
        }
        for (std::size_t i = 0; i < m_size; ++i)
        {
            const auto value = static_cast<double>(values[i]);
            const double low = m_low[i % m_low.size()];
            const double high = m_high[i % m_high.size()];
            if (!(value >= low && value <= high)) // so that NaN fails
            {
                throw InvalidAction("action '" + m_name + "' is " + Text(value) + " at index " +
                                    std::to_string(i) + ", allowed are " + Text(low) + " to " +
                                    Text(high));
            }
            if (m_real)
            {
                std::memcpy(memory + i * sizeof(double), &value, sizeof value);
                continue;
            }
            const auto choice = static_cast<std::int32_t>(value);
            if (choice != value)
            {
                throw InvalidAction("action '" + m_name + "' is " + Text(value) + " at index " +
                                    std::to_string(i) + ", expected a whole number");
            }
            std::memcpy(memory + i * sizeof choice, &choice, sizeof choice);
        }
    }

    template <typename Iterator>
    static std::string Text(Iterator begin, Iterator end)
    {
        std::string text = "(";
        for (Iterator i = begin; i != end; ++i)
        {
            text += (i == begin ? "" : ", ") + std::to_string(*i);
        }
        return text + ")";
    }

  private:
    void CheckShape(const Py_buffer& view) const
    {
        const bool row = m_shape.size() > 1 && view.ndim == 1 &&
                         static_cast<std::size_t>(view.shape[0]) == m_size;
        if (!row && !std::equal(view.shape, view.shape + view.ndim, m_shape.begin(), m_shape.end()))
        {
            throw InvalidAction("action '" + m_name + "' has shape " +
                                Text(view.shape, view.shape + view.ndim) + ", expected " +
                                Text(m_shape.begin(), m_shape.end()));
        }
    }

    /** @return whether the block holds values of this very type */
    template <typename T>
    bool IsSame() const
    {
        return std::is_same_v<T, double> ? m_real : std::is_same_v<T, std::int32_t> && !m_real;
    }

    /** The usual case, in a loop without branches; what is wrong is found out afterwards. */
    template <typename T>
    bool IsWithin(const T* values) const
    {
        if (m_low.size() != 1 || m_high.size() != 1)
        {
            return false;
        }
        const double low = m_low[0];
        const double high = m_high[0];
        if constexpr (std::is_same_v<T, double>)
        {
            return channel::AreWithin(values, m_size, low, high);
        }
        bool within = true;
        for (std::size_t i = 0; i < m_size; ++i)
        {
            within &= (values[i] >= low) & (values[i] <= high); // so that NaN fails
        }
        return within;
    }

    static std::string Text(double value)
    {
        char buffer[32];
        std::snprintf(buffer, sizeof buffer, "%g", value);
        return buffer;
    }

    std::string m_name;
    std::vector<long> m_shape;
    std::size_t m_size;
    bool m_real;
    std::vector<double> m_low;
    std::vector<double> m_high;
};

} // namespace tandem::bridge

#endif // TANDEM_BRIDGE_ACTION_H
