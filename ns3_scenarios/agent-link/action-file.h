// SPDX-License-Identifier: GPL-2.0-only
#ifndef TANDEM_ACTION_FILE_H
#define TANDEM_ACTION_FILE_H

#include <cstdint>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

namespace ns3::tandem
{

class ActionBlock;

/**
 * The actions of an earlier episode, to be played once more (--actions). The agent's side writes
 * such a file when a simulator fails.
 *
 *     # text behind a hash is for people
 *     8 0 9           one line per decision, its values in the order of the action blocks
 *     future 2        the next decision's epoch meets the draws of another future (a branch)
 *     8 8 8
 *
 * What cannot be read ends the program.
 */
class ActionFile
{
  public:
    /** @param path of the file */
    explicit ActionFile(const std::string& path);

    /**
     * Take the next action.
     *
     * @param blocks where it goes
     * @return false if all have been played
     */
    bool Next(const std::vector<std::unique_ptr<ActionBlock>>& blocks);

    /** @return which random draws follow the action taken last, 0 for those of the episode */
    uint64_t GetFuture() const;

  private:
    void Read(const std::string& line,
              const std::vector<std::unique_ptr<ActionBlock>>& blocks) const;
    [[noreturn]] void RefuseLine(const std::vector<std::unique_ptr<ActionBlock>>& blocks) const;
    [[noreturn]] void Refuse(const std::string& reason) const;

    std::string m_path;
    std::ifstream m_file;
    uint64_t m_line{0};
    uint64_t m_future{0};
};

} // namespace ns3::tandem

#endif // TANDEM_ACTION_FILE_H
