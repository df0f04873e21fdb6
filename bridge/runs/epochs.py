# SPDX-License-Identifier: MIT
"""The epochs of a recorded run, as objectives get them while a run is played.

What a run does not record is missing here as well: the simulated time, and the bounds of blocks.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tandem.bridge.core.block import Block, Column, RecordTable
from tandem.bridge.core.domain import domain_of
from tandem.bridge.core.objective import EpochResult
from tandem.bridge.core.schema import Schema
from tandem.bridge.runs.folder import DECISIONS, EPISODES, RunFolderError
from tandem.bridge.runs.reader import Run
from tandem.bridge.runs.tables import ROWS_PREFIX

_ACTION: Final = "action"
_OBSERVATION: Final = "observation"
_EPISODE: Final = "episode"
_REAL: Final = "float64"
_WHOLE: Final = "int32"


def recorded_schema(run: Run) -> Schema:
    """What the scenario of a run declared, as far as the run's folder tells."""
    metadata = run.metadata
    return Schema(
        scenario=str(run.schema["scenario"]),
        tandem_version=str(metadata.get("tandem_version", "")),
        ns3_version=str(metadata.get("ns3_version", "")),
        ns3_provider=str(metadata.get("ns3_provider", "")),
        observation=tuple(_block(entry, _REAL) for entry in run.schema["observation"]),
        actions=_actions(run),
        records=tuple(
            _table(entry, run.table(entry["name"]))
            for entry in run.schema["records"]
            if entry["name"] not in (DECISIONS, EPISODES)
        ),
        meta=run.meta,
    )


def episodes_of(run: Run, schema: Schema) -> Iterator[tuple[int, list[EpochResult]]]:
    """Number and epochs of each episode with decisions, in the order of play.

    Args:
        run: as it was read.
        schema: of `recorded_schema`.
    """
    domain = domain_of(schema)
    kind = EpochResult if domain is None else domain.result_type
    tables = _Tables(run, schema)
    decisions = run.decisions.reset_index(drop=True)
    names = [block.name for block in schema.observation]
    ends = run.episodes.set_index(_EPISODE) if len(run.episodes) else run.episodes
    for episode in decisions[_EPISODE].unique().tolist():
        rows = decisions[decisions[_EPISODE] == episode]
        seen = [
            {name: _reshaped(rows.at[k, f"observation_{name}"], schema, name) for name in names}
            for k in rows.index
        ]
        last = ends.loc[episode]
        seen.append(
            {name: _reshaped(last[f"final_observation_{name}"], schema, name) for name in names}
        )
        results = [
            kind(
                number,
                _action(rows.loc[k], schema),
                seen[place + 1],
                _Records(tables, k),
                schema,
                seen[place],
            )
            for place, (k, number) in enumerate(rows["decision"].items())
        ]
        yield episode, results


class _Tables:
    """The record tables of a run, cut into decisions."""

    def __init__(self, run: Run, schema: Schema) -> None:
        self._run = run
        self._schema = schema
        self._cuts: dict[str, tuple[NDArray[np.void], NDArray[np.int64]]] = {}

    @property
    def names(self) -> list[str]:
        return [table.name for table in self._schema.records]

    def rows(self, name: str, decision: int) -> NDArray[np.void]:
        """What a table got in the decision with that place in the table of decisions.

        Raises:
            RunFolderError: the run does not tell.
        """
        if name not in self._cuts:
            self._cuts[name] = self._cut(name)
        rows, ends = self._cuts[name]
        return rows[(ends[decision - 1] if decision else 0) : ends[decision]]

    def _cut(self, name: str) -> tuple[NDArray[np.void], NDArray[np.int64]]:
        """All rows of a table, and where those of each decision end."""
        table = next(table for table in self._schema.records if table.name == name)
        frame = self._run.table(name)
        counts = self._run.decisions.get(f"{ROWS_PREFIX}{name}")
        if counts is None or counts.isna().any() or int(counts.sum()) != len(frame):
            raise RunFolderError(
                f"{self._run.folder} does not tell which rows of {name!r} belong to which decision "
                f"(it was recorded by ns3-tandem {self._run.metadata.get('tandem_version')}): "
                "record it again to have them rated"
            )
        rows = np.empty(len(frame), table.dtype)
        for column in table.dtype.names or ():
            rows[column] = frame[column].to_numpy()
        return rows, counts.to_numpy(np.int64).cumsum()


class _Records(Mapping[str, NDArray[np.void]]):
    """The record tables of one decision; a table is only cut when it is asked for."""

    def __init__(self, tables: _Tables, decision: int) -> None:
        self._tables = tables
        self._decision = decision

    def __getitem__(self, name: str) -> NDArray[np.void]:
        if name not in self._tables.names:
            raise KeyError(name)
        return self._tables.rows(name, self._decision)

    def __iter__(self) -> Iterator[str]:
        return iter(self._tables.names)

    def __len__(self) -> int:
        return len(self._tables.names)


def _actions(run: Run) -> tuple[Block, ...]:
    """The action blocks; older runs do not describe theirs."""
    described = run.schema.get(_ACTION)
    if described:
        return tuple(_block(entry, _REAL if entry["real"] else _WHOLE) for entry in described)
    played = run.decisions.get(_ACTION, pd.Series(dtype=object))
    size = len(played.iloc[0]) if len(played) else 1
    return (Block(_ACTION, _WHOLE, (size,), 0),)


def _block(entry: Mapping[str, Any], dtype: str) -> Block:
    return Block(
        entry["name"],
        dtype,
        tuple(entry["shape"]),
        0,
        tuple(Column(c["name"], c["unit"], c["help"], dtype) for c in entry["columns"]),
        rows=entry.get("rows", ""),
    )


def _table(entry: Mapping[str, Any], frame: pd.DataFrame) -> RecordTable:
    columns = tuple(
        Column(c["name"], c["unit"], c["help"], str(frame[c["name"]].dtype))
        for c in entry["columns"]
        if c["name"] != _EPISODE and c["name"] in frame
    )
    return RecordTable(entry["name"], len(frame), 0, 0, columns)


def _reshaped(values: Any, schema: Schema, block: str) -> NDArray[np.float64]:
    return np.asarray(values, np.float64).reshape(schema.block(block).shape)


def _action(row: pd.Series[Any], schema: Schema) -> Any:
    joint = schema.joint_action
    if joint.is_single:
        return joint.given(np.asarray(row[_ACTION]))
    parts = [np.ravel(row[f"{_ACTION}_{block.name}"]) for block in joint.blocks]
    return joint.given(np.concatenate(parts).astype(np.float64))
