// SPDX-License-Identifier: GPL-2.0-only
/** @file Arguments that a scenario added with CommandLine::AddValue and did not declare. */
#ifndef TANDEM_FOREIGN_ARGUMENTS_H
#define TANDEM_FOREIGN_ARGUMENTS_H

#include <string>
#include <vector>

namespace ns3
{
class CommandLine;
}

namespace ns3::tandem
{

/** What ns-3's command line knows of an argument. */
struct ForeignArgument
{
    std::string name;
    std::string help;
    std::string defaultText; //!< may be empty
};

/** @return all program options of a command line, declared or not, in order */
std::vector<ForeignArgument> ListArguments(const CommandLine& cmd);

} // namespace ns3::tandem

#endif // TANDEM_FOREIGN_ARGUMENTS_H
