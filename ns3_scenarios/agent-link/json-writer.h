// SPDX-License-Identifier: GPL-2.0-only
#ifndef TANDEM_JSON_WRITER_H
#define TANDEM_JSON_WRITER_H

#include <cstdint>
#include <string>

namespace ns3::tandem
{

/**
 * Writes one JSON value front to back. Commas are placed by the writer; the caller opens and
 * closes objects and arrays in order.
 */
class JsonWriter
{
  public:
    JsonWriter& BeginObject();
    JsonWriter& EndObject();
    JsonWriter& BeginArray();
    JsonWriter& EndArray();
    /// The key of the next value; only inside an object.
    JsonWriter& Key(const std::string& key);
    JsonWriter& Value(const std::string& value);
    JsonWriter& Value(const char* value);
    /// Finite numbers only: JSON knows no others, so infinities become ±1e308 and NaN null.
    JsonWriter& Value(double value);
    JsonWriter& Value(int64_t value);
    JsonWriter& Value(uint64_t value);
    JsonWriter& Value(int32_t value);
    JsonWriter& Value(uint32_t value);
    JsonWriter& Value(bool value);
    /// A value that is JSON already.
    JsonWriter& Raw(const std::string& json);

    /// Key() and Value() in one.
    template <typename T>
    JsonWriter& Field(const std::string& key, const T& value)
    {
        return Key(key).Value(value);
    }

    /// @return the text written so far
    const std::string& Str() const;

  private:
    void Separate();
    void Quote(const std::string& text);

    std::string m_text;
    bool m_needComma{false};
};

} // namespace ns3::tandem

#endif // TANDEM_JSON_WRITER_H
