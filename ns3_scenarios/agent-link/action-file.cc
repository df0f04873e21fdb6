// SPDX-License-Identifier: GPL-2.0-only
#include "agent-link/action-file.h"

#include "agent-link/action-block.h"
#include "agent-link/argument-check.h"
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
ActionFile::Next(const std::vector<std::unique_ptr<ActionBlock>>& blocks)
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
            Read(line, blocks);
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
ActionFile::Read(const std::string& line,
                 const std::vector<std::unique_ptr<ActionBlock>>& blocks) const
{
    std::istringstream words(line);
    std::string word;
    for (const auto& block : blocks)
    {
        for (size_t i = 0; i < block->GetSize(); ++i)
        {
            bool isGood = static_cast<bool>(words >> word);
            if (isGood && block->IsReal())
            {
                block->SetReal(i, ParseValue<double>(word, isGood));
            }
            else if (isGood)
            {
                block->Set(i, ParseValue<int32_t>(word, isGood));
            }
            if (!isGood)
            {
                RefuseLine(blocks);
            }
        }
    }
    if (words >> word)
    {
        RefuseLine(blocks);
    }
}

void
ActionFile::RefuseLine(const std::vector<std::unique_ptr<ActionBlock>>& blocks) const
{
    std::string expected;
    for (const auto& block : blocks)
    {
        expected += (expected.empty() ? "" : ", then ") + std::to_string(block->GetSize()) +
                    (block->IsReal() ? " numbers" : " whole numbers");
    }
    Refuse(expected + " are expected, separated by blanks");
}

void
ActionFile::Refuse(const std::string& reason) const
{
    Fail(m_path + ":" + std::to_string(m_line) + ": " + reason);
}

} // namespace ns3::tandem
