# SPDX-License-Identifier: MIT
"""``schema.json`` of a run folder: what each table and column of the run means."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from tandem.bridge.core.schema import Column, Schema

DECISIONS: Final = "decisions"
EPISODES: Final = "episodes"
#: File that describes the tables.
SCHEMA: Final = "schema.json"

#: (name, unit, meaning) of what this module adds to the scenario's own tables.
_EPISODE_COLUMNS: Final = (
    ("episode", "", "number of the episode, from 0"),
    ("seed", "", "its seed"),
    ("epochs", "", "decisions played"),
    ("return", "", "sum of the rewards"),
    ("terminated", "", "whether the scenario ended by itself"),
    ("truncated", "", "whether it ended at the limit of decisions"),
    ("finished", "", "false if the run was cut off in it"),
    ("requests", "", "requests that ended in it"),
    ("final_observation_*", "", "last observation, one flat array per block"),
)
_DECISION_COLUMNS: Final = (
    ("episode", "", "number of the episode, from 0"),
    ("epoch", "", "number of the decision in its episode, from 0"),
    ("reward", "", "reward of the epoch that it began"),
    ("action", "", "joint action, one option per user"),
    ("observation_*", "", "what the agent saw, one flat array per block"),
)
_COST_COLUMNS: Final = (
    ("finished", "", "requests that ended"),
    ("timeouts", "", "those of them that timed out"),
    ("mean_response_time_s", "s", "mean response time of the requests that ended"),
    ("max_response_time_s", "s", "longest response time"),
    ("mean_accuracy_percent", "%", "mean top-5 accuracy; 0 for a time-out"),
)


def described(schema: Schema) -> dict[str, Any]:
    """Content of ``schema.json``: every table and block with units and meanings, ``meta``."""
    tables = {table.name: [_described(c) for c in table.columns] for table in schema.records}
    costs = () if "requests" not in tables else _COST_COLUMNS
    tables[DECISIONS] = _columns((*_DECISION_COLUMNS, *costs))
    tables[EPISODES] = _columns((*_EPISODE_COLUMNS, *costs))
    episode = _columns(_EPISODE_COLUMNS[:1])
    return {
        "scenario": schema.scenario,
        "observation": [
            {
                "name": block.name,
                "shape": list(block.shape),
                "columns": [_described(column) for column in block.columns],
            }
            for block in schema.observation
        ],
        "records": [
            {
                "name": name,
                "columns": columns if name in (DECISIONS, EPISODES) else [*episode, *columns],
            }
            for name, columns in tables.items()
        ],
        "meta": dict(schema.meta),
    }


def _columns(rows: Sequence[tuple[str, str, str]]) -> list[dict[str, str]]:
    return [{"name": name, "unit": unit, "help": text} for name, unit, text in rows]


def _described(column: Column) -> dict[str, str]:
    return {"name": column.name, "unit": column.unit, "help": column.help}
