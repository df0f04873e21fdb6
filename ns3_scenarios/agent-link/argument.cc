// SPDX-License-Identifier: GPL-2.0-only
#include "agent-link/argument.h"

#include "agent-link/argument-check.h"
#include "agent-link/number.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cctype>
#include <limits>
#include <type_traits>
#include <utility>

namespace ns3::tandem
{

using Json = nlohmann::ordered_json;

namespace
{

const char*
OwnerName(Argument::Owner owner)
{
    switch (owner)
    {
    case Argument::Owner::BRIDGE:
        return "bridge";
    case Argument::Owner::CORE:
        return "core";
    default:
        return "scenario";
    }
}

/** @return the end of a range as a T: beyond what T holds, T's own limit */
template <typename T>
T
Clamp(double end)
{
    using Limits = std::numeric_limits<T>;
    if constexpr (std::is_floating_point_v<T>)
    {
        return static_cast<T>(end);
    }
    else
    {
        if (end >= static_cast<double>(Limits::max()))
        {
            return Limits::max();
        }
        return end <= static_cast<double>(Limits::lowest()) ? Limits::lowest()
                                                            : static_cast<T>(end);
    }
}

/** @return true if a limit is no more than the type's own */
template <typename T>
bool
IsUnlimited(T limit)
{
    using Limits = std::numeric_limits<T>;
    const T most = Limits::has_infinity ? Limits::infinity() : Limits::max();
    return limit == most ||
           (std::is_signed_v<T> &&
            limit == (Limits::has_infinity ? -Limits::infinity() : Limits::lowest()));
}

std::string
Join(const std::vector<std::string>& words, const std::string& between)
{
    std::string joined;
    for (const std::string& word : words)
    {
        joined += (joined.empty() ? "" : between) + word;
    }
    return joined;
}

} // namespace

Range::Range(double low, double high, std::string unit)
    : low(low),
      high(high),
      unit(std::move(unit))
{
}

Choices::Choices(std::initializer_list<const char*> values, std::string unit)
    : values(values.begin(), values.end()),
      unit(std::move(unit))
{
}

// --- what all have ---------------------------------------------------------------------------

Argument::Argument(std::string name, std::string help, std::string unit)
    : m_name(std::move(name)),
      m_help(std::move(help)),
      m_unit(std::move(unit))
{
}

Argument&
Argument::OwnedBy(Owner owner)
{
    m_owner = owner;
    return *this;
}

Argument&
Argument::Then(std::function<void()> done)
{
    m_done = std::move(done);
    return *this;
}

Argument&
Argument::Selects()
{
    m_selects = true;
    return *this;
}

Argument&
Argument::Unless(std::function<std::string()> obstacle)
{
    m_obstacle = std::move(obstacle);
    return *this;
}

void
Argument::CheckEffect() const
{
    if (!m_obstacle || !m_default || *m_default == FormatJson())
    {
        return;
    }
    const std::string obstacle = m_obstacle();
    if (!obstacle.empty())
    {
        Fail("--" + m_name + "=" + Format() + " is without effect: " + obstacle);
    }
}

Argument&
Argument::PerEpisode()
{
    m_perEpisode = true;
    return *this;
}

bool
Argument::Parse(const std::string& text)
{
    if (!m_default)
    {
        m_default = FormatJson();
    }
    Read(text);
    if (m_done)
    {
        m_done();
    }
    return true;
}

std::string
Argument::Describe() const
{
    const Limits limits = GetLimits();
    Json choices = Json::array();
    for (const std::string& choice : limits.choices)
    {
        choices.push_back(Json::parse(choice));
    }
    const Json description = {
        {"name",        m_name                                            },
        {"type",        GetType()                                         },
        {"default",     Json::parse(m_default ? *m_default : FormatJson())},
        {"unit",        m_unit                                            },
        {"low",         Json::parse(limits.low)                           },
        {"high",        Json::parse(limits.high)                          },
        {"choices",     choices                                           },
        {"help",        m_help                                            },
        {"owner",       OwnerName(m_owner)                                },
        {"selects",     m_selects                                         },
        {"per_episode", m_perEpisode                                      },
    };
    return description.dump();
}

const std::string&
Argument::GetName() const
{
    return m_name;
}

bool
Argument::IsSelector() const
{
    return m_selects;
}

std::string
Argument::GetHelp() const
{
    const std::string limits = FormatLimits();
    return limits.empty() ? m_help : m_help + " (" + limits + ")";
}

std::string
Argument::FormatLimits() const
{
    return "";
}

Argument::Limits
Argument::GetLimits() const
{
    return {};
}

void
Argument::Refuse(const std::string& text, const std::string& fault) const
{
    std::string message = "--" + m_name + "=" + text + " " + fault;
    if (const std::string limits = FormatLimits(); !limits.empty())
    {
        message += "; allowed: " + limits;
    }
    Fail(message + " (all arguments: --help, or tandem scenarios)");
}

// --- numbers ---------------------------------------------------------------------------------

template <typename T>
NumberArgument<T>::NumberArgument(std::string name, std::string help, T& value, const Range& range)
    : Argument(std::move(name), std::move(help), range.unit),
      m_value(value),
      m_low(Clamp<T>(range.low)),
      m_high(Clamp<T>(range.high))
{
}

template <typename T>
NumberArgument<T>::NumberArgument(std::string name,
                                  std::string help,
                                  T& value,
                                  const Choices& choices)
    : Argument(std::move(name), std::move(help), choices.unit),
      m_value(value)
{
    for (const std::string& choice : choices.values)
    {
        m_choices.emplace_back();
        if (ParseNumber(choice, m_choices.back()) != NumberFault::NONE)
        {
            Refuse(choice, "is declared as a choice, but is no number of the argument's type");
        }
    }
    m_low = *std::min_element(m_choices.begin(), m_choices.end());
    m_high = *std::max_element(m_choices.begin(), m_choices.end());
}

template <typename T>
void
NumberArgument<T>::Read(const std::string& text)
{
    T value{};
    switch (ParseNumber(text, value))
    {
    case NumberFault::NO_NUMBER:
        Refuse(text, std::is_integral_v<T> ? "is no whole number" : "is no number");
    case NumberFault::TOO_LARGE:
        Refuse(text, "is out of range");
    case NumberFault::NONE:
        break;
    }
    CheckValue(text, value);
    m_value = value;
}

template <typename T>
void
NumberArgument<T>::CheckValue(const std::string& text, T value) const
{
    const bool chosen = m_choices.empty() ||
                        std::find(m_choices.begin(), m_choices.end(), value) != m_choices.end();
    // Written so that NaN fails, too.
    if (!(value >= m_low && value <= m_high) || !chosen)
    {
        Refuse(text, chosen ? "is out of range" : "is none of the choices");
    }
}

template <typename T>
void
NumberArgument<T>::Check() const
{
    CheckValue(Format(), m_value);
}

template <typename T>
std::string
NumberArgument<T>::Format() const
{
    return FormatNumber(m_value);
}

template <typename T>
std::string
NumberArgument<T>::FormatJson() const
{
    return Json(m_value).dump();
}

template <typename T>
std::string
NumberArgument<T>::GetType() const
{
    return std::is_integral_v<T> ? "integer" : "real";
}

template <typename T>
std::string
NumberArgument<T>::FormatLimits() const
{
    std::string text;
    if (!m_choices.empty())
    {
        std::vector<std::string> words;
        for (const T choice : m_choices)
        {
            words.push_back(FormatNumber(choice));
        }
        text = Join(words, " | ");
    }
    else if (IsUnlimited(m_high))
    {
        text = IsUnlimited(m_low) ? "any" : "from " + FormatNumber(m_low);
    }
    else
    {
        text = FormatNumber(m_low) + " … " + FormatNumber(m_high);
    }
    return m_unit.empty() ? text : text + " " + m_unit;
}

template <typename T>
Argument::Limits
NumberArgument<T>::GetLimits() const
{
    Limits limits;
    // JSON has no infinity: it writes null.
    limits.low = Json(m_low).dump();
    limits.high = Json(m_high).dump();
    for (const T choice : m_choices)
    {
        limits.choices.push_back(Json(choice).dump());
    }
    return limits;
}

template class NumberArgument<float>;
template class NumberArgument<double>;
template class NumberArgument<int16_t>;
template class NumberArgument<uint16_t>;
template class NumberArgument<int32_t>;
template class NumberArgument<uint32_t>;
template class NumberArgument<int64_t>;
template class NumberArgument<uint64_t>;

// --- on or off -------------------------------------------------------------------------------

FlagArgument::FlagArgument(std::string name, std::string help, bool& value)
    : Argument(std::move(name), std::move(help)),
      m_value(value)
{
}

void
FlagArgument::Read(const std::string& text)
{
    std::string word = text;
    std::transform(word.begin(), word.end(), word.begin(), [](unsigned char c) {
        return static_cast<char>(std::tolower(c));
    });
    // An argument without a value switches, as in ns-3's own command line.
    const bool on = word == "1" || word == "t" || word == "true" || (word.empty() && !m_value);
    if (!on && !word.empty() && word != "0" && word != "f" && word != "false")
    {
        Refuse(text, "is neither on nor off");
    }
    m_value = on;
}

void
FlagArgument::Check() const
{
}

std::string
FlagArgument::Format() const
{
    return m_value ? "true" : "false";
}

std::string
FlagArgument::FormatJson() const
{
    return Format();
}

std::string
FlagArgument::GetType() const
{
    return "flag";
}

std::string
FlagArgument::FormatLimits() const
{
    return "0 or 1";
}

// --- texts -----------------------------------------------------------------------------------

TextArgument::TextArgument(std::string name,
                           std::string help,
                           std::string& value,
                           std::string type,
                           std::vector<std::string> choices)
    : Argument(std::move(name), std::move(help)),
      m_value(value),
      m_type(std::move(type)),
      m_choices(std::move(choices))
{
}

void
TextArgument::Read(const std::string& text)
{
    CheckValue(text);
    m_value = text;
}

void
TextArgument::CheckValue(const std::string& text) const
{
    if (!m_choices.empty() &&
        std::find(m_choices.begin(), m_choices.end(), text) == m_choices.end())
    {
        Refuse(text, "is unknown");
    }
}

void
TextArgument::Check() const
{
    CheckValue(m_value);
}

std::string
TextArgument::Format() const
{
    return m_value;
}

std::string
TextArgument::FormatJson() const
{
    return Json(m_value).dump();
}

std::string
TextArgument::GetType() const
{
    return m_type;
}

std::string
TextArgument::FormatLimits() const
{
    return Join(m_choices, " | ");
}

Argument::Limits
TextArgument::GetLimits() const
{
    Limits limits;
    for (const std::string& choice : m_choices)
    {
        limits.choices.push_back(Json(choice).dump());
    }
    return limits;
}

} // namespace ns3::tandem
