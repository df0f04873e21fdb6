// SPDX-License-Identifier: MIT
#ifndef TANDEM_BRIDGE_JOINT_ACTION_H
#define TANDEM_BRIDGE_JOINT_ACTION_H

#include "action.h"

#include <cstddef>
#include <cstdint>
#include <nanobind/nanobind.h>
#include <string>
#include <vector>

namespace tandem::bridge
{

/**
 * Writes a whole action: an array where the scenario has one action block, else a mapping of
 * names to arrays, or all values one behind the other in one array.
 */
class JointAction
{
  public:
    /** @param offset of the block within the memory of the action */
    void Add(ActionWriter block, std::size_t offset)
    {
        m_values += block.GetSize();
        m_parts.push_back({std::move(block), offset});
    }

    /** @return bytes from the first block's beginning to the last one's end */
    std::size_t GetBytes() const
    {
        return m_parts.empty() ? 0 : m_parts.back().offset + m_parts.back().block.GetBytes();
    }

    /** As ActionWriter::Write(). */
    bool Write(nanobind::handle action, unsigned char* memory) const
    {
        if (m_parts.size() == 1)
        {
            return m_parts.front().block.Write(action, memory);
        }
        return PyDict_Check(action.ptr()) ? WriteEach(action, memory) : WriteAll(action, memory);
    }

  private:
    struct Part
    {
        ActionWriter block;
        std::size_t offset;
    };

    bool WriteEach(nanobind::handle action, unsigned char* memory) const
    {
        for (const Part& part : m_parts)
        {
            const std::string& name = part.block.GetName();
            PyObject* value = PyDict_GetItemString(action.ptr(), name.c_str());
            if (value == nullptr)
            {
                throw InvalidAction("the action has no '" + name + "': give " + Names());
            }
            if (!part.block.Write(value, memory + part.offset))
            {
                return false;
            }
        }
        if (static_cast<std::size_t>(PyDict_Size(action.ptr())) != m_parts.size())
        {
            throw InvalidAction("the action has more than " + Names());
        }
        return true;
    }

    bool WriteAll(nanobind::handle action, unsigned char* memory) const
    {
        Py_buffer view;
        if (PyObject_GetBuffer(action.ptr(), &view, PyBUF_FORMAT | PyBUF_C_CONTIGUOUS) != 0)
        {
            PyErr_Clear();
            return false;
        }
        const BufferRelease release{&view};
        const char format = view.format == nullptr ? 'B' : view.format[0];
        if (format != 'd' && format != 'l' && format != 'q')
        {
            return false;
        }
        if (view.ndim != 1 || static_cast<std::size_t>(view.shape[0]) != m_values)
        {
            throw InvalidAction("the action has shape " +
                                ActionWriter::Text(view.shape, view.shape + view.ndim) +
                                ", expected a mapping with " + Names() + ", or all " +
                                std::to_string(m_values) + " values in one row");
        }
        std::size_t at = 0;
        for (const Part& part : m_parts)
        {
            if (format == 'd')
            {
                part.block.Convert(static_cast<const double*>(view.buf) + at, memory + part.offset);
            }
            else
            {
                part.block.Convert(static_cast<const std::int64_t*>(view.buf) + at,
                                   memory + part.offset);
            }
            at += part.block.GetSize();
        }
        return true;
    }

    std::string Names() const
    {
        std::string names;
        for (const Part& part : m_parts)
        {
            names += (names.empty() ? "'" : ", '") + part.block.GetName() + "'";
        }
        return names;
    }

    std::vector<Part> m_parts;
    std::size_t m_values{0};
};

} // namespace tandem::bridge

#endif // TANDEM_BRIDGE_JOINT_ACTION_H
