// SPDX-License-Identifier: GPL-2.0-only
/** @file Numbers as text: the whole text has to be one, unlike with ns-3's own command line. */
#ifndef TANDEM_NUMBER_H
#define TANDEM_NUMBER_H

#include <charconv>
#include <cmath>
#include <cstdlib>
#include <string>
#include <system_error>
#include <type_traits>

namespace ns3::tandem
{

/** Why a text is no number of a type. */
enum class NumberFault
{
    NONE,
    NO_NUMBER, //!< other text before, in or behind it, or nothing at all
    TOO_LARGE, //!< the type cannot hold it
};

/**
 * Read a number: digits with a sign, and for a real number a point and an exponent. No blanks, no
 * units, no comma, no nan or inf.
 */
template <typename T>
NumberFault
ParseNumber(const std::string& text, T& number)
{
    if constexpr (std::is_integral_v<T>)
    {
        const bool negative = !text.empty() && text[0] == '-';
        if (text.find_first_not_of("0123456789", negative) != std::string::npos ||
            text.size() <= (negative ? 1u : 0u))
        {
            return NumberFault::NO_NUMBER;
        }
        const auto result = std::from_chars(text.data(), text.data() + text.size(), number);
        return result.ec == std::errc() ? NumberFault::NONE : NumberFault::TOO_LARGE;
    }
    else
    {
        if (text.empty() || text.find_first_not_of("0123456789+-.eE") != std::string::npos)
        {
            return NumberFault::NO_NUMBER;
        }
        char* end = nullptr;
        const double value = std::strtod(text.c_str(), &end);
        if (end != text.c_str() + text.size())
        {
            return NumberFault::NO_NUMBER;
        }
        number = static_cast<T>(value);
        return std::isfinite(number) ? NumberFault::NONE : NumberFault::TOO_LARGE;
    }
}

} // namespace ns3::tandem

#endif // TANDEM_NUMBER_H
