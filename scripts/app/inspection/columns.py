# SPDX-License-Identifier: MIT
"""What any run recorded, as numbers with names and units: blocks of decisions, record tables."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tandem.bridge.runs.folder import DECISIONS, EPISODES
from tandem.bridge.runs.reader import Run

ACTION: Final = "action"
#: Columns that say where a row belongs, not what was measured.
PLACES: Final = ("episode", "decision")
#: Values of a whole-number column up to which it may tell agents apart.
MOST_AGENTS: Final = 64


@dataclass(frozen=True)
class BlockValues:
    """A block of the observation or the action in every decision; D decisions, R rows, C columns.

    Attributes:
        name: of the block.
        rows: what a row belongs to, such as ``"user"``; "" where the scenario does not say.
        columns: their names.
        units: their units.
        help: their meanings.
        values: ``[D, R, C]``.
    """

    name: str
    rows: str
    columns: tuple[str, ...]
    units: tuple[str, ...]
    help: tuple[str, ...]
    values: NDArray[np.float64]

    def title(self, column: int) -> str:
        """Name and unit of a column, for axes."""
        return with_unit(self.columns[column], self.units[column])


@dataclass(frozen=True)
class RecordValues:
    """A record table of a run.

    Attributes:
        name: of the table.
        frame: its rows.
        agent: the column that tells agents apart; none where there is none.
        columns: those with measured numbers.
        units: their units.
    """

    name: str
    frame: pd.DataFrame
    agent: str | None
    columns: tuple[str, ...]
    units: tuple[str, ...]


def with_unit(name: str, unit: str) -> str:
    """``backlog (packets)``."""
    return f"{name} ({unit})" if unit else name


def observations(run: Run) -> list[BlockValues]:
    """What the agent saw at each decision."""
    return [
        block
        for entry in run.schema["observation"]
        if (block := _block(run, entry, f"observation_{entry['name']}")) is not None
    ]


def actions(run: Run) -> list[BlockValues]:
    """What was played at each decision."""
    found = []
    for entry in run.schema.get("action") or [{"name": ACTION}]:
        name = f"{ACTION}_{entry['name']}"
        column = name if name in run.decisions else ACTION
        block = _block(run, entry, column)
        if block is not None:
            found.append(block)
    return found


def records(run: Run) -> list[RecordValues]:
    """Every record table that has rows."""
    found = []
    for entry in run.schema["records"]:
        name = entry["name"]
        frame = run.table(name)
        if name in (DECISIONS, EPISODES) or not len(frame):
            continue
        units = {column["name"]: column["unit"] for column in entry["columns"]}
        agent = _agent_column(run, frame, units)
        measured = [
            column
            for column in frame.columns
            if column in units
            and column not in (*PLACES, agent)
            and not _is_number_of_row(frame[column], units[column])
            and not _is_part_of_agent(frame, column, units[column], agent)
        ]
        found.append(
            RecordValues(
                name, frame, agent, tuple(measured), tuple(units[column] for column in measured)
            )
        )
    return found


def outline(run: Run) -> dict[str, float | int]:
    """One line per run of any scenario."""
    episodes, decisions = run.episodes, run.decisions
    returns = episodes.get("return", pd.Series(dtype=float))
    rewards = decisions.get("reward", pd.Series(dtype=float))
    return {
        "episodes": len(episodes),
        "decisions": len(decisions),
        "return_mean": _mean(returns),
        "return_sd": float(returns.std()) if len(returns) > 1 else math.nan,
        "reward_mean": _mean(rewards),
        "reward_min": float(rewards.min()) if len(rewards) else math.nan,
        "reward_max": float(rewards.max()) if len(rewards) else math.nan,
        **{f"{table.name}_rows": len(table.frame) for table in records(run)},
    }


def _mean(values: pd.Series[float]) -> float:
    return float(values.mean()) if len(values) else math.nan


def _block(run: Run, entry: Mapping[str, Any], column: str) -> BlockValues | None:
    """The values of a block; none where the run has no decision with it."""
    if column not in run.decisions or not len(run.decisions):
        return None
    flat = np.stack([np.asarray(row, np.float64).ravel() for row in run.decisions[column]])
    described: Sequence[Mapping[str, str]] = entry.get("columns") or [
        {"name": entry["name"], "unit": "", "help": ""}
    ]
    shape = entry.get("shape") or [flat.shape[1]]
    wide = len(described) > 1 and shape[-1] == len(described)
    width = len(described) if wide else 1
    used = described if wide else described[:1]
    return BlockValues(
        name=entry["name"],
        rows=entry.get("rows") or "",
        columns=tuple(one["name"] for one in used),
        units=tuple(one["unit"] for one in used),
        help=tuple(one["help"] for one in used),
        values=flat.reshape(len(flat), -1, width),
    )


def _agent_column(run: Run, frame: pd.DataFrame, units: Mapping[str, str]) -> str | None:
    """The column named like the rows of a block, else the first one that may be such a number."""
    blocks = [*run.schema["observation"], *(run.schema.get("action") or ())]
    for rows in (block.get("rows") for block in blocks):
        if rows and rows in frame:
            return str(rows)
    for name in frame.columns:
        whole = pd.api.types.is_integer_dtype(frame[name])
        if name in PLACES or units.get(name) or not whole:
            continue
        if 1 < frame[name].nunique() <= min(MOST_AGENTS, len(frame) // 2):
            return str(name)
    return None


def _is_part_of_agent(frame: pd.DataFrame, column: str, unit: str, agent: str | None) -> bool:
    """Whether a column only names parts of agents: the stations of an AP, each of one AP."""
    if agent is None or unit or not pd.api.types.is_integer_dtype(frame[column]):
        return False
    parts = frame.groupby(column)[agent].nunique()
    several = frame[agent].nunique() > 1
    return several and bool(parts.max() == 1) and len(parts) <= min(MOST_AGENTS, len(frame) // 2)


def _is_number_of_row(column: pd.Series[Any], unit: str) -> bool:
    """Whether a column only counts rows: whole, without a unit, never twice the same."""
    whole = pd.api.types.is_integer_dtype(column)
    return whole and not unit and len(column) > 1 and bool(column.is_unique)
