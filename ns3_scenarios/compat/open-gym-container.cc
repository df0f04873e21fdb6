// SPDX-License-Identifier: GPL-2.0-only
#include "compat/open-gym-container.h"

#include <ns3/abort.h>

#include <cstring>

namespace ns3
{

using ::tandem::channel::WireDtype;
using ::tandem::channel::WireReader;
using ::tandem::channel::WireType;
using ::tandem::channel::WireWriter;

namespace
{

template <typename T>
Ptr<OpenGymDataContainer>
ReadBox(WireReader& reader, const std::vector<uint32_t>& shape, std::size_t count)
{
    const unsigned char* bytes = reader.GetArray(count, sizeof(T));
    std::vector<T> data(count);
    if (count > 0)
    {
        std::memcpy(data.data(), bytes, count * sizeof(T));
    }
    reader.Align();
    auto box = CreateObject<OpenGymBoxContainer<T>>(shape);
    box->SetData(std::move(data));
    return box;
}

Ptr<OpenGymDataContainer>
ReadAnyBox(WireReader& reader, WireDtype dtype)
{
    const auto axes = reader.Get<uint64_t>();
    std::vector<uint32_t> shape;
    for (uint64_t axis = 0; axis < axes; ++axis)
    {
        shape.push_back(static_cast<uint32_t>(reader.Get<uint64_t>()));
    }
    const auto count = reader.Get<uint64_t>();
    switch (dtype)
    {
    case WireDtype::INT8:
        return ReadBox<int8_t>(reader, shape, count);
    case WireDtype::INT16:
        return ReadBox<int16_t>(reader, shape, count);
    case WireDtype::INT32:
        return ReadBox<int32_t>(reader, shape, count);
    case WireDtype::INT64:
        return ReadBox<int64_t>(reader, shape, count);
    case WireDtype::UINT8:
        return ReadBox<uint8_t>(reader, shape, count);
    case WireDtype::UINT16:
        return ReadBox<uint16_t>(reader, shape, count);
    case WireDtype::UINT32:
        return ReadBox<uint32_t>(reader, shape, count);
    case WireDtype::UINT64:
        return ReadBox<uint64_t>(reader, shape, count);
    case WireDtype::FLOAT32:
        return ReadBox<float>(reader, shape, count);
    case WireDtype::FLOAT64:
        return ReadBox<double>(reader, shape, count);
    default:
        NS_ABORT_MSG("unknown element type " << static_cast<uint32_t>(dtype) << " of a Box");
    }
}

} // namespace

NS_OBJECT_ENSURE_REGISTERED(OpenGymDataContainer);
NS_OBJECT_ENSURE_REGISTERED(OpenGymDiscreteContainer);
NS_OBJECT_ENSURE_REGISTERED(OpenGymTupleContainer);
NS_OBJECT_ENSURE_REGISTERED(OpenGymDictContainer);

TypeId
OpenGymDataContainer::GetTypeId()
{
    static TypeId tid =
        TypeId("ns3::tandem::OpenGymDataContainer").SetParent<Object>().SetGroupName("OpenGym");
    return tid;
}

Ptr<OpenGymDataContainer>
OpenGymDataContainer::Read(WireReader& reader)
{
    const WireReader::Level level(reader);
    const auto type = reader.Get<WireType>();
    const auto count = reader.Get<uint32_t>();
    switch (type)
    {
    case WireType::DISCRETE: {
        auto discrete = CreateObject<OpenGymDiscreteContainer>();
        discrete->SetValue(static_cast<uint32_t>(reader.Get<int64_t>()));
        return discrete;
    }
    case WireType::BOX:
        return ReadAnyBox(reader, static_cast<WireDtype>(count));
    case WireType::TUPLE: {
        auto tuple = CreateObject<OpenGymTupleContainer>();
        for (uint32_t i = 0; i < count; ++i)
        {
            tuple->Add(Read(reader));
        }
        return tuple;
    }
    case WireType::DICT: {
        auto dict = CreateObject<OpenGymDictContainer>();
        for (uint32_t i = 0; i < count; ++i)
        {
            std::string key = reader.GetText();
            dict->Add(std::move(key), Read(reader));
        }
        return dict;
    }
    default:
        return nullptr;
    }
}

OpenGymDiscreteContainer::OpenGymDiscreteContainer(uint32_t n)
    : m_n(n)
{
}

TypeId
OpenGymDiscreteContainer::GetTypeId()
{
    static TypeId tid = TypeId("ns3::tandem::OpenGymDiscreteContainer")
                            .SetParent<OpenGymDataContainer>()
                            .SetGroupName("OpenGym")
                            .AddConstructor<OpenGymDiscreteContainer>();
    return tid;
}

void
OpenGymDiscreteContainer::Print(std::ostream& where) const
{
    where << m_value;
}

void
OpenGymDiscreteContainer::Write(WireWriter& writer) const
{
    writer.PutType(WireType::DISCRETE, 0);
    writer.Put(static_cast<int64_t>(m_value));
}

bool
OpenGymDiscreteContainer::SetValue(uint32_t value)
{
    m_value = value;
    return true;
}

uint32_t
OpenGymDiscreteContainer::GetValue() const
{
    return m_value;
}

TypeId
OpenGymTupleContainer::GetTypeId()
{
    static TypeId tid = TypeId("ns3::tandem::OpenGymTupleContainer")
                            .SetParent<OpenGymDataContainer>()
                            .SetGroupName("OpenGym")
                            .AddConstructor<OpenGymTupleContainer>();
    return tid;
}

void
OpenGymTupleContainer::Print(std::ostream& where) const
{
    where << "Tuple(";
    for (std::size_t i = 0; i < m_tuple.size(); ++i)
    {
        where << (i == 0 ? "" : ", ");
        m_tuple[i]->Print(where);
    }
    where << ")";
}

void
OpenGymTupleContainer::Write(WireWriter& writer) const
{
    writer.PutType(WireType::TUPLE, static_cast<uint32_t>(m_tuple.size()));
    for (const auto& value : m_tuple)
    {
        value->Write(writer);
    }
}

bool
OpenGymTupleContainer::Add(Ptr<OpenGymDataContainer> value)
{
    m_tuple.push_back(value);
    return true;
}

Ptr<OpenGymDataContainer>
OpenGymTupleContainer::Get(uint32_t idx)
{
    return idx < m_tuple.size() ? m_tuple[idx] : nullptr;
}

TypeId
OpenGymDictContainer::GetTypeId()
{
    static TypeId tid = TypeId("ns3::tandem::OpenGymDictContainer")
                            .SetParent<OpenGymDataContainer>()
                            .SetGroupName("OpenGym")
                            .AddConstructor<OpenGymDictContainer>();
    return tid;
}

void
OpenGymDictContainer::Print(std::ostream& where) const
{
    where << "Dict(";
    const char* separator = "";
    for (const auto& [key, value] : m_dict)
    {
        where << separator << key << "=";
        value->Print(where);
        separator = ", ";
    }
    where << ")";
}

void
OpenGymDictContainer::Write(WireWriter& writer) const
{
    writer.PutType(WireType::DICT, static_cast<uint32_t>(m_dict.size()));
    for (const auto& [key, value] : m_dict)
    {
        writer.PutText(key);
        value->Write(writer);
    }
}

bool
OpenGymDictContainer::Add(std::string key, Ptr<OpenGymDataContainer> value)
{
    m_dict.emplace(std::move(key), value);
    return true;
}

Ptr<OpenGymDataContainer>
OpenGymDictContainer::Get(std::string key)
{
    const auto found = m_dict.find(key);
    return found == m_dict.end() ? nullptr : found->second;
}

void
tandem::compat::WriteBoxHead(WireWriter& writer,
                             WireDtype dtype,
                             const std::vector<uint32_t>& shape,
                             std::size_t count)
{
    writer.PutType(WireType::BOX, static_cast<uint32_t>(dtype));
    writer.Put(static_cast<uint64_t>(shape.size()));
    for (const uint32_t extent : shape)
    {
        writer.Put(static_cast<uint64_t>(extent));
    }
    writer.Put(static_cast<uint64_t>(count));
}

} // namespace ns3
