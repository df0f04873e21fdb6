// SPDX-License-Identifier: GPL-2.0-only
#include "agent-link/json-writer.h"

#include <cmath>
#include <cstdio>

namespace ns3::tandem
{

namespace
{
/// Digits that carry a double through text unchanged.
constexpr int ROUND_TRIP_DIGITS = 17;
/// What stands for an infinite bound, which JSON cannot write.
constexpr double LARGEST = 1e308;
} // namespace

JsonWriter&
JsonWriter::BeginObject()
{
    Separate();
    m_text += '{';
    m_needComma = false;
    return *this;
}

JsonWriter&
JsonWriter::EndObject()
{
    m_text += '}';
    m_needComma = true;
    return *this;
}

JsonWriter&
JsonWriter::BeginArray()
{
    Separate();
    m_text += '[';
    m_needComma = false;
    return *this;
}

JsonWriter&
JsonWriter::EndArray()
{
    m_text += ']';
    m_needComma = true;
    return *this;
}

JsonWriter&
JsonWriter::Key(const std::string& key)
{
    Separate();
    Quote(key);
    m_text += ':';
    m_needComma = false;
    return *this;
}

JsonWriter&
JsonWriter::Value(const std::string& value)
{
    Separate();
    Quote(value);
    m_needComma = true;
    return *this;
}

JsonWriter&
JsonWriter::Value(const char* value)
{
    return Value(std::string(value));
}

JsonWriter&
JsonWriter::Value(double value)
{
    if (std::isnan(value))
    {
        return Raw("null");
    }
    if (std::isinf(value))
    {
        value = value > 0 ? LARGEST : -LARGEST;
    }
    char buffer[32];
    std::snprintf(buffer, sizeof buffer, "%.*g", ROUND_TRIP_DIGITS, value);
    return Raw(buffer);
}

JsonWriter&
JsonWriter::Value(int64_t value)
{
    return Raw(std::to_string(value));
}

JsonWriter&
JsonWriter::Value(uint64_t value)
{
    return Raw(std::to_string(value));
}

JsonWriter&
JsonWriter::Value(int32_t value)
{
    return Raw(std::to_string(value));
}

JsonWriter&
JsonWriter::Value(uint32_t value)
{
    return Raw(std::to_string(value));
}

JsonWriter&
JsonWriter::Value(bool value)
{
    return Raw(value ? "true" : "false");
}

JsonWriter&
JsonWriter::Raw(const std::string& json)
{
    Separate();
    m_text += json;
    m_needComma = true;
    return *this;
}

const std::string&
JsonWriter::Str() const
{
    return m_text;
}

void
JsonWriter::Separate()
{
    if (m_needComma)
    {
        m_text += ',';
    }
}

void
JsonWriter::Quote(const std::string& text)
{
    m_text += '"';
    for (const char c : text)
    {
        switch (c)
        {
        case '"':
            m_text += "\\\"";
            break;
        case '\\':
            m_text += "\\\\";
            break;
        default:
            if (static_cast<unsigned char>(c) < 0x20)
            {
                char buffer[8];
                std::snprintf(buffer, sizeof buffer, "\\u%04x", c);
                m_text += buffer;
            }
            else
            {
                m_text += c;
            }
        }
    }
    m_text += '"';
}

} // namespace ns3::tandem
