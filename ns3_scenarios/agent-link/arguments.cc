// SPDX-License-Identifier: GPL-2.0-only
#include "agent-link/arguments.h"

#include "agent-link/argument-check.h"
#include "agent-link/foreign-arguments.h"
#include "agent-link/number.h"

#include "ns3/abort.h"
#include "ns3/config.h"
#include "ns3/global-value.h"
#include "ns3/nstime.h"
#include "ns3/string.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <limits>
#include <map>
#include <sstream>
#include <vector>

namespace ns3::tandem
{

namespace
{
/** Version of the JSON that `--describe` prints. */
constexpr int32_t DESCRIPTION_VERSION = 1;
const char* const DESCRIBE = "describe";

TypeId::AttributeInformation
FindAttribute(const std::string& attribute)
{
    const size_t end = attribute.rfind("::");
    TypeId::AttributeInformation info;
    const bool known =
        end != std::string::npos && TypeId::LookupByName(attribute.substr(0, end))
                                        .LookupAttributeByName(attribute.substr(end + 2), &info);
    NS_ABORT_MSG_UNLESS(known, "there is no attribute '" << attribute << "'");
    return info;
}

Time::Unit
ParseTimeUnit(const std::string& unit)
{
    static const std::map<std::string, Time::Unit> units{
        {"s",  Time::S },
        {"ms", Time::MS},
        {"us", Time::US},
        {"ns", Time::NS}
    };
    const auto found = units.find(unit);
    NS_ABORT_MSG_IF(found == units.end(), "'" << unit << "' is no unit of time: s, ms, us or ns");
    return found->second;
}

/** A refused option: ends the program. */
bool
RefuseOption(std::string name, std::string reason, const std::string& value)
{
    Fail("--" + name + "=" + value + " is refused: " + reason);
}
} // namespace

/** The declarations of one command line, which has no place for them itself. */
struct Arguments::Table
{
    CommandLine* cmd{nullptr}; //!< null: no command line
    std::string scenario;      //!< as `--describe` names it
    std::vector<std::unique_ptr<Argument>> rows;
    std::vector<std::string> refused;

    bool IsDeclared(const std::string& name) const;
    std::string Describe() const;
    bool Print(const std::string& value);
};

bool
Arguments::Table::IsDeclared(const std::string& name) const
{
    return std::any_of(rows.begin(), rows.end(), [&](const auto& row) {
        return row->GetName() == name;
    });
}

std::string
Arguments::Table::Describe() const
{
    using Json = nlohmann::ordered_json;
    Json declared = Json::array();
    for (const auto& row : rows)
    {
        declared.push_back(Json::parse(row->Describe()));
    }
    Json undeclared = Json::array();
    for (const ForeignArgument& foreign : ListArguments(*cmd))
    {
        const bool isRefused =
            std::find(refused.begin(), refused.end(), foreign.name) != refused.end();
        if (!IsDeclared(foreign.name) && foreign.name != DESCRIBE && !isRefused)
        {
            undeclared.push_back({
                {"name",    foreign.name       },
                {"default", foreign.defaultText},
                {"help",    foreign.help       }
            });
        }
    }
    Json globals = Json::array();
    for (auto global = GlobalValue::Begin(); global != GlobalValue::End(); ++global)
    {
        globals.push_back((*global)->GetName());
    }
    const Json description = {
        {"tandem_arguments", DESCRIPTION_VERSION},
        {"scenario",         scenario           },
        {"arguments",        declared           },
        {"undeclared",       undeclared         },
        {"globals",          globals            }
    };
    return description.dump();
}

bool
Arguments::Table::Print(const std::string& /* value */)
{
    std::cout << Describe() << std::endl;
    std::exit(0);
}

Arguments::Arguments(CommandLine& cmd, std::string prefix)
    : m_prefix(std::move(prefix))
{
    static std::map<const CommandLine*, std::shared_ptr<Table>> tables;
    auto& table = tables[&cmd];
    if (!table)
    {
        table = std::make_shared<Table>();
        table->cmd = &cmd;
    }
    m_table = table;
}

Arguments::Arguments(std::string prefix)
    : m_table(std::make_shared<Table>()),
      m_prefix(std::move(prefix))
{
}

Arguments
Arguments::WithPrefix(std::string prefix) const
{
    Arguments other(*this);
    other.m_prefix = std::move(prefix);
    return other;
}

Argument&
Arguments::Add(const std::string& name,
               const std::string& help,
               std::string& value,
               const Choices& choices)
{
    return Insert(
        std::make_unique<TextArgument>(GetFullName(name), help, value, "text", choices.values));
}

Argument&
Arguments::Add(const std::string& name, const std::string& help, std::string& value)
{
    return Insert(std::make_unique<TextArgument>(GetFullName(name), help, value, "text"));
}

Argument&
Arguments::Add(const std::string& name, const std::string& help, bool& value)
{
    return Insert(std::make_unique<FlagArgument>(GetFullName(name), help, value));
}

Argument&
Arguments::AddFile(const std::string& name, const std::string& help, std::string& value)
{
    return Insert(std::make_unique<TextArgument>(GetFullName(name), help, value, "file"));
}

template <typename T>
Argument&
Arguments::AddAttributeOf(const std::string& name,
                          const std::string& attribute,
                          const TypeId::AttributeInformation& info,
                          const std::string& help,
                          const std::string& limits,
                          const std::string& unit)
{
    const auto read = [&](const std::string& text) {
        T number{};
        NS_ABORT_MSG_UNLESS(ParseNumber(text, number) == NumberFault::NONE,
                            "attribute " << attribute << " has '" << text << "' for a number");
        return number;
    };
    const size_t colon = limits.find(':');
    const Range range(read(limits.substr(0, colon)), read(limits.substr(colon + 1)), unit);
    // Rows may be moved, what they refer to may not.
    auto value = std::make_shared<T>(read(info.initialValue->SerializeToString(info.checker)));
    return Add(name, help, *value, range).Then([attribute, value] {
        std::ostringstream text;
        text.precision(std::numeric_limits<double>::max_digits10);
        text << *value;
        Config::SetDefault(attribute, StringValue(text.str()));
    });
}

Argument&
Arguments::AddAttribute(const std::string& name,
                        const std::string& attribute,
                        const std::string& unit,
                        const std::string& help)
{
    const TypeId::AttributeInformation info = FindAttribute(attribute);
    const std::string told = help.empty() ? info.help : help;
    // Checkers tell their type and limits as "uint32_t 1:1472".
    std::istringstream words(info.checker->GetUnderlyingTypeInformation());
    std::string type;
    std::string limits;
    words >> type >> limits;
    if (type.compare(0, 4, "uint") == 0)
    {
        return AddAttributeOf<uint64_t>(name, attribute, info, told, limits, unit);
    }
    if (type.compare(0, 3, "int") == 0)
    {
        return AddAttributeOf<int64_t>(name, attribute, info, told, limits, unit);
    }
    NS_ABORT_MSG_UNLESS(type == "double",
                        "attribute '" << attribute << "' is no number: declare a variable with "
                                      << "Add() and set the attribute from it");
    return AddAttributeOf<double>(name, attribute, info, told, limits, unit);
}

Argument&
Arguments::AddTimeAttribute(const std::string& name,
                            const std::string& attribute,
                            const Range& range,
                            const std::string& help)
{
    const TypeId::AttributeInformation info = FindAttribute(attribute);
    const auto initial = DynamicCast<const TimeValue>(info.initialValue);
    NS_ABORT_MSG_UNLESS(initial, "attribute '" << attribute << "' is no Time");
    const Time::Unit unit = ParseTimeUnit(range.unit);
    auto value = std::make_shared<double>(initial->Get().ToDouble(unit));
    return Add(name, help.empty() ? info.help : help, *value, range).Then([attribute, unit, value] {
        Config::SetDefault(attribute, TimeValue(Time::FromDouble(*value, unit)));
    });
}

std::string
Arguments::GetFullName(const std::string& name) const
{
    return ArgumentName(m_prefix, name);
}

Argument&
Arguments::Insert(std::unique_ptr<Argument> argument)
{
    argument->Check();
    m_table->rows.push_back(std::move(argument));
    Argument& row = *m_table->rows.back();
    if (m_table->cmd)
    {
        m_table->cmd->AddValue(row.GetName(),
                               row.GetHelp(),
                               MakeCallback(&Argument::Parse, &row),
                               row.Format());
    }
    return row;
}

void
Arguments::Refuse(const std::string& name, const std::string& reason)
{
    m_table->refused.push_back(name);
    m_table->cmd->AddValue(name,
                           "not to be set: " + reason,
                           MakeBoundCallback(&RefuseOption, name, reason));
}

void
Arguments::CheckEffects() const
{
    for (const auto& row : m_table->rows)
    {
        row->CheckEffect();
    }
}

void
Arguments::ParseSelectors(int argc, char* argv[])
{
    for (int i = 1; i < argc; ++i)
    {
        for (const auto& row : m_table->rows)
        {
            const std::string start = "--" + row->GetName() + "=";
            const std::string given = argv[i];
            if (row->IsSelector() && given.compare(0, start.size(), start) == 0)
            {
                row->Parse(given.substr(start.size()));
            }
        }
    }
}

void
Arguments::AddDescribe(const std::string& scenario)
{
    m_table->scenario = scenario;
    m_table->cmd->AddValue(DESCRIBE,
                           "print every argument as JSON",
                           MakeCallback(&Table::Print, m_table.get()));
}

} // namespace ns3::tandem
