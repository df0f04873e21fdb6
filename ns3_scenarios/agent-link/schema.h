// SPDX-License-Identifier: GPL-2.0-only
#ifndef TANDEM_SCHEMA_H
#define TANDEM_SCHEMA_H

#include "agent-link/action-block.h"
#include "agent-link/action-mask.h"
#include "agent-link/blocks.h"
#include "agent-link/record-table.h"
#include "channel/layout.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace ns3::tandem
{

/**
 * What a scenario has declared: blocks, record tables and fixed facts. It owns them, knows how
 * they lie in memory and tells the agent all of it as JSON.
 */
class Schema
{
  public:
    /** @param scenario the scenario's name, as users type it */
    explicit Schema(std::string scenario);

    /** A second observation block of the same name is a fatal error; so it is for the others. */
    ObservationBlock* Add(std::unique_ptr<ObservationBlock> block);
    ActionBlock* Add(std::unique_ptr<ActionBlock> block);
    /** A second mask of the same action block is a fatal error. */
    ActionMask* Add(std::unique_ptr<ActionMask> mask);
    RecordTable* Add(std::unique_ptr<RecordTable> table);
    /** json is any JSON value; text that is none is a fatal error. */
    void SetMeta(const std::string& key, const std::string& json);
    /** Text for people, under the key `warnings`. */
    void AddWarning(std::string text);

    const std::string& GetScenario() const;
    /** @return true if there is something to see and something to choose */
    bool IsComplete() const;
    const std::vector<std::unique_ptr<ActionBlock>>& GetActions() const;
    const std::vector<std::unique_ptr<RecordTable>>& GetRecords() const;

    /**
     * @param futures whether branches can meet other random draws than the episode
     * @param policies names of the scenario's own policies, which can be asked
     */
    std::string ToJson(bool futures, const std::vector<std::string>& policies) const;
    /** @return the bytes that each part takes; slots and schemaBytes are left 0 */
    ::tandem::channel::Sizes CountSizes() const;

    void AttachObservations(unsigned char* memory);
    void AttachActions(unsigned char* memory);
    /** End the program if an action is out of bounds. */
    void CheckActions() const;
    /** Write what the masks say into their blocks. */
    void FillMasks();
    /** @return what was set beyond bounds since the last ForgetClipped(), of all blocks */
    Clipped GetClipped() const;
    void ForgetClipped();
    /** @return a sentence about the first value beyond bounds */
    std::string DescribeClipped(const Clipped& clipped) const;
    /** `full` is called when a row does not fit, see RecordTable::Attach(). */
    void AttachRecords(unsigned char* memory, const std::function<bool()>& full);
    /** Forget the rows of all tables: they have been taken. */
    void ClearRecords();

  private:
    std::string m_scenario;
    std::vector<std::unique_ptr<ObservationBlock>> m_observations;
    std::vector<std::unique_ptr<ActionBlock>> m_actions;
    std::vector<std::unique_ptr<ActionMask>> m_masks;
    std::vector<std::unique_ptr<RecordTable>> m_records;
    std::vector<std::pair<std::string, std::string>> m_meta;
    std::vector<std::string> m_warnings;
};

} // namespace ns3::tandem

#endif // TANDEM_SCHEMA_H
