// SPDX-License-Identifier: GPL-2.0-only
#include "compat/open-gym-space.h"

#include "agent-link/json-number.h"

#include <nlohmann/json.hpp>

namespace ns3
{

using Json = nlohmann::ordered_json;

NS_OBJECT_ENSURE_REGISTERED(OpenGymSpace);
NS_OBJECT_ENSURE_REGISTERED(OpenGymDiscreteSpace);
NS_OBJECT_ENSURE_REGISTERED(OpenGymBoxSpace);
NS_OBJECT_ENSURE_REGISTERED(OpenGymTupleSpace);
NS_OBJECT_ENSURE_REGISTERED(OpenGymDictSpace);

namespace
{

/** @return one bound for each value, or one for all */
Json
DescribeBounds(float common, const std::vector<float>& each)
{
    Json bounds = Json::array();
    if (each.empty())
    {
        bounds.push_back(tandem::JsonNumber(common));
    }
    for (const float bound : each)
    {
        bounds.push_back(tandem::JsonNumber(bound));
    }
    return bounds;
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

std::string
OpenGymDiscreteSpace::Describe() const
{
    return Json{
        {"type", "discrete"},
        {"n",    m_n       }
    }
        .dump();
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

std::string
OpenGymBoxSpace::Describe() const
{
    return Json{
        {"type", "box"},
        {"dtype", m_dtype},
        {"shape", m_shape},
        {"low", DescribeBounds(m_low, m_lowVector)},
        {"high", DescribeBounds(m_high, m_highVector)}
    }
        .dump();
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

std::string
OpenGymTupleSpace::Describe() const
{
    Json items = Json::array();
    for (const auto& space : m_tuple)
    {
        items.push_back(Json::parse(space->Describe()));
    }
    return Json{
        {"type",  "tuple"},
        {"items", items  }
    }
        .dump();
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

std::string
OpenGymDictSpace::Describe() const
{
    Json items = Json::object();
    for (const auto& [key, space] : m_dict)
    {
        items[key] = Json::parse(space->Describe());
    }
    return Json{
        {"type",  "dict"},
        {"items", items }
    }
        .dump();
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
