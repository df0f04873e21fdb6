// SPDX-License-Identifier: GPL-2.0-only
#ifndef TANDEM_SCHEMA_H
#define TANDEM_SCHEMA_H

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

    ObservationBlock* Add(std::unique_ptr<ObservationBlock> block);
    /** A second action block is a fatal error. */
    ActionBlock* Add(std::unique_ptr<ActionBlock> block);
    RecordTable* Add(std::unique_ptr<RecordTable> table);
    /** json is any JSON value; text that is none is a fatal error. */
    void SetMeta(const std::string& key, const std::string& json);
    /** Text for people, under the key `warnings`. */
    void AddWarning(std::string text);

    const std::string& GetScenario() const;
    /** @return true if there is something to see and something to choose */
    bool IsComplete() const;
    /** @return the action block, or null */
    ActionBlock* GetAction() const;
    const std::vector<std::unique_ptr<RecordTable>>& GetRecords() const;

    /** @param futures whether branches can meet other random draws than the episode */
    std::string ToJson(bool futures) const;
    /** @return the bytes that each part takes; slots and schemaBytes are left 0 */
    ::tandem::channel::Sizes CountSizes() const;

    void AttachObservations(unsigned char* memory);
    /** `full` is called when a row does not fit, see RecordTable::Attach(). */
    void AttachRecords(unsigned char* memory, const std::function<bool()>& full);
    /** Forget the rows of all tables: they have been taken. */
    void ClearRecords();

  private:
    std::string m_scenario;
    std::vector<std::unique_ptr<ObservationBlock>> m_observations;
    std::unique_ptr<ActionBlock> m_action;
    std::vector<std::unique_ptr<RecordTable>> m_records;
    std::vector<std::pair<std::string, std::string>> m_meta;
    std::vector<std::string> m_warnings;
};

} // namespace ns3::tandem

#endif // TANDEM_SCHEMA_H
