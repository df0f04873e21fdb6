// SPDX-License-Identifier: GPL-2.0-only
#include "compat/open-gym-space.h"

#include "agent-link/json-writer.h"

namespace ns3
{

NS_OBJECT_ENSURE_REGISTERED(OpenGymSpace);
NS_OBJECT_ENSURE_REGISTERED(OpenGymDiscreteSpace);
NS_OBJECT_ENSURE_REGISTERED(OpenGymBoxSpace);
NS_OBJECT_ENSURE_REGISTERED(OpenGymTupleSpace);
NS_OBJECT_ENSURE_REGISTERED(OpenGymDictSpace);

namespace
{

void
DescribeBounds(tandem::JsonWriter& json,
               const std::string& key,
               float common,
               const std::vector<float>& each)
{
    json.Key(key).BeginArray();
    if (each.empty())
    {
        json.Value(static_cast<double>(common));
    }
    for (const float bound : each)
    {
        json.Value(static_cast<double>(bound));
    }
    json.EndArray();
}

} // namespace

TypeId
OpenGymSpace::GetTypeId()
{
    static TypeId tid =
        TypeId("ns3::tandem::OpenGymSpace").SetParent<Object>().SetGroupName("OpenGym");
    return tid;
}

OpenGymDiscreteSpace::OpenGymDiscreteSpace(int n)
    : m_n(n)
{
}

TypeId
OpenGymDiscreteSpace::GetTypeId()
{
    static TypeId tid = TypeId("ns3::tandem::OpenGymDiscreteSpace")
                            .SetParent<OpenGymSpace>()
                            .SetGroupName("OpenGym")
                            .AddConstructor<OpenGymDiscreteSpace>();
    return tid;
}

void
OpenGymDiscreteSpace::Print(std::ostream& where) const
{
    where << " DiscreteSpace N: " << m_n;
}

void
OpenGymDiscreteSpace::Describe(tandem::JsonWriter& json) const
{
    json.BeginObject().Field("type", "discrete").Field("n", static_cast<int32_t>(m_n)).EndObject();
}

int
OpenGymDiscreteSpace::GetN()
{
    return m_n;
}

OpenGymBoxSpace::OpenGymBoxSpace()
    : m_dtype("float")
{
}

OpenGymBoxSpace::OpenGymBoxSpace(float low,
                                 float high,
                                 std::vector<uint32_t> shape,
                                 std::string dtype)
    : m_low(low),
      m_high(high),
      m_shape(std::move(shape)),
      m_dtype(std::move(dtype))
{
}

OpenGymBoxSpace::OpenGymBoxSpace(std::vector<float> low,
                                 std::vector<float> high,
                                 std::vector<uint32_t> shape,
                                 std::string dtype)
    : m_shape(std::move(shape)),
      m_dtype(std::move(dtype)),
      m_lowVector(std::move(low)),
      m_highVector(std::move(high))
{
}

TypeId
OpenGymBoxSpace::GetTypeId()
{
    static TypeId tid = TypeId("ns3::tandem::OpenGymBoxSpace")
                            .SetParent<OpenGymSpace>()
                            .SetGroupName("OpenGym")
                            .AddConstructor<OpenGymBoxSpace>();
    return tid;
}

void
OpenGymBoxSpace::Print(std::ostream& where) const
{
    where << " BoxSpace Low: " << m_low << " High: " << m_high << " Shape: (";
    for (const uint32_t extent : m_shape)
    {
        where << extent << ",";
    }
    where << ") Dtype: " << m_dtype;
}

void
OpenGymBoxSpace::Describe(tandem::JsonWriter& json) const
{
    json.BeginObject().Field("type", "box").Field("dtype", m_dtype);
    json.Key("shape").BeginArray();
    for (const uint32_t extent : m_shape)
    {
        json.Value(extent);
    }
    json.EndArray();
    DescribeBounds(json, "low", m_low, m_lowVector);
    DescribeBounds(json, "high", m_high, m_highVector);
    json.EndObject();
}

float
OpenGymBoxSpace::GetLow()
{
    return m_low;
}

float
OpenGymBoxSpace::GetHigh()
{
    return m_high;
}

std::vector<uint32_t>
OpenGymBoxSpace::GetShape()
{
    return m_shape;
}

TypeId
OpenGymTupleSpace::GetTypeId()
{
    static TypeId tid = TypeId("ns3::tandem::OpenGymTupleSpace")
                            .SetParent<OpenGymSpace>()
                            .SetGroupName("OpenGym")
                            .AddConstructor<OpenGymTupleSpace>();
    return tid;
}

void
OpenGymTupleSpace::Print(std::ostream& where) const
{
    where << " TupleSpace: " << std::endl;
    for (const auto& space : m_tuple)
    {
        where << "---";
        space->Print(where);
        where << std::endl;
    }
}

void
OpenGymTupleSpace::Describe(tandem::JsonWriter& json) const
{
    json.BeginObject().Field("type", "tuple").Key("items").BeginArray();
    for (const auto& space : m_tuple)
    {
        space->Describe(json);
    }
    json.EndArray().EndObject();
}

bool
OpenGymTupleSpace::Add(Ptr<OpenGymSpace> space)
{
    m_tuple.push_back(space);
    return true;
}

Ptr<OpenGymSpace>
OpenGymTupleSpace::Get(uint32_t idx)
{
    return idx < m_tuple.size() ? m_tuple[idx] : nullptr;
}

TypeId
OpenGymDictSpace::GetTypeId()
{
    static TypeId tid = TypeId("ns3::tandem::OpenGymDictSpace")
                            .SetParent<OpenGymSpace>()
                            .SetGroupName("OpenGym")
                            .AddConstructor<OpenGymDictSpace>();
    return tid;
}

void
OpenGymDictSpace::Print(std::ostream& where) const
{
    where << " DictSpace: " << std::endl;
    for (const auto& [key, space] : m_dict)
    {
        where << "---" << key << ":";
        space->Print(where);
        where << std::endl;
    }
}

void
OpenGymDictSpace::Describe(tandem::JsonWriter& json) const
{
    json.BeginObject().Field("type", "dict").Key("items").BeginObject();
    for (const auto& [key, space] : m_dict)
    {
        json.Key(key);
        space->Describe(json);
    }
    json.EndObject().EndObject();
}

bool
OpenGymDictSpace::Add(std::string key, Ptr<OpenGymSpace> space)
{
    m_dict.emplace(std::move(key), space);
    return true;
}

Ptr<OpenGymSpace>
OpenGymDictSpace::Get(std::string key)
{
    const auto found = m_dict.find(key);
    return found == m_dict.end() ? nullptr : found->second;
}

} // namespace ns3
