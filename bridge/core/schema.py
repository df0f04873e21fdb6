# SPDX-License-Identifier: MIT
"""What a scenario declared in C++, as Python types: the only source of spaces and columns."""

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
from tandem.bridge.core.documents import DocumentError, parse_json
from tandem.bridge.core.errors import InvalidAction, InvalidSeed, SchemaMismatch

SCHEMA_VERSION = 1
#: Highest number of a future; 0 is the one that a step meets.
MAX_FUTURE = 65_535
_SEED_LIMIT = 2**64
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
    """A dense array in shared memory: an observation or the action.

    ``columns`` names the entries of the last axis (or has one entry for all values); the action
    block has none, but bounds ``low`` and ``high`` (inclusive). ``rows`` names what each entry of
    the first axis belongs to ("user"); it is "" where the scenario says nothing.
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
    def finite_limits(self) -> tuple[float, float]:
        """Lowest and highest value that an action may have: infinity itself is no action."""
        return max(self.low, -sys.float_info.max), min(self.high, sys.float_info.max)

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
        low, high = self.finite_limits
        if array.shape != self.shape:
            raise InvalidAction(
                f"action '{self.name}' has shape {array.shape}, expected {self.shape}"
            )
        wrong = ~((array >= low) & (array <= high))  # so that NaN is wrong
        expected = f"allowed are {low:g} to {high:g}"
        if self.dtype != "float64" and not wrong.any():
            wrong = array != np.round(array)
            expected = "expected a whole number"
        if wrong.any():
            index = int(np.flatnonzero(wrong)[0])
            raise InvalidAction(
                f"action '{self.name}' is {array.ravel()[index]:g} at index {index}, {expected}"
            )
        return array.copy()  # the caller may reuse its own before it is played again

    def _bounds(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        low = np.array([column.low for column in self.columns])
        high = np.array([column.high for column in self.columns])
        full = self.shape or (1,)  # a block without axes has one value
        low, high = (np.broadcast_to(bound, full).reshape(self.shape) for bound in (low, high))
        return low, high

    def space(self) -> spaces.Box:
        """The observation block as a Gymnasium space."""
        low, high = self._bounds()
        return spaces.Box(low.copy(), high.copy(), self.shape, np.float64)


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


@dataclass(frozen=True)
class Schema:
    """A scenario's declaration: blocks, tables and fixed facts (``meta``)."""

    scenario: str
    tandem_version: str
    ns3_version: str
    ns3_provider: str
    observation: tuple[Block, ...]
    action: Block
    records: tuple[RecordTable, ...]
    meta: Mapping[str, Any]
    futures: bool = False
    """Whether branches can meet other random draws than the episode's."""

    @classmethod
    def parse(cls, text: bytes | str) -> Schema:
        """Read the JSON that travels in the channel.

        Raises:
            SchemaMismatch: the schema is no such JSON, or has another version than this package
                reads.
        """
        try:
            data = parse_json(text, "the scenario's schema")
        except DocumentError as error:
            raise SchemaMismatch(f"{error}: rebuild the scenario with `tandem build`") from error
        if not isinstance(data, dict):
            raise SchemaMismatch(
                f"the scenario's schema is {type(data).__name__}, an object is expected: rebuild "
                "the scenario with `tandem build`"
            )
        version = data.get("tandem_schema")
        if version != SCHEMA_VERSION:
            raise SchemaMismatch(
                f"the scenario has schema version {version}, this package reads version "
                f"{SCHEMA_VERSION}: rebuild the scenario with `tandem build`"
            )
        (action,) = (_parse_block(entry) for entry in data["action"])
        return cls(
            scenario=data["scenario"],
            tandem_version=data["tandem_version"],
            ns3_version=data["ns3_version"],
            ns3_provider=data["ns3_provider"],
            observation=tuple(_parse_block(entry) for entry in data["observation"]),
            action=action,
            records=tuple(_parse_table(entry) for entry in data["records"]),
            futures=bool(data.get("futures", False)),
            meta=data["meta"],
        )

    def block(self, name: str) -> Block:
        """The observation block of that name.

        Raises:
            KeyError: there is none.
        """
        for block in self.observation:
            if block.name == name:
                return block
        names = ", ".join(block.name for block in self.observation)
        raise KeyError(f"scenario '{self.scenario}' has no block '{name}'; it has {names}")

    def agent_blocks(self) -> frozenset[str]:
        """Names of the observation blocks with one row per agent.

        An agent is an entry of the action block's first axis; the scenario declares which blocks
        have the same rows. Without that declaration no block has one row per agent.

        Raises:
            ValueError: a block with the same rows as the action block has another number of them.
        """
        rows, count = self.action.rows, math.prod(self.action.shape[:1])
        blocks = [block for block in self.observation if rows and block.rows == rows]
        for block in blocks:
            found = math.prod(block.shape[:1])
            if found != count:
                raise ValueError(
                    f"scenario {self.scenario!r} has {found} rows of {rows!r} in block "
                    f"{block.name!r}, but {count} in its action block: declare as many in both"
                )
        return frozenset(block.name for block in blocks)

    def record_columns(self, table: str) -> tuple[str, ...] | None:
        """Columns of the record table of that name; ``None`` when there is none."""
        for entry in self.records:
            if entry.name == table:
                return tuple(column.name for column in entry.columns)
        return None

    def observation_space(self) -> spaces.Dict:
        """``Dict`` of one float64 ``Box`` per observation block."""
        return spaces.Dict({block.name: block.space() for block in self.observation})

    def action_space(self) -> spaces.MultiDiscrete | spaces.Box:
        """``MultiDiscrete`` for an int32 block with axes that starts at 0, else ``Box``."""
        action = self.action
        if action.dtype == "float64":
            return spaces.Box(action.low, action.high, action.shape, np.float64)
        if action.low == 0 and action.shape:
            return spaces.MultiDiscrete(
                np.full(action.shape, int(action.high) + 1, np.int64), dtype=np.int64
            )
        return spaces.Box(int(action.low), int(action.high), action.shape, np.int32)


def _parse_block(entry: Mapping[str, Any]) -> Block:
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


def _parse_table(entry: Mapping[str, Any]) -> RecordTable:
    return RecordTable(
        name=entry["name"],
        capacity=entry["capacity"],
        offset=entry["offset"],
        header_bytes=entry["header_bytes"],
        columns=tuple(_parse_column(column) for column in entry["columns"]),
    )


def check_seed(seed: Any) -> None:
    """Refuse what ns-3 cannot take as RngRun.

    Raises:
        InvalidSeed: names the value and its limits.
    """
    if isinstance(seed, bool | np.bool_) or not isinstance(seed, int | np.integer):
        raise InvalidSeed(f"seed is {seed!r}, expected a whole number from 0 to 2^64 - 1")
    if not 0 <= seed < _SEED_LIMIT:
        raise InvalidSeed(f"seed is {seed}, allowed are 0 to 2^64 - 1")


def check_branching(schema: Schema, horizon: int, future: int) -> None:
    """Refuse branches that a scenario cannot run.

    Raises:
        ValueError: names the value and its limit.
    """
    if horizon < 1:
        raise ValueError(f"horizon is {horizon}, at least 1 epoch is needed")
    if not 0 <= future <= MAX_FUTURE:
        raise ValueError(f"future is {future}: 0 (what a step would meet) to {MAX_FUTURE}")
    if future and not schema.futures:
        raise ValueError(
            f"future is {future}, but scenario '{schema.scenario}' has one future only: let it "
            "call AgentLink::SetRedraw() before BeginEpisode()"
        )
