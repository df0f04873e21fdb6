// SPDX-License-Identifier: MIT
#ifndef TANDEM_COMPAT_CODEC_H
#define TANDEM_COMPAT_CODEC_H

#include "channel/gym-wire.h"

#include "observed.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <memory>
#include <nanobind/nanobind.h>
#include <stdexcept>
#include <string>
#include <vector>

namespace tandem::compat
{

namespace nb = nanobind;
using channel::WireDtype;
using channel::WireReader;
using channel::WireType;
using channel::WireWriter;

/** The letters that buffers name their elements with, in the order of WireDtype. */
constexpr const char* DTYPE_FORMATS[] = {"b", "h", "i", "lq", "B", "H", "I", "LQ", "f", "d"};

/** numpy's functions, looked up once. */
struct Numpy
{
    Numpy()
        : module(nb::module_::import_("numpy")),
          empty(module.attr("empty"))
    {
        for (const char* name : channel::WIRE_DTYPE_NAMES)
        {
            dtypes.push_back(module.attr("dtype")(name));
        }
    }

    nb::object module;
    nb::object empty;
    std::vector<nb::object> dtypes;
};

/**
 * A space, as far as writing and reading its values goes. Made from
 * ("discrete", n), ("box", dtype name, shape), ("tuple", [node, …]) or ("dict", [(key, node), …]).
 */
class Node
{
  public:
    Node(nb::handle description, const std::shared_ptr<Numpy>& numpy, nb::object convert)
        : m_numpy(numpy),
          m_convert(std::move(convert))
    {
        const auto parts = nb::cast<nb::tuple>(description);
        const auto type = nb::cast<std::string>(parts[0]);
        if (type == "discrete")
        {
            m_type = WireType::DISCRETE;
        }
        else if (type == "box")
        {
            m_type = WireType::BOX;
            const auto name = nb::cast<std::string>(parts[1]);
            const auto* found = std::find(std::begin(channel::WIRE_DTYPE_NAMES),
                                          std::end(channel::WIRE_DTYPE_NAMES),
                                          name);
            m_dtype = static_cast<WireDtype>(found - std::begin(channel::WIRE_DTYPE_NAMES));
            m_shape = nb::cast<nb::tuple>(parts[2]);
            for (nb::handle extent : m_shape)
            {
                m_extents.push_back(nb::cast<std::uint64_t>(extent));
                m_size *= m_extents.back();
            }
        }
        else
        {
            m_type = type == "tuple" ? WireType::TUPLE : WireType::DICT;
            for (nb::handle item : nb::cast<nb::list>(parts[1]))
            {
                nb::object child = nb::borrow(item);
                if (m_type == WireType::DICT)
                {
                    m_keys.push_back(nb::cast<nb::str>(item[0]));
                    child = nb::borrow(item[1]);
                }
                m_children.push_back(std::make_unique<Node>(child, numpy, m_convert));
            }
        }
    }

    /** Append a value of this space. @throws nb::python_error from the conversion of odd values */
    void Write(nb::handle value, WireWriter& writer) const
    {
        switch (m_type)
        {
        case WireType::DISCRETE:
            WriteDiscrete(value, writer);
            break;
        case WireType::BOX:
            WriteBox(value, writer);
            break;
        case WireType::TUPLE:
            writer.PutType(m_type, static_cast<std::uint32_t>(m_children.size()));
            if (nb::len(value) != m_children.size())
            {
                throw nb::value_error(("expected a tuple of " + std::to_string(m_children.size()) +
                                       " actions, got " + std::to_string(nb::len(value)))
                                          .c_str());
            }
            for (std::size_t i = 0; i < m_children.size(); ++i)
            {
                m_children[i]->Write(value[i], writer);
            }
            break;
        default:
            writer.PutType(m_type, static_cast<std::uint32_t>(m_children.size()));
            for (std::size_t i = 0; i < m_children.size(); ++i)
            {
                writer.PutText(m_keys[i].c_str());
                m_children[i]->Write(value[m_keys[i]], writer);
            }
        }
    }

    /**
     * Read a value, whatever space it was declared with.
     *
     * @param reader where it stands
     * @param node the declared space, or null
     * @param numpy where arrays come from
     */
    static nb::object Read(WireReader& reader, const Node* node, const Numpy& numpy)
    {
        const WireReader::Level level(reader);
        const auto type = reader.Get<WireType>();
        const auto count = reader.Get<std::uint32_t>();
        const Node* known = node != nullptr && node->m_type == type ? node : nullptr;
        switch (type)
        {
        case WireType::DISCRETE:
            return nb::int_(reader.Get<std::int64_t>());
        case WireType::BOX:
            return ReadBox(reader, static_cast<WireDtype>(count), known, numpy);
        case WireType::TUPLE: {
            nb::list items;
            for (std::uint32_t i = 0; i < count; ++i)
            {
                items.append(Read(reader, Child(known, i), numpy));
            }
            return nb::tuple(items);
        }
        case WireType::DICT: {
            nb::dict items;
            for (std::uint32_t i = 0; i < count; ++i)
            {
                const std::string key = reader.GetText();
                items[key.c_str()] = Read(reader, Child(known, key), numpy);
            }
            return items;
        }
        default:
            return nb::none();
        }
    }

  private:
    static const Node* Child(const Node* node, std::size_t index)
    {
        return node != nullptr && index < node->m_children.size() ? node->m_children[index].get()
                                                                  : nullptr;
    }

    static const Node* Child(const Node* node, const std::string& key)
    {
        for (std::size_t i = 0; node != nullptr && i < node->m_keys.size(); ++i)
        {
            if (key == node->m_keys[i].c_str())
            {
                return node->m_children[i].get();
            }
        }
        return nullptr;
    }

    static void WriteDiscrete(nb::handle value, WireWriter& writer)
    {
        nb::object choice = nb::steal(PyNumber_Index(value.ptr()));
        if (!choice.is_valid())
        {
            // An array of one element is what many agents return.
            PyErr_Clear();
            choice = nb::steal(PyNumber_Index(nb::object(value.attr("item")()).ptr()));
            if (!choice.is_valid())
            {
                throw nb::python_error();
            }
        }
        WriteChoice(choice, writer);
    }

    static void WriteChoice(const nb::object& choice, WireWriter& writer)
    {
        const long long number = PyLong_AsLongLong(choice.ptr());
        if (number == -1 && PyErr_Occurred() != nullptr)
        {
            throw nb::python_error();
        }
        if (number < 0 || number > std::numeric_limits<std::uint32_t>::max())
        {
            throw nb::value_error(
                ("choice " + std::to_string(number) + " is none: a Discrete space counts from 0")
                    .c_str());
        }
        writer.PutType(WireType::DISCRETE, 0);
        writer.Put(static_cast<std::int64_t>(number));
    }

    struct Buffer
    {
        Py_buffer view{};
        bool valid;

        explicit Buffer(nb::handle object)
            : valid(PyObject_CheckBuffer(object.ptr()) != 0 &&
                    PyObject_GetBuffer(object.ptr(), &view, PyBUF_FORMAT | PyBUF_C_CONTIGUOUS) == 0)
        {
            if (!valid)
            {
                PyErr_Clear();
            }
        }

        Buffer(const Buffer&) = delete;
        Buffer& operator=(const Buffer&) = delete;

        ~Buffer()
        {
            if (valid)
            {
                PyBuffer_Release(&view);
            }
        }
    };

    bool Matches(const Buffer& buffer) const
    {
        return buffer.valid && buffer.view.format != nullptr && buffer.view.format[1] == '\0' &&
               std::string(DTYPE_FORMATS[static_cast<std::size_t>(m_dtype)])
                       .find(buffer.view.format[0]) != std::string::npos;
    }

    void WriteBox(nb::handle value, WireWriter& writer) const
    {
        const Buffer direct(value);
        if (Matches(direct))
        {
            WriteArray(direct.view, writer);
            return;
        }
        if (WriteNumbers(value, writer))
        {
            return;
        }
        const nb::object array =
            m_convert(value, m_numpy->dtypes[static_cast<std::size_t>(m_dtype)]);
        const Buffer converted(array);
        WriteArray(converted.view, writer);
    }

    /** Write a list or tuple of plain numbers; false if it is something else, or does not fit. */
    bool WriteNumbers(nb::handle value, WireWriter& writer) const
    {
        const bool list = PyList_Check(value.ptr()) != 0;
        if (!list && PyTuple_Check(value.ptr()) == 0)
        {
            return false;
        }
        const auto count = static_cast<std::uint64_t>(Py_SIZE(value.ptr()));
        if (count != m_size || m_extents.size() != 1)
        {
            return false;
        }
        const std::uint64_t bytes = channel::WIRE_DTYPE_BYTES[static_cast<std::size_t>(m_dtype)];
        std::vector<unsigned char> data(count * bytes);
        for (std::uint64_t i = 0; i < count; ++i)
        {
            const auto at = static_cast<Py_ssize_t>(i);
            PyObject* item =
                list ? PyList_GET_ITEM(value.ptr(), at) : PyTuple_GET_ITEM(value.ptr(), at);
            if (!StoreNumber(item, data.data() + i * bytes))
            {
                PyErr_Clear();
                return false;
            }
        }
        writer.PutType(WireType::BOX, static_cast<std::uint32_t>(m_dtype));
        writer.Put(std::uint64_t{1});
        writer.Put(count);
        writer.Put(count);
        writer.PutBytes(data.data(), data.size());
        writer.Align();
        return true;
    }

    bool StoreNumber(PyObject* item, unsigned char* memory) const
    {
        switch (m_dtype)
        {
        case WireDtype::INT8:
            return StoreInteger<std::int8_t>(item, memory);
        case WireDtype::INT16:
            return StoreInteger<std::int16_t>(item, memory);
        case WireDtype::INT32:
            return StoreInteger<std::int32_t>(item, memory);
        case WireDtype::INT64:
            return StoreInteger<std::int64_t>(item, memory);
        case WireDtype::UINT8:
            return StoreInteger<std::uint8_t>(item, memory);
        case WireDtype::UINT16:
            return StoreInteger<std::uint16_t>(item, memory);
        case WireDtype::UINT32:
            return StoreInteger<std::uint32_t>(item, memory);
        case WireDtype::FLOAT32:
            return StoreReal<float>(item, memory);
        case WireDtype::FLOAT64:
            return StoreReal<double>(item, memory);
        default: // uint64 exceeds what is read here
            return false;
        }
    }

    template <typename T>
    static bool StoreInteger(PyObject* item, unsigned char* memory)
    {
        const nb::object index = nb::steal(PyNumber_Index(item)); // also numpy's integers
        if (!index.is_valid())
        {
            return false;
        }
        const long long number = PyLong_AsLongLong(index.ptr());
        if ((number == -1 && PyErr_Occurred() != nullptr) ||
            number < static_cast<long long>(std::numeric_limits<T>::min()) ||
            number > static_cast<long long>(std::numeric_limits<T>::max()))
        {
            return false;
        }
        const T stored = static_cast<T>(number);
        std::memcpy(memory, &stored, sizeof stored);
        return true;
    }

    template <typename T>
    static bool StoreReal(PyObject* item, unsigned char* memory)
    {
        if (PyFloat_Check(item) == 0 && PyLong_Check(item) == 0)
        {
            return false;
        }
        const double number = PyFloat_AsDouble(item);
        if (number == -1.0 && PyErr_Occurred() != nullptr)
        {
            return false;
        }
        const T stored = static_cast<T>(number);
        std::memcpy(memory, &stored, sizeof stored);
        return true;
    }

    void WriteArray(const Py_buffer& view, WireWriter& writer) const
    {
        const auto count = static_cast<std::uint64_t>(view.len / view.itemsize);
        writer.PutType(WireType::BOX, static_cast<std::uint32_t>(m_dtype));
        if (count == m_size) // the same values in another arrangement take the space's
        {
            writer.Put(static_cast<std::uint64_t>(m_extents.size()));
            for (const std::uint64_t extent : m_extents)
            {
                writer.Put(extent);
            }
        }
        else
        {
            writer.Put(static_cast<std::uint64_t>(view.ndim));
            for (int axis = 0; axis < view.ndim; ++axis)
            {
                writer.Put(static_cast<std::uint64_t>(view.shape[axis]));
            }
        }
        writer.Put(count);
        writer.PutBytes(view.buf, view.len);
        writer.Align();
    }

    static nb::object
    ReadBox(WireReader& reader, WireDtype dtype, const Node* node, const Numpy& numpy)
    {
        const auto axes = reader.Get<std::uint64_t>();
        std::uint64_t product = 1;
        std::vector<std::uint64_t> extents;
        for (std::uint64_t axis = 0; axis < axes; ++axis)
        {
            extents.push_back(reader.Get<std::uint64_t>());
            product *= extents.back();
        }
        const auto count = reader.Get<std::uint64_t>();
        nb::object shape;
        if (node != nullptr && node->m_size == count)
        {
            shape = node->m_shape;
        }
        else
        {
            nb::list list;
            if (axes == 0 || product != count)
            {
                extents = {count}; // the scenario's shape is not that of its values
            }
            for (const std::uint64_t extent : extents)
            {
                list.append(extent);
            }
            shape = nb::tuple(list);
        }
        const auto index = static_cast<std::size_t>(dtype);
        if (index >= numpy.dtypes.size())
        {
            throw std::runtime_error("unknown element type on the channel");
        }
        const unsigned char* data = reader.GetArray(count, channel::WIRE_DTYPE_BYTES[index]);
        reader.Align();
        const WireDtype wanted = GetObservedDtype(node != nullptr ? node->m_dtype : dtype);
        if (wanted == WireDtype::INT64)
        {
            nb::object array = MakeArray<std::int64_t>(dtype, data, count, shape, numpy);
            if (array.is_valid())
            {
                return array;
            }
        }
        // Also fractions in a space of integers: the number counts for more than the type.
        return MakeArray<double>(dtype, data, count, shape, numpy);
    }

    /** @return the values as an array; invalid if T cannot hold them */
    template <typename T>
    static nb::object MakeArray(WireDtype dtype,
                                const unsigned char* data,
                                std::uint64_t count,
                                const nb::object& shape,
                                const Numpy& numpy)
    {
        constexpr auto DTYPE = std::is_same_v<T, double> ? WireDtype::FLOAT64 : WireDtype::INT64;
        nb::object array = numpy.empty(shape, numpy.dtypes[static_cast<std::size_t>(DTYPE)]);
        Py_buffer view;
        if (PyObject_GetBuffer(array.ptr(), &view, PyBUF_WRITABLE | PyBUF_C_CONTIGUOUS) != 0)
        {
            throw nb::python_error();
        }
        const Release release{&view};
        if (!ConvertFrom(dtype, data, count, static_cast<T*>(view.buf)))
        {
            return {};
        }
        return array;
    }

    struct Release
    {
        Py_buffer* view;

        ~Release()
        {
            PyBuffer_Release(view);
        }
    };

    WireType m_type{WireType::NONE};
    WireDtype m_dtype{WireDtype::FLOAT64};
    nb::object m_shape;
    std::vector<std::uint64_t> m_extents;
    std::uint64_t m_size{1};
    std::vector<nb::str> m_keys;
    std::vector<std::unique_ptr<Node>> m_children;
    std::shared_ptr<Numpy> m_numpy;
    nb::object m_convert;
};

} // namespace tandem::compat

#endif // TANDEM_COMPAT_CODEC_H
