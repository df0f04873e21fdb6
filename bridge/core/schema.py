# SPDX-License-Identifier: MIT
"""What a scenario declared in C++, as Python types: the only source of spaces and columns."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from gymnasium import spaces

from tandem.bridge.core.block import Block, RecordTable, parse_block, parse_table
from tandem.bridge.core.documents import DocumentError, parse_json
from tandem.bridge.core.errors import InvalidSeed, SchemaMismatch, TandemError, UnknownPolicy
from tandem.bridge.core.joint_action import JointAction

#: What this package writes; it reads the versions before it as well.
SCHEMA_VERSION = 2
#: Highest number of a future; 0 is the one that a step meets.
MAX_FUTURE = 65_535
_SEED_LIMIT = 2**64


@dataclass(frozen=True)
class Schema:
    """A scenario's declaration: blocks, tables and fixed facts (``meta``)."""

    scenario: str
    tandem_version: str
    ns3_version: str
    ns3_provider: str
    observation: tuple[Block, ...]
    actions: tuple[Block, ...]
    records: tuple[RecordTable, ...]
    meta: Mapping[str, Any]
    futures: bool = False
    """Whether branches can meet other random draws than the episode's."""
    masks: Mapping[str, str] = field(default_factory=dict)
    """Name of the observation block that is the mask of an action block, by the latter's name."""
    policies: tuple[str, ...] = ()
    """Names of the scenario's own policies (``SetPolicy()``), the one by default first."""

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
        if version not in range(1, SCHEMA_VERSION + 1):
            raise SchemaMismatch(
                f"the scenario has schema version {version}, this package reads versions 1 to "
                f"{SCHEMA_VERSION}: rebuild the scenario with `tandem build`"
            )
        return cls(
            scenario=data["scenario"],
            tandem_version=data["tandem_version"],
            ns3_version=data["ns3_version"],
            ns3_provider=data["ns3_provider"],
            observation=tuple(parse_block(entry) for entry in data["observation"]),
            actions=tuple(parse_block(entry) for entry in data["action"]),
            records=tuple(parse_table(entry) for entry in data["records"]),
            futures=bool(data.get("futures", False)),
            masks=data.get("masks", {}),
            policies=tuple(data.get("policies", ())),
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

    @property
    def action(self) -> Block:
        """The action block of a scenario that has one.

        Raises:
            TandemError: it has several (`actions`).
        """
        if len(self.actions) != 1:
            names = ", ".join(block.name for block in self.actions)
            raise TandemError(
                f"scenario {self.scenario!r} has {len(self.actions)} action blocks ({names}), "
                "and one is expected here"
            )
        return self.actions[0]

    @property
    def joint_action(self) -> JointAction:
        """All action blocks together."""
        return JointAction(self.actions)

    def agents(self) -> dict[str, int]:
        """How many agents of each kind there are; empty where the scenario does not say.

        An agent is an entry of the first axis of an action block with ``rows``, which is its kind.

        Raises:
            ValueError: blocks with the same rows have different numbers of them.
        """
        counts: dict[str, int] = {}
        for block in self.actions:
            if not block.rows:
                continue
            found = math.prod(block.shape[:1])
            count = counts.setdefault(block.rows, found)
            if found != count:
                raise ValueError(
                    f"scenario {self.scenario!r} has {found} rows of {block.rows!r} in action "
                    f"block {block.name!r}, but {count} in another: declare as many in both"
                )
        for block in self.observation:
            found = math.prod(block.shape[:1])
            if counts.get(block.rows, found) != found:
                raise ValueError(
                    f"scenario {self.scenario!r} has {found} rows of {block.rows!r} in block "
                    f"{block.name!r}, but {counts[block.rows]} in its action block: declare as "
                    "many in both"
                )
        return counts

    def agent_blocks(self) -> frozenset[str]:
        """Names of the observation blocks with one row per agent of one kind.

        The scenario declares which blocks have the rows of an action block. Without that
        declaration no block has one row per agent.

        Raises:
            ValueError: as `agents`.
        """
        kinds = self.agents()
        return frozenset(block.name for block in self.observation if block.rows in kinds)

    def record_columns(self, table: str) -> tuple[str, ...] | None:
        """Columns of the record table of that name; ``None`` when there is none."""
        for entry in self.records:
            if entry.name == table:
                return tuple(column.name for column in entry.columns)
        return None

    def observation_space(self) -> spaces.Dict:
        """``Dict`` of one float64 ``Box`` per observation block."""
        return spaces.Dict({block.name: block.space() for block in self.observation})

    def action_space(self) -> spaces.MultiDiscrete | spaces.Box | spaces.Dict:
        """`Block.action_space` of the action block; of several, a ``Dict`` of them."""
        return self.joint_action.space()


def check_seed(seed: Any) -> None:
    """Refuse what ns-3 cannot take as RngRun.

    Raises:
        InvalidSeed: names the value and its limits.
    """
    if isinstance(seed, bool | np.bool_) or not isinstance(seed, int | np.integer):
        raise InvalidSeed(f"seed is {seed!r}, expected a whole number from 0 to 2^64 - 1")
    if not 0 <= seed < _SEED_LIMIT:
        raise InvalidSeed(f"seed is {seed}, allowed are 0 to 2^64 - 1")


def policy_number(schema: Schema, policy: str) -> int:
    """Position of one of the scenario's own policies.

    Raises:
        UnknownPolicy: there is none of that name.
    """
    if policy not in schema.policies:
        known = ", ".join(schema.policies) or "none: call AgentLink::SetPolicy()"
        raise UnknownPolicy(
            f"scenario {schema.scenario!r} has no policy {policy!r}; it has {known}"
        )
    return schema.policies.index(policy)


def check_future(schema: Schema, future: int) -> None:
    """Refuse random draws that a scenario cannot meet.

    Raises:
        ValueError: names the value and its limit.
    """
    if not 0 <= future <= MAX_FUTURE:
        raise ValueError(f"future is {future}: 0 (what a step would meet) to {MAX_FUTURE}")
    if future and not schema.futures:
        raise ValueError(
            f"future is {future}, but scenario '{schema.scenario}' has one future only: let it "
            "call AgentLink::SetRedraw() before BeginWarmup() and BeginEpisode()"
        )
