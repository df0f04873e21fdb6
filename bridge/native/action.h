// SPDX-License-Identifier: MIT
#ifndef TANDEM_BRIDGE_ACTION_H
#define TANDEM_BRIDGE_ACTION_H

#include <cmath>
#include <cstdint>
#include <cstring>
#include <nanobind/nanobind.h>
#include <stdexcept>
#include <string>

namespace tandem::bridge
{

/// An action that the scenario's action block cannot take; the text names value and limit.
struct InvalidAction : std::runtime_error
{
    using std::runtime_error::runtime_error;
};

/// Checks actions against the declared block and writes them into shared memory.
class ActionWriter
{
  public:
    /**
     * @param name of the block, for messages
     * @param size number of values
     * @param real true for float64 blocks, false for int32 blocks
     * @param low smallest allowed value
     * @param high largest allowed value
     */
    ActionWriter(std::string name, std::size_t size, bool real, double low, double high)
        : m_name(std::move(name)),
          m_size(size),
          m_real(real),
          m_low(low),
          m_high(high)
    {
    }

    /**
     * @param action a C-contiguous array of the block's size, int32, int64 or float64
     * @param memory where the block lies
     * @throws InvalidAction if size, type or a value do not fit; the block is unchanged then or
     *         incomplete, but nothing has been posted
     */
    void Write(nanobind::handle action, unsigned char* memory) const
    {
        Py_buffer view;
        if (PyObject_GetBuffer(action.ptr(), &view, PyBUF_FORMAT | PyBUF_C_CONTIGUOUS) != 0)
        {
            PyErr_Clear();
            throw InvalidAction("action '" + m_name +
                                "' is no contiguous array of numbers; pass a numpy array");
        }
        const Release release{&view};
        const char format = view.format == nullptr ? 'B' : view.format[0];
        switch (format)
        {
        case 'i':
            Convert<std::int32_t>(view, memory);
            break;
        case 'l':
        case 'q':
            Convert<std::int64_t>(view, memory);
            break;
        case 'd':
            Convert<double>(view, memory);
            break;
        default:
            throw InvalidAction("action '" + m_name + "' has element type '" +
                                std::string(1, format) + "', expected int32, int64 or float64");
        }
    }

  private:
    struct Release
    {
        Py_buffer* view;

        ~Release()
        {
            PyBuffer_Release(view);
        }
    };

    template <typename T>
    void Convert(const Py_buffer& view, unsigned char* memory) const
    {
        if (static_cast<std::size_t>(view.len) != m_size * sizeof(T))
        {
            throw InvalidAction("action '" + m_name + "' has " +
                                std::to_string(view.len / sizeof(T)) + " values, expected " +
                                std::to_string(m_size));
        }
        const T* values = static_cast<const T*>(view.buf);
        for (std::size_t i = 0; i < m_size; ++i)
        {
            const auto value = static_cast<double>(values[i]);
            if (!(value >= m_low && value <= m_high)) // so that NaN fails
            {
                throw InvalidAction("action '" + m_name + "' is " + Text(value) + " at index " +
                                    std::to_string(i) + ", allowed are " + Text(m_low) + " to " +
                                    Text(m_high));
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

    static std::string Text(double value)
    {
        char buffer[32];
        std::snprintf(buffer, sizeof buffer, "%g", value);
        return buffer;
    }

    std::string m_name;
    std::size_t m_size;
    bool m_real;
    double m_low;
    double m_high;
};

} // namespace tandem::bridge

#endif // TANDEM_BRIDGE_ACTION_H
