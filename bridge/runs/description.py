# SPDX-License-Identifier: MIT
"""What the tables of a run mean: columns with units, and the names behind their codes."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Final

from tandem.bridge.core.block import Column
from tandem.bridge.core.domain import domain_of
from tandem.bridge.core.schema import Schema
from tandem.bridge.runs.folder import DECISIONS, EPISODES

_EPISODE: Final = Column("episode", "", "number of the episode, from 0")
_EPISODE_COLUMNS: Final = (
    _EPISODE,
    Column("seed", "", "its seed"),
    Column("decisions", "", "decisions played"),
    Column("return", "", "sum of the rewards"),
    Column("terminated", "", "whether the scenario ended by itself"),
    Column("truncated", "", "whether it ended at the limit of decisions"),
    Column("finished", "", "false if the run was cut off in it"),
    Column("final_observation_*", "", "last observation, one flat array per block"),
)
_DECISION_COLUMNS: Final = (
    _EPISODE,
    Column("decision", "", "number of the decision in its episode, from 0"),
    Column("reward", "", "reward of the epoch that it began"),
    Column("rows_*", "", "rows that each record table got in that epoch"),
    Column("action", "", "action, flat; of several action blocks action_* for each"),
    Column("observation_*", "", "what the agent saw, one flat array per block"),
)


def describe(schema: Schema) -> dict[str, Any]:
    """Content of ``schema.json``: every table and block with units and meanings, ``meta``.

    Decisions and episodes have the columns that the scenario's domain sums up, as well.
    """
    domain = domain_of(schema)
    tables = [_table(table.name, (_EPISODE, *table.columns)) for table in schema.records]
    decision_columns = () if domain is None else domain.decision_columns
    episode_columns = () if domain is None else domain.episode_columns
    return {
        "scenario": schema.scenario,
        "observation": [
            {**_table(block.name, block.columns), "shape": list(block.shape), "rows": block.rows}
            for block in schema.observation
        ],
        "action": [
            {
                **_table(block.name, block.columns),
                "shape": list(block.shape),
                "rows": block.rows,
                "real": block.is_real,
            }
            for block in schema.actions
        ],
        "records": [
            *tables,
            _table(DECISIONS, (*_DECISION_COLUMNS, *decision_columns)),
            _table(EPISODES, (*_EPISODE_COLUMNS, *episode_columns)),
        ],
        "meta": dict(schema.meta),
    }


def labels_of(schema: Schema) -> bytes:
    """What a reader of a single table needs to name its codes, as canonical JSON."""
    domain = domain_of(schema)
    keys = () if domain is None else domain.label_keys
    content = {
        "scenario": schema.scenario,
        **{key: schema.meta.get(key) for key in keys},
        "observation": {
            block.name: {
                "shape": list(block.shape),
                "columns": [column.name for column in block.columns],
            }
            for block in schema.observation
        },
    }
    return json.dumps(_canonical(content), sort_keys=True, separators=(",", ":")).encode()


def _canonical(value: Any) -> Any:
    """``569`` for ``569.0`` as well: a table's bytes must not depend on how a schema is written."""
    if isinstance(value, dict):
        return {key: _canonical(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_canonical(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _table(name: str, columns: Iterable[Column]) -> dict[str, Any]:
    return {
        "name": name,
        "columns": [{"name": c.name, "unit": c.unit, "help": c.help} for c in columns],
    }
