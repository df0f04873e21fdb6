# SPDX-License-Identifier: MIT
"""Observations and actions of any schema as inputs of a network.

Where a scenario says that blocks have one row per agent of one kind, each row goes through the same
network, together with that agent's part of the action; the rows are a set. Everything else is
common to all rows. A scenario without such rows has a single row with everything in it.

A value with a narrow declared range keeps its scale. One with a wide or an infinite range is
compressed by ``asinh(x / scale)``, where the scale follows from the unit in the column's name, so
that what spans orders of magnitude can be told apart.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tandem.agents.common.codec import scale_of
from tandem.agents.general.sequences import ActionCodes
from tandem.bridge.core.block import Block
from tandem.bridge.core.schema import Schema

Array: TypeAlias = NDArray[np.float64]
Indices: TypeAlias = NDArray[np.int64]
#: A value whose declared range is no wider than this keeps its scale.
NARROW: Final = 1_000.0
#: A choice with no more values than this is also an input per value.
MOST_ONE_HOT: Final = 16
#: Rows below this are no set.
LEAST_ROWS: Final = 2


class Features:
    """How a scenario's observations and actions are arranged; D values, N codes of an action.

    Args:
        schema: of the scenario.
        codes: of its actions.

    Attributes:
        size: D, values of an observation.
        rows: R, rows of agents; 1 where there are none.
        row_values: of the observation, ``[R, own]``: positions of each row's own values.
        common_values: positions of the others.
        row_actions, common_actions: the same of what `actions` returns.
    """

    def __init__(self, schema: Schema, codes: ActionCodes) -> None:
        self._blocks = schema.observation
        self._codes = codes
        kind = _kind(schema)
        self.rows = schema.agents()[kind] if kind else 1
        self.size = sum(block.size for block in self._blocks)
        scales, narrow, bounds = zip(*(_columns(block) for block in self._blocks), strict=True)
        self._scale = np.concatenate(scales)
        self._narrow = np.concatenate(narrow)
        low, high = (np.concatenate([pair[side] for pair in bounds]) for side in (0, 1))
        #: Declared bounds, compressed, ``[D]``.
        self.low, self.high = self._compressed(low), self._compressed(high)
        self.row_values, self.common_values = _arranged(
            [(block, np.arange(block.size)[:, None]) for block in self._blocks], kind, self.rows
        )
        widths = [_width(int(count)) for count in codes.counts]
        begins = np.concatenate([[0], np.cumsum(widths)])
        columns = [np.arange(begins[i], begins[i + 1]) for i in range(codes.size)]
        self.row_actions, self.common_actions = _arranged_actions(
            schema.actions, columns, kind, self.rows
        )

    def flat(self, observation: Mapping[str, Array]) -> Array:
        """All values of an observation, ``[D]``."""
        return np.concatenate([np.ravel(observation[block.name]) for block in self._blocks])

    def compressed(self, observation: Mapping[str, Array]) -> Array:
        """The same, compressed."""
        return self._compressed(self.flat(observation))

    def _compressed(self, values: Array) -> Array:
        with np.errstate(over="ignore"):
            wide = np.arcsinh(values / self._scale)
        return np.where(self._narrow, values, wide)

    def actions(self, codes: Array) -> Array:
        """Inputs for codes ``[…, N]``: of a choice one per value, and each value as -1 to 1."""
        parts = []
        for value, count in enumerate(self._codes.counts):
            code = codes[..., value : value + 1]
            if not count:
                parts.append(2.0 * code - 1.0)
                continue
            parts.append(2.0 * code / max(int(count) - 1, 1) - 1.0)
            if count <= MOST_ONE_HOT:
                parts.append((code == np.arange(count)).astype(np.float64))
        return np.concatenate(parts, axis=-1)


def _width(count: int) -> int:
    """Inputs of one value of the action."""
    return 1 + (count if 0 < count <= MOST_ONE_HOT else 0)


def _kind(schema: Schema) -> str:
    """The one kind of agent whose rows are a set; "" where there is none."""
    agents = schema.agents()
    if len(agents) != 1:
        return ""
    ((kind, count),) = agents.items()
    return kind if count >= LEAST_ROWS and schema.agent_blocks() else ""


def _columns(block: Block) -> tuple[Array, NDArray[np.bool_], tuple[Array, Array]]:
    """Scale, whether the range is narrow, and the bounds of each value."""
    low, high = (side.ravel() for side in block.limits)
    names = [column.name for column in block.columns] or [block.name]
    width = len(names)
    each = [scale_of(names[index % width]) for index in range(block.size)]
    with np.errstate(invalid="ignore"):
        narrow = (high - low) <= NARROW
    return np.array(each), narrow & np.isfinite(low) & np.isfinite(high), (low, high)


def _arranged(blocks: list[tuple[Block, Indices]], kind: str, rows: int) -> tuple[Indices, Indices]:
    """Positions of each row's own values and of the others."""
    own: list[Indices] = []
    common: list[Indices] = []
    begin = 0
    for block, positions in blocks:
        placed = begin + positions.ravel()
        begin += positions.size
        if not kind or block.rows == kind:
            own.append(placed.reshape(rows, -1))
        else:
            common.append(placed)
    return _joined(own, rows), np.concatenate([*common, np.zeros(0, np.int64)]).astype(np.int64)


def _arranged_actions(
    blocks: tuple[Block, ...], columns: list[Indices], kind: str, rows: int
) -> tuple[Indices, Indices]:
    own: list[Indices] = []
    common: list[Indices] = []
    begin = 0
    for block in blocks:
        mine = columns[begin : begin + block.size]
        begin += block.size
        if kind and block.rows == kind:
            share = len(mine) // rows
            # Rows of one block may have choices of different counts: the shorter ones are common.
            lots = [np.concatenate(mine[row * share : (row + 1) * share]) for row in range(rows)]
            if len({len(lot) for lot in lots}) == 1:
                own.append(np.stack(lots))
                continue
        (common if kind else own).append(
            np.concatenate(mine) if kind else np.concatenate(mine).reshape(1, -1)
        )
    return _joined(own, rows), np.concatenate([*common, np.zeros(0, np.int64)]).astype(np.int64)


def _joined(parts: list[Indices], rows: int) -> Indices:
    return np.concatenate([*parts, np.zeros((rows, 0), np.int64)], axis=1).astype(np.int64)
