// SPDX-License-Identifier: GPL-2.0-only
#ifndef TANDEM_COMPAT_OPEN_GYM_SPACE_H
#define TANDEM_COMPAT_OPEN_GYM_SPACE_H

#include "compat/tag.h"

#include <ns3/object.h>
#include <ns3/type-name.h>

#include <cstdint>
#include <map>
#include <ostream>
#include <string>
#include <vector>

namespace ns3
{

/** What values an observation or an action can have. */
class TANDEM_COMPAT OpenGymSpace : public Object
{
  public:
    static TypeId GetTypeId();

    /** Write the space as text. */
    virtual void Print(std::ostream& where) const = 0;
    /** @return what Python has to know of the space, as JSON */
    virtual std::string Describe() const = 0;

    friend std::ostream& operator<<(std::ostream& os, const Ptr<OpenGymSpace> space)
    {
        space->Print(os);
        return os;
    }
};

/** One of the choices 0 … n − 1. */
class TANDEM_COMPAT OpenGymDiscreteSpace : public OpenGymSpace
{
  public:
    /** @param n number of choices */
    explicit OpenGymDiscreteSpace(int n = 0);
    static TypeId GetTypeId();

    void Print(std::ostream& where) const override;
    std::string Describe() const override;

    int GetN();

    friend std::ostream& operator<<(std::ostream& os, const Ptr<OpenGymDiscreteSpace> space)
    {
        space->Print(os);
        return os;
    }

  private:
    int m_n;
};

/** Arrays of numbers within bounds. */
class TANDEM_COMPAT OpenGymBoxSpace : public OpenGymSpace
{
  public:
    OpenGymBoxSpace();
    /**
     * @param low smallest value of every element
     * @param high largest value of every element
     * @param shape extents of the axes
     * @param dtype element type, as TypeNameGet<T>() tells it
     */
    OpenGymBoxSpace(float low, float high, std::vector<uint32_t> shape, std::string dtype);
    /** Bounds for each element, in C order. */
    OpenGymBoxSpace(std::vector<float> low,
                    std::vector<float> high,
                    std::vector<uint32_t> shape,
                    std::string dtype);
    static TypeId GetTypeId();

    void Print(std::ostream& where) const override;
    std::string Describe() const override;

    /** @return the common lower bound, 0 if each element has its own */
    float GetLow();
    /** @return the common upper bound, 0 if each element has its own */
    float GetHigh();
    std::vector<uint32_t> GetShape();

    friend std::ostream& operator<<(std::ostream& os, const Ptr<OpenGymBoxSpace> space)
    {
        space->Print(os);
        return os;
    }

  private:
    float m_low{0};
    float m_high{0};
    std::vector<uint32_t> m_shape;
    std::string m_dtype;
    std::vector<float> m_lowVector;
    std::vector<float> m_highVector;
};

/** Spaces of a fixed order. */
class TANDEM_COMPAT OpenGymTupleSpace : public OpenGymSpace
{
  public:
    static TypeId GetTypeId();

    void Print(std::ostream& where) const override;
    std::string Describe() const override;

    bool Add(Ptr<OpenGymSpace> space);
    /** @return the space at a position, null beyond the last */
    Ptr<OpenGymSpace> Get(uint32_t idx);

    friend std::ostream& operator<<(std::ostream& os, const Ptr<OpenGymTupleSpace> space)
    {
        space->Print(os);
        return os;
    }

  private:
    std::vector<Ptr<OpenGymSpace>> m_tuple;
};

/** Spaces keyed by name. */
class TANDEM_COMPAT OpenGymDictSpace : public OpenGymSpace
{
  public:
    static TypeId GetTypeId();

    void Print(std::ostream& where) const override;
    std::string Describe() const override;

    bool Add(std::string key, Ptr<OpenGymSpace> space);
    /** @return the space of a name, null if there is none */
    Ptr<OpenGymSpace> Get(std::string key);

    friend std::ostream& operator<<(std::ostream& os, const Ptr<OpenGymDictSpace> space)
    {
        space->Print(os);
        return os;
    }

  private:
    std::map<std::string, Ptr<OpenGymSpace>> m_dict;
};

} // namespace ns3

#endif // TANDEM_COMPAT_OPEN_GYM_SPACE_H
