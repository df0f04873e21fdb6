// SPDX-License-Identifier: GPL-2.0-only
#include "agent-link/schema.h"

#include "agent-link/json-number.h"

#include "ns3/abort.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <sstream>

#ifndef TANDEM_VERSION
#error "TANDEM_VERSION is set by the build (tandem_add_scenario)"
#endif

namespace ns3::tandem
{

using namespace ::tandem::channel;
using Json = nlohmann::ordered_json;

namespace
{
/** Version of the schema's JSON. */
constexpr int32_t SCHEMA_VERSION = 2;
/** How deep the values of SetMeta() may nest; the agent's side reads twice as many levels. */
constexpr int MAX_META_DEPTH = 32;

/** Each part begins on a cache line of its own. */
template <typename Part>
uint64_t
AlignedBytes(const Part& part)
{
    return RoundUp(part.GetBytes(), CACHE_LINE);
}

/// Say what the rows of a block belong to, if to anything.
template <typename Block>
void
AddRows(Json& described, const Block& block)
{
    if (!block.GetRows().empty())
    {
        described["rows"] = block.GetRows();
    }
}

Json
Describe(const std::vector<Column>& columns)
{
    Json described = Json::array();
    for (const auto& column : columns)
    {
        described.push_back({
            {"name", column.name            },
            {"unit", column.unit            },
            {"low",  JsonNumber(column.low) },
            {"high", JsonNumber(column.high)},
            {"help", column.help            }
        });
    }
    return described;
}

Json
Describe(const ObservationBlock& block, uint64_t offset)
{
    Json described = {
        {"name",    block.GetName()             },
        {"dtype",   "float64"                   },
        {"offset",  offset                      },
        {"shape",   block.GetShape()            },
        {"columns", Describe(block.GetColumns())}
    };
    AddRows(described, block);
    return described;
}

Json
Describe(const ActionBlock& block, uint64_t offset)
{
    Json described = {
        {"name",   block.GetName()                     },
        {"dtype",  block.IsReal() ? "float64" : "int32"},
        {"offset", offset                              },
        {"shape",  block.GetShape()                    },
        {"low",    JsonNumber(block.GetLow())          },
        {"high",   JsonNumber(block.GetHigh())         }
    };
    if (!block.GetColumns().front().name.empty())
    {
        described["columns"] = Describe(block.GetColumns());
    }
    AddRows(described, block);
    return described;
}

Json
Describe(const RecordTable& table, uint64_t offset)
{
    Json columns = Json::array();
    for (const auto& column : table.GetColumns())
    {
        columns.push_back({
            {"name",  column.name                                             },
            {"dtype", column.type == RecordColumn::INT64 ? "int64" : "float64"},
            {"unit",  column.unit                                             },
            {"help",  column.help                                             }
        });
    }
    return {
        {"name",         table.GetName()    },
        {"capacity",     table.GetCapacity()},
        {"offset",       offset             },
        {"header_bytes", RECORD_HEADER_BYTES},
        {"columns",      columns            }
    };
}

/** Describe parts that lie one behind the other. */
template <typename Parts>
Json
DescribeAll(const Parts& parts)
{
    Json all = Json::array();
    uint64_t offset = 0;
    for (const auto& part : parts)
    {
        all.push_back(Describe(*part, offset));
        offset = SafeSum(offset, AlignedBytes(*part));
    }
    return all;
}

/** A second part of the same name is a fatal error. */
template <typename Parts>
void
CheckName(const Parts& parts, const std::string& name, const std::string& kind)
{
    NS_ABORT_MSG_IF(name.empty(), "a scenario has " << kind << " without a name");
    for (const auto& part : parts)
    {
        NS_ABORT_MSG_IF(part->GetName() == name,
                        "a scenario has two of " << kind << " with the name '" << name << "'");
    }
}
} // namespace

Schema::Schema(std::string scenario)
    : m_scenario(std::move(scenario))
{
}

ObservationBlock*
Schema::Add(std::unique_ptr<ObservationBlock> block)
{
    CheckName(m_observations, block->GetName(), "observation blocks");
    return m_observations.emplace_back(std::move(block)).get();
}

ActionBlock*
Schema::Add(std::unique_ptr<ActionBlock> block)
{
    CheckName(m_actions, block->GetName(), "action blocks");
    return m_actions.emplace_back(std::move(block)).get();
}

ActionMask*
Schema::Add(std::unique_ptr<ActionMask> mask)
{
    for (const auto& other : m_masks)
    {
        NS_ABORT_MSG_IF(&other->GetAction() == &mask->GetAction(),
                        "action block '" << mask->GetAction().GetName() << "' has a mask already");
    }
    Add(mask->TakeBlock());
    return m_masks.emplace_back(std::move(mask)).get();
}

RecordTable*
Schema::Add(std::unique_ptr<RecordTable> table)
{
    CheckName(m_records, table->GetName(), "record tables");
    return m_records.emplace_back(std::move(table)).get();
}

void
Schema::SetMeta(const std::string& key, const std::string& json)
{
    NS_ABORT_MSG_UNLESS(Json::accept(json),
                        "SetMeta(\"" << key << "\"): '" << json
                                     << "' is not JSON; a text needs quotes of its own");
    int deepest = 0;
    Json::parse(json, [&deepest](int depth, Json::parse_event_t, Json&) {
        deepest = std::max(deepest, depth);
        return depth < MAX_META_DEPTH;
    });
    NS_ABORT_MSG_IF(deepest >= MAX_META_DEPTH,
                    "SetMeta(\"" << key << "\") is nested more than " << MAX_META_DEPTH
                                 << " levels deep");
    m_meta.emplace_back(key, json);
}

void
Schema::AddWarning(std::string text)
{
    m_warnings.push_back(std::move(text));
}

const std::string&
Schema::GetScenario() const
{
    return m_scenario;
}

bool
Schema::IsComplete() const
{
    return !m_actions.empty() && !m_observations.empty();
}

const std::vector<std::unique_ptr<ActionBlock>>&
Schema::GetActions() const
{
    return m_actions;
}

const std::vector<std::unique_ptr<RecordTable>>&
Schema::GetRecords() const
{
    return m_records;
}

std::string
Schema::ToJson(bool futures, const std::vector<std::string>& policies) const
{
    Json meta = Json::object();
    for (const auto& [key, value] : m_meta)
    {
        meta[key] = Json::parse(value);
    }
    if (!m_warnings.empty())
    {
        meta["warnings"] = m_warnings;
    }
    Json masks = Json::object();
    for (const auto& mask : m_masks)
    {
        masks[mask->GetAction().GetName()] = mask->GetName();
    }
    const Json schema{
        {"tandem_schema",  SCHEMA_VERSION             },
        {"layout_version", LAYOUT_VERSION             },
        {"tandem_version", TANDEM_VERSION             },
        {"ns3_version",    NS3_RELEASE                },
        {"ns3_provider",   NS3_PROVIDER               },
        {"scenario",       m_scenario                 },
        {"observation",    DescribeAll(m_observations)},
        {"action",         DescribeAll(m_actions)     },
        {"masks",          masks                      },
        {"records",        DescribeAll(m_records)     },
        {"futures",        futures                    },
        {"policies",       policies                   },
        {"meta",           meta                       }
    };
    return schema.dump();
}

Sizes
Schema::CountSizes() const
{
    Sizes sizes{};
    for (const auto& block : m_observations)
    {
        sizes.observationBytes = SafeSum(sizes.observationBytes, AlignedBytes(*block));
    }
    for (const auto& block : m_actions)
    {
        // Only between blocks: the agent keeps every action of an episode.
        sizes.actionBytes = SafeSum(RoundUp(sizes.actionBytes, CACHE_LINE), block->GetBytes());
    }
    for (const auto& table : m_records)
    {
        sizes.recordBytes = SafeSum(sizes.recordBytes, AlignedBytes(*table));
    }
    return sizes;
}

void
Schema::AttachObservations(unsigned char* memory)
{
    for (const auto& block : m_observations)
    {
        block->Attach(memory);
        memory += AlignedBytes(*block);
    }
}

void
Schema::AttachActions(unsigned char* memory)
{
    for (const auto& block : m_actions)
    {
        block->Attach(memory);
        memory += AlignedBytes(*block);
    }
}

void
Schema::CheckActions() const
{
    for (const auto& block : m_actions)
    {
        block->Check();
    }
}

void
Schema::FillMasks()
{
    for (const auto& mask : m_masks)
    {
        mask->Fill();
    }
}

Clipped
Schema::GetClipped() const
{
    Clipped all;
    for (size_t i = 0; i < m_observations.size(); ++i)
    {
        const Clipped& clipped = m_observations[i]->GetClipped();
        if (clipped.count == 0)
        {
            continue;
        }
        const uint64_t count = all.count + clipped.count;
        if (all.count == 0)
        {
            all = clipped;
            all.block = static_cast<uint32_t>(i);
        }
        all.count = count;
    }
    return all;
}

void
Schema::ForgetClipped()
{
    for (const auto& block : m_observations)
    {
        block->ForgetClipped();
    }
}

std::string
Schema::DescribeClipped(const Clipped& clipped) const
{
    const auto& block = *m_observations.at(clipped.block);
    const Column& column = block.GetColumns().at(clipped.column);
    std::ostringstream text;
    text << "column '" << column.name << "' of observation block '" << block.GetName() << "' is "
         << clipped.value << ", its bounds are " << column.low << " … " << column.high;
    return text.str();
}

void
Schema::AttachRecords(unsigned char* memory, const std::function<bool()>& full)
{
    for (const auto& table : m_records)
    {
        table->Attach(memory, full);
        table->Clear();
        memory += AlignedBytes(*table);
    }
}

void
Schema::ClearRecords()
{
    for (const auto& table : m_records)
    {
        table->Clear();
    }
}

} // namespace ns3::tandem
