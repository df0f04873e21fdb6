// SPDX-License-Identifier: GPL-2.0-only
#include "agent-link/action-file.h"

#include "agent-link/argument-check.h"
#include "agent-link/blocks.h"
#include "agent-link/number.h"

#include "ns3/log.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <sstream>

namespace ns3::tandem
{

NS_LOG_COMPONENT_DEFINE("TandemActionFile");

namespace
{
/** Starts a line that chooses the random draws. */
const std::string FUTURE = "future ";

template <typename T>
T
ParseValue(const std::string& word, bool& isGood)
{
    T value{};
    isGood = ParseNumber(word, value) == NumberFault::NONE;
    return value;
}
} // namespace

ActionFile::ActionFile(const std::string& path)
    : m_path(path),
      m_file(path)
{
    if (!m_file)
    {
        Fail("--actions=" + path + ": " + std::strerror(errno));
    }
}

bool
ActionFile::Next(ActionBlock& block)
{
    NS_LOG_FUNCTION(this << m_line);
    m_future = 0;
    std::string line;
    while (std::getline(m_file, line))
    {
        ++m_line;
        line.erase(std::min(line.find('#'), line.size()));
        if (line.find_first_not_of(" \t\r") == std::string::npos)
        {
            continue;
        }
        if (line.compare(0, FUTURE.size(), FUTURE) != 0)
        {
            Read(line, block);
            return true;
        }
        bool isGood = false;
        m_future = ParseValue<uint64_t>(line.substr(FUTURE.size()), isGood);
        if (!isGood)
        {
            Refuse("the number of a future is expected");
        }
    }
    return false;
}

uint64_t
ActionFile::GetFuture() const
{
    return m_future;
}

void
ActionFile::Read(const std::string& line, ActionBlock& block) const
{
    std::istringstream words(line);
    std::string word;
    size_t count = 0;
    for (; words >> word; ++count)
    {
        bool isGood = count < block.GetSize();
        if (isGood && block.IsReal())
        {
            block.SetReal(count, ParseValue<double>(word, isGood));
        }
        else if (isGood)
        {
            block.Set(count, ParseValue<int32_t>(word, isGood));
        }
        if (!isGood)
        {
            break;
        }
    }
    if (words || count != block.GetSize())
    {
        Refuse(std::to_string(block.GetSize()) + (block.IsReal() ? " numbers" : " whole numbers") +
               " are expected, separated by blanks");
    }
}

void
ActionFile::Refuse(const std::string& reason) const
{
    Fail(m_path + ":" + std::to_string(m_line) + ": " + reason);
}

} // namespace ns3::tandem
