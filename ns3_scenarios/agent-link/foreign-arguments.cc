// SPDX-License-Identifier: GPL-2.0-only
#include "agent-link/foreign-arguments.h"

#include "ns3/command-line.h"

#include <sstream>

namespace ns3::tandem
{

std::vector<ForeignArgument>
ListArguments(const CommandLine& cmd)
{
    // CommandLine keeps its items to itself; its help text is all that it shows of them.
    std::stringstream text;
    cmd.PrintHelp(text);
    std::vector<ForeignArgument> found;
    bool isOption = false;
    const std::string start = "    --";
    for (std::string line; std::getline(text, line);)
    {
        if (line.compare(0, start.size(), start) != 0)
        {
            isOption = line == "Program Options:" || (isOption && !line.empty());
            continue;
        }
        const size_t colon = line.find(':');
        if (!isOption || colon == std::string::npos)
        {
            continue;
        }
        ForeignArgument argument;
        argument.name = line.substr(start.size(), colon - start.size());
        const size_t help = line.find_first_not_of(' ', colon + 1);
        argument.help = help == std::string::npos ? "" : line.substr(help);
        const size_t bracket = argument.help.rfind(" [");
        if (bracket != std::string::npos && argument.help.back() == ']')
        {
            const size_t inside = bracket + 2;
            argument.defaultText = argument.help.substr(inside, argument.help.size() - inside - 1);
            argument.help.erase(bracket);
        }
        found.push_back(argument);
    }
    return found;
}

} // namespace ns3::tandem
