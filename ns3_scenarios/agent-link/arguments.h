// SPDX-License-Identifier: GPL-2.0-only
#ifndef TANDEM_ARGUMENTS_H
#define TANDEM_ARGUMENTS_H

#include "agent-link/argument.h"

#include "ns3/command-line.h"
#include "ns3/type-id.h"

#include <memory>
#include <string>
#include <type_traits>

namespace ns3::tandem
{

/**
 * A program's arguments, each declared by one call: name, help, the variable that holds the default
 * and takes the value, and its limits.
 *
 * @code
 *     uint32_t queues = 4;
 *     CommandLine cmd(__FILE__);
 *     Arguments arguments(cmd);
 *     arguments.Add("queues", "number of queues", queues, Range(1, 4096));
 *     link.AddArguments(cmd);
 *     cmd.Parse(argc, argv);
 * @endcode
 *
 * A value that is no number or beyond its limits ends the program with one line that names
 * argument, value and limits. `--describe` (which AgentLink adds) prints all declarations as JSON:
 * Python, the server and the documentation read that. Arguments added with CommandLine::AddValue
 * are listed, too, but only with what ns-3 knows of them.
 *
 * An object of this class is a short-lived handle. The declarations belong to the command line.
 */
class Arguments
{
  public:
    /**
     * @param cmd where the arguments are added
     * @param prefix stands in front of each name: with "lte", `radius` becomes `lteRadius`
     */
    explicit Arguments(CommandLine& cmd, std::string prefix = "");

    /**
     * Declarations without a command line: each Add() only checks the value that its variable has.
     */
    explicit Arguments(std::string prefix);

    /** @return a handle for the same command line with another prefix */
    Arguments WithPrefix(std::string prefix) const;

    /** Declare a number. */
    template <typename T, std::enable_if_t<std::is_arithmetic_v<T>, int> = 0>
    Argument& Add(const std::string& name, const std::string& help, T& value, const Range& range)
    {
        return Insert(std::make_unique<NumberArgument<T>>(GetFullName(name), help, value, range));
    }

    /** Declare a number that takes few values only. */
    template <typename T, std::enable_if_t<std::is_arithmetic_v<T>, int> = 0>
    Argument&
    Add(const std::string& name, const std::string& help, T& value, const Choices& choices)
    {
        return Insert(std::make_unique<NumberArgument<T>>(GetFullName(name), help, value, choices));
    }

    /** Declare a word out of several. */
    Argument& Add(const std::string& name,
                  const std::string& help,
                  std::string& value,
                  const Choices& choices);

    /** Declare a text. */
    Argument& Add(const std::string& name, const std::string& help, std::string& value);

    /** Declare something that is on (1, true) or off (0, false). */
    Argument& Add(const std::string& name, const std::string& help, bool& value);

    /** Declare the name of a file or folder. Agents on other machines cannot set it. */
    Argument& AddFile(const std::string& name, const std::string& help, std::string& value);

    /**
     * Let an argument set the default of a whole number or real number that is an ns-3 attribute.
     * Default and limits are the attribute's own.
     *
     * @param attribute such as "ns3::TcpSocket::InitialCwnd"
     * @param unit of its values
     * @param help empty: the attribute's own
     */
    Argument& AddAttribute(const std::string& name,
                           const std::string& attribute,
                           const std::string& unit = "",
                           const std::string& help = "");

    /**
     * The same for an attribute that is a Time. Those have no limits of their own.
     *
     * @param range its unit is s, ms, us or ns
     */
    Argument& AddTimeAttribute(const std::string& name,
                               const std::string& attribute,
                               const Range& range,
                               const std::string& help = "");

    /**
     * Refuse what ns-3's command line would take.
     *
     * @param name of the option
     * @param reason what to do instead
     */
    void Refuse(const std::string& name, const std::string& reason);

    /** End the program if an argument was given a value without effect (see Argument::Unless()). */
    void CheckEffects() const;

    /**
     * Take the arguments marked Argument::Selects() now, because others are only added depending
     * on them. The rest is left for CommandLine::Parse().
     */
    void ParseSelectors(int argc, char* argv[]);

    /**
     * Add `--describe`, which prints every argument as JSON and ends the program.
     * @param scenario the scenario's name, as users type it
     */
    void AddDescribe(const std::string& scenario);

  private:
    struct Table;

    template <typename T>
    Argument& AddAttributeOf(const std::string& name,
                             const std::string& attribute,
                             const TypeId::AttributeInformation& info,
                             const std::string& help,
                             const std::string& limits,
                             const std::string& unit);
    std::string GetFullName(const std::string& name) const;
    Argument& Insert(std::unique_ptr<Argument> argument);

    std::shared_ptr<Table> m_table; //!< shared by all handles of a command line
    std::string m_prefix;
};

/**
 * End the program unless all that a struct declares is within its limits, also what was set in
 * code.
 * @tparam Config has a method Declare(Arguments&)
 * @param prefix as for Arguments
 */
template <typename Config>
void
CheckDeclared(const Config& config, const std::string& prefix = "")
{
    Config copy(config);
    Arguments arguments(prefix);
    copy.Declare(arguments);
}

} // namespace ns3::tandem

#endif // TANDEM_ARGUMENTS_H
