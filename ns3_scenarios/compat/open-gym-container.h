// SPDX-License-Identifier: GPL-2.0-only
#ifndef TANDEM_COMPAT_OPEN_GYM_CONTAINER_H
#define TANDEM_COMPAT_OPEN_GYM_CONTAINER_H

#include "channel/gym-wire.h"
#include "compat/tag.h"

#include <ns3/abort.h>
#include <ns3/object.h>
#include <ns3/type-name.h>

#include <cstdint>
#include <limits>
#include <map>
#include <ostream>
#include <string>
#include <type_traits>
#include <vector>

namespace ns3
{

/** A value of a Gym space: an observation or an action. */
class TANDEM_COMPAT OpenGymDataContainer : public Object
{
  public:
    static TypeId GetTypeId();

    /** Write the value as text. */
    virtual void Print(std::ostream& where) const = 0;
    /** Append the value to a message. */
    virtual void Write(::tandem::channel::WireWriter& writer) const = 0;
    /** @return the next value of a message, null if it has none */
    static Ptr<OpenGymDataContainer> Read(::tandem::channel::WireReader& reader);

    friend std::ostream& operator<<(std::ostream& os, const Ptr<OpenGymDataContainer> container)
    {
        container->Print(os);
        return os;
    }
};

/** One of n choices. */
class TANDEM_COMPAT OpenGymDiscreteContainer : public OpenGymDataContainer
{
  public:
    /** @param n number of choices */
    explicit OpenGymDiscreteContainer(uint32_t n = 0);
    static TypeId GetTypeId();

    void Print(std::ostream& where) const override;
    void Write(::tandem::channel::WireWriter& writer) const override;

    bool SetValue(uint32_t value);
    uint32_t GetValue() const;

    friend std::ostream& operator<<(std::ostream& os, const Ptr<OpenGymDiscreteContainer> container)
    {
        container->Print(os);
        return os;
    }

  protected:
    uint32_t m_n;
    uint32_t m_value{0};
};

/** Values of a fixed order, keyed by position. */
class TANDEM_COMPAT OpenGymTupleContainer : public OpenGymDataContainer
{
  public:
    static TypeId GetTypeId();

    void Print(std::ostream& where) const override;
    void Write(::tandem::channel::WireWriter& writer) const override;

    bool Add(Ptr<OpenGymDataContainer> value);
    /** @return the value at a position, null beyond the last */
    Ptr<OpenGymDataContainer> Get(uint32_t idx);

    friend std::ostream& operator<<(std::ostream& os, const Ptr<OpenGymTupleContainer> container)
    {
        container->Print(os);
        return os;
    }

  protected:
    std::vector<Ptr<OpenGymDataContainer>> m_tuple;
};

/** Values keyed by name. */
class TANDEM_COMPAT OpenGymDictContainer : public OpenGymDataContainer
{
  public:
    static TypeId GetTypeId();

    void Print(std::ostream& where) const override;
    void Write(::tandem::channel::WireWriter& writer) const override;

    bool Add(std::string key, Ptr<OpenGymDataContainer> value);
    /** @return the value of a name, null if there is none */
    Ptr<OpenGymDataContainer> Get(std::string key);

    friend std::ostream& operator<<(std::ostream& os, const Ptr<OpenGymDictContainer> container)
    {
        container->Print(os);
        return os;
    }

  protected:
    std::map<std::string, Ptr<OpenGymDataContainer>> m_dict;
};

namespace tandem::compat
{

/** @return the element type that stands for T in messages; bool travels as a byte */
template <typename T>
constexpr ::tandem::channel::WireDtype
GetWireDtype()
{
    using ::tandem::channel::WireDtype;
    static_assert(std::is_arithmetic_v<T>, "a Box holds numbers");
    if constexpr (std::is_floating_point_v<T>)
    {
        return sizeof(T) == sizeof(float) ? WireDtype::FLOAT32 : WireDtype::FLOAT64;
    }
    else
    {
        constexpr WireDtype SIGNED[] = {WireDtype::INT8,
                                        WireDtype::INT16,
                                        WireDtype::INT32,
                                        WireDtype::INT64};
        constexpr WireDtype UNSIGNED[] = {WireDtype::UINT8,
                                          WireDtype::UINT16,
                                          WireDtype::UINT32,
                                          WireDtype::UINT64};
        constexpr int SIZE = sizeof(T) == 1 ? 0 : sizeof(T) == 2 ? 1 : sizeof(T) == 4 ? 2 : 3;
        return std::is_signed_v<T> ? SIGNED[SIZE] : UNSIGNED[SIZE];
    }
}

/** The elements of a Box whose type is not known at compile time. */
class TANDEM_COMPAT BoxElements
{
  public:
    virtual ~BoxElements() = default;
    virtual std::vector<uint32_t> GetExtents() const = 0;
    /** @return the elements as float64, exact up to 2^53 */
    virtual std::vector<double> GetElements() const = 0;
};

/** Append a Box's type and extents; the elements follow. */
void WriteBoxHead(::tandem::channel::WireWriter& writer,
                  ::tandem::channel::WireDtype dtype,
                  const std::vector<uint32_t>& shape,
                  std::size_t count);

} // namespace tandem::compat

/**
 * An array of numbers, in C order.
 *
 * @tparam T element type; Python gets the same one
 */
template <typename T = float>
class TANDEM_COMPAT OpenGymBoxContainer : public OpenGymDataContainer,
                                          public tandem::compat::BoxElements
{
  public:
    OpenGymBoxContainer() = default;

    /** @param shape extents of the axes */
    explicit OpenGymBoxContainer(std::vector<uint32_t> shape)
        : m_shape(std::move(shape))
    {
    }

    static TypeId GetTypeId()
    {
        static TypeId tid =
            TypeId(("ns3::tandem::OpenGymBoxContainer<" + TypeNameGet<T>() + ">").c_str())
                .template SetParent<OpenGymDataContainer>()
                .SetGroupName("OpenGym")
                .template AddConstructor<OpenGymBoxContainer<T>>();
        return tid;
    }

    void Print(std::ostream& where) const override
    {
        where << "[";
        for (std::size_t i = 0; i < m_data.size(); ++i)
        {
            where << (i == 0 ? "" : ", ") << std::to_string(m_data[i]);
        }
        where << "]";
    }

    void Write(::tandem::channel::WireWriter& writer) const override
    {
        using Element =
            std::conditional_t<std::is_same_v<T, bool>,
                               uint8_t,
                               std::conditional_t<std::is_same_v<T, long double>, double, T>>;
        tandem::compat::WriteBoxHead(writer,
                                     tandem::compat::GetWireDtype<Element>(),
                                     m_shape,
                                     m_data.size());
        if constexpr (std::is_same_v<Element, T>)
        {
            writer.PutBytes(m_data.data(), m_data.size() * sizeof(T));
        }
        else
        {
            for (const T value : m_data)
            {
                writer.Put(static_cast<Element>(value));
            }
        }
        writer.Align();
    }

    bool AddValue(T value)
    {
        m_data.push_back(value);
        return true;
    }

    /** @return the element at a position in C order, 0 beyond the last */
    T GetValue(uint32_t idx)
    {
        return idx < m_data.size() ? m_data[idx] : T{};
    }

    bool SetData(std::vector<T> data)
    {
        m_data = std::move(data);
        return true;
    }

    std::vector<T> GetData()
    {
        return m_data;
    }

    std::vector<uint32_t> GetShape()
    {
        return m_shape;
    }

    std::vector<uint32_t> GetExtents() const override
    {
        return m_shape;
    }

    std::vector<double> GetElements() const override
    {
        return {m_data.begin(), m_data.end()};
    }

    friend std::ostream& operator<<(std::ostream& os, const Ptr<OpenGymBoxContainer> container)
    {
        container->Print(os);
        return os;
    }

  private:
    std::vector<uint32_t> m_shape;
    std::vector<T> m_data;
};

namespace tandem::compat
{
template <typename T>
struct IsBox : std::false_type
{
};

template <typename T>
struct IsBox<OpenGymBoxContainer<T>> : std::true_type
{
    using Element = T;
};

/** @return whether a cast to Element gives the value, but for its fraction */
template <typename Element>
bool
IsInRange(double value)
{
    if constexpr (std::is_floating_point_v<Element> || std::is_same_v<Element, bool>)
    {
        return true;
    }
    else
    {
        // Exact as doubles: the lowest value, and the highest plus one.
        constexpr auto LOWEST = static_cast<double>(std::numeric_limits<Element>::lowest());
        constexpr double BEYOND =
            2.0 * static_cast<double>(std::numeric_limits<Element>::max() / 2 + 1);
        return value > LOWEST - 1 && value < BEYOND; // so that NaN is not
    }
}
} // namespace tandem::compat

/**
 * DynamicCast to a Box of any element type: the same object if it has that type, else a converted
 * copy. The originals deliver every real action as float; here it has the space's type, and code
 * written for either works.
 */
template <typename Box>
std::enable_if_t<tandem::compat::IsBox<Box>::value, Ptr<Box>>
DynamicCast(const Ptr<OpenGymDataContainer>& container)
{
    OpenGymDataContainer* plain = PeekPointer(container);
    if (auto* same = dynamic_cast<Box*>(plain))
    {
        return Ptr<Box>(same);
    }
    const auto* other = dynamic_cast<tandem::compat::BoxElements*>(plain);
    if (other == nullptr)
    {
        return nullptr;
    }
    using Element = typename tandem::compat::IsBox<Box>::Element;
    auto copy = CreateObject<Box>(other->GetExtents());
    std::vector<Element> data;
    for (const double value : other->GetElements())
    {
        NS_ABORT_MSG_UNLESS(tandem::compat::IsInRange<Element>(value),
                            "the action " << value << " is cast to " << TypeNameGet<Element>()
                                          << ", which cannot hold it: give the action space a "
                                             "bound, or cast to OpenGymBoxContainer<double>");
        data.push_back(static_cast<Element>(value));
    }
    copy->SetData(std::move(data));
    return copy;
}

} // namespace ns3

#endif // TANDEM_COMPAT_OPEN_GYM_CONTAINER_H
