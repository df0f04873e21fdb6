# SPDX-License-Identifier: MIT
"""The parts of a scenario's declaration: blocks of numbers and tables of records."""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from tandem.bridge.core.action import as_numbers
from tandem.bridge.core.errors import InvalidAction

_INFINITE = 1e308


def read_bound(number: float) -> float:
    """A bound as scenarios write it: JSON has no infinity, so 1e308 and more stand for it.

    The writing side is ``ns3_scenarios/agent-link/json-number.h``. A C++ double's limits, which
    many a scenario gives for "any value", are infinite too: no space could be sampled between them.
    """
    return math.copysign(math.inf, number) if abs(number) >= _INFINITE else number


@dataclass(frozen=True)
class Column:
    """One column of a block or of a record table."""

    name: str
    unit: str
    help: str
    dtype: str = "float64"
    low: float = -math.inf
    high: float = math.inf


@dataclass(frozen=True)
class Block:
    """A dense array in shared memory: an observation or a part of the action.

    ``columns`` names the entries of the last axis, or has one entry for all values; of an action
    block it may also have one for each value, or be empty. ``low`` and ``high`` are the bounds of
    an action block, all values together; each column has its own. Bounds are inclusive. ``rows``
    names what each entry of the first axis belongs to ("user"); it is "" where the scenario says
    nothing.
    """

    name: str
    dtype: str
    shape: tuple[int, ...]
    offset: int
    columns: tuple[Column, ...] = ()
    low: float = -math.inf
    high: float = math.inf
    rows: str = ""

    @property
    def size(self) -> int:
        """Number of values."""
        return math.prod(self.shape)

    @property
    def is_real(self) -> bool:
        """Whether the values are real numbers, not integers."""
        return self.dtype == "float64"

    @property
    def limits(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Lowest and highest value of each entry, of the block's shape, without an axis ``[]``."""
        if not self.columns:
            return np.full(self.shape, self.low), np.full(self.shape, self.high)
        # One for all, one for each entry of the last axis, or one for each value.
        size, width = len(self.columns), self.shape[-1] if self.shape else 1
        full = self.shape if size in (1, width) else (size,)
        bounds = (
            np.array([getattr(column, side) for column in self.columns]) for side in ("low", "high")
        )
        low, high = (np.broadcast_to(each, full or (1,)).reshape(self.shape) for each in bounds)
        return low.copy(), high.copy()

    @property
    def finite_limits(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Lowest and highest value that an action may have: infinity itself is no action.

        One for all values, ``[1]``, where they have the same; else one each, ``[size]``.
        """
        most = sys.float_info.max
        if len(self.columns) > 1:
            low, high = (side.ravel() for side in self.limits)
        else:
            (only,) = self.columns or (Column("", "", "", low=self.low, high=self.high),)
            low, high = np.array([only.low]), np.array([only.high])
        return np.maximum(low, -most), np.minimum(high, most)

    def column_index(self, name: str) -> int:
        """Position of a column on the last axis.

        Raises:
            KeyError: there is no such column.
        """
        for index, column in enumerate(self.columns):
            if column.name == name:
                return index
        names = ", ".join(column.name for column in self.columns)
        raise KeyError(f"block '{self.name}' has no column '{name}'; it has {names}")

    def view(self, memory: NDArray[np.uint8]) -> NDArray[Any]:
        """This block as an array over a slot's memory, without a copy."""
        return np.ndarray(self.shape, self.dtype, memory.data, self.offset)

    def checked(self, action: Any) -> NDArray[Any]:
        """Check an action for this block; returns a copy as int64 or float64.

        This is for simulators elsewhere. The bridge's C++ checks what it writes into the memory of
        a local one.

        Raises:
            InvalidAction: no numbers, another shape than the block's, or out of range.
        """
        array = as_numbers(action)
        if len(self.shape) > 1 and array.shape == (self.size,):
            array = array.reshape(self.shape)  # all values in one row
        if array.shape != self.shape:
            raise InvalidAction(
                f"action '{self.name}' has shape {array.shape}, expected {self.shape}"
            )
        low, high = self.finite_limits
        values = array.ravel()
        wrong = ~((values >= low) & (values <= high))  # so that NaN is wrong
        if wrong.any():
            index = int(np.flatnonzero(wrong)[0])
            lows, highs = np.broadcast_arrays(low, values)[0], np.broadcast_arrays(high, values)[0]
            raise InvalidAction(
                f"action '{self.name}' is {values[index]:g} at index {index}, allowed are "
                f"{lows[index]:g} to {highs[index]:g}"
            )
        if not self.is_real and (values != np.round(values)).any():
            index = int(np.flatnonzero(values != np.round(values))[0])
            raise InvalidAction(
                f"action '{self.name}' is {values[index]:g} at index {index}, expected a whole "
                "number"
            )
        return array.copy()  # the caller may reuse its own before it is played again

    def space(self) -> spaces.Box:
        """The observation block as a Gymnasium space."""
        low, high = self.limits
        return spaces.Box(low, high, self.shape, np.float64)

    def action_space(self) -> spaces.MultiDiscrete | spaces.Box:
        """The action block as a Gymnasium space.

        A ``MultiDiscrete`` of the block's shape for integers that start at 0; a ``Box`` of int32
        for other integers, of float64 for real numbers.
        """
        low, high = self.limits
        if self.is_real:
            return spaces.Box(low, high, self.shape, np.float64)
        if self.shape and not low.any():
            return spaces.MultiDiscrete(high.astype(np.int64) + 1, dtype=np.int64)
        return spaces.Box(low.astype(np.int32), high.astype(np.int32), self.shape, np.int32)


@dataclass(frozen=True)
class RecordTable:
    """Rows that the simulator reports between two decisions."""

    name: str
    capacity: int
    offset: int
    header_bytes: int
    columns: tuple[Column, ...]
    dtype: np.dtype[Any] = field(init=False, compare=False)

    def __post_init__(self) -> None:
        dtype = np.dtype([(column.name, column.dtype) for column in self.columns])
        object.__setattr__(self, "dtype", dtype)

    def take(self, memory: NDArray[np.uint8]) -> NDArray[Any]:
        """A copy of the rows in a slot's memory."""
        rows = int(np.frombuffer(memory.data, np.uint64, 1, self.offset)[0])
        if rows == 0:
            return np.empty(0, self.dtype)
        start = self.offset + self.header_bytes
        return np.frombuffer(memory.data, self.dtype, rows, start).copy()


def parse_block(entry: Mapping[str, Any]) -> Block:
    return Block(
        name=entry["name"],
        dtype=entry["dtype"],
        shape=tuple(entry["shape"]),
        offset=entry["offset"],
        columns=tuple(_parse_column(column) for column in entry.get("columns", ())),
        low=read_bound(entry.get("low", -math.inf)),
        high=read_bound(entry.get("high", math.inf)),
        rows=entry.get("rows", ""),
    )


def _parse_column(entry: Mapping[str, Any]) -> Column:
    column = Column(**entry)
    return replace(column, low=read_bound(column.low), high=read_bound(column.high))


def parse_table(entry: Mapping[str, Any]) -> RecordTable:
    return RecordTable(
        name=entry["name"],
        capacity=entry["capacity"],
        offset=entry["offset"],
        header_bytes=entry["header_bytes"],
        columns=tuple(_parse_column(column) for column in entry["columns"]),
    )
