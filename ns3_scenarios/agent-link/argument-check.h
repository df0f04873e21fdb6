// SPDX-License-Identifier: GPL-2.0-only
#ifndef TANDEM_ARGUMENT_CHECK_H
#define TANDEM_ARGUMENT_CHECK_H

#include <cctype>
#include <cmath>
#include <cstdlib>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

namespace ns3::tandem
{

/**
 * End the program because of what the user gave it: one line on stderr, exit status 1.
 *
 * Not NS_FATAL_ERROR, which aborts with a core dump and a source position: a wrong argument is
 * not a fault of the program.
 * @param message what is wrong (value and limit) and what to do next
 */
[[noreturn]] inline void
Fail(const std::string& message)
{
    std::cerr << "error: " << message << std::endl;
    std::exit(1);
}

/** @return a number as a person would write it: 20, 31.97 */
template <typename T>
std::string
FormatNumber(T value)
{
    std::ostringstream text;
    text << value;
    return text.str();
}

/**
 * Require @p low <= @p value <= @p high.
 * @param argument the argument's name as typed, e.g. "--radius"
 * @param unit the unit to print, may be empty
 */
inline void
CheckRange(const std::string& argument,
           double value,
           double low,
           double high,
           const std::string& unit)
{
    // Written so that NaN fails too.
    if (value >= low && value <= high)
    {
        return;
    }
    const std::string suffix = unit.empty() ? "" : " " + unit;
    std::ostringstream text;
    text << argument << "=" << value << suffix << " is outside [" << low << ", ";
    if (std::isinf(high))
    {
        text << "infinity)";
    }
    else
    {
        text << high << "]";
    }
    text << suffix << "; give a value in that range (see --help)";
    Fail(text.str());
}

/**
 * @return the argument name in a group: ("", "radius") is "radius", ("lte", "radius") is
 * "lteRadius"
 */
inline std::string
ArgumentName(const std::string& prefix, const std::string& name)
{
    if (prefix.empty() || name.empty())
    {
        return prefix + name;
    }
    return prefix + static_cast<char>(std::toupper(static_cast<unsigned char>(name[0]))) +
           name.substr(1);
}

/** Require @p value to be one of @p allowed. */
inline void
CheckChoice(const std::string& argument,
            const std::string& value,
            const std::vector<std::string>& allowed)
{
    std::string list;
    for (const std::string& candidate : allowed)
    {
        if (value == candidate)
        {
            return;
        }
        list += (list.empty() ? "" : ", ") + candidate;
    }
    Fail(argument + "=" + value + " is unknown; choose one of: " + list);
}

} // namespace ns3::tandem

#endif // TANDEM_ARGUMENT_CHECK_H
