# SPDX-License-Identifier: MIT
"""The agents of a scenario with several: who they are, and what part of an action is whose.

An action block with ``rows`` has one agent of that kind for each entry of its first axis, which
plays that row of every action block with the same rows. A block without rows beside such blocks is
played by an agent of its own, of the block's name. Where no block has rows, each entry of the first
axis of the only block is an agent (``agent_0``, …), and of several blocks each block is one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from tandem.bridge.core.block import Block
from tandem.bridge.core.errors import UnfitObjective
from tandem.bridge.core.schema import Schema

#: Kind of an agent that the scenario does not name.
UNNAMED: Final = "agent"


@dataclass(frozen=True)
class Player:
    """One agent.

    Attributes:
        name: ``ap_0``, or the name of the block that it plays alone.
        kind: what it is one of: the rows of its blocks; "" if it is the only one.
        row: which of them; ``None``: it plays whole blocks.
        blocks: action blocks of which it plays its row, or all.
    """

    name: str
    kind: str
    row: int | None
    blocks: tuple[Block, ...]

    def action_space(self) -> spaces.Space[Any]:
        """``Discrete``, ``MultiDiscrete`` or ``Box``; of several blocks a ``Dict`` of these."""
        if len(self.blocks) == 1:
            return self._space(self.blocks[0])
        return spaces.Dict({block.name: self._space(block) for block in self.blocks})

    def write(self, action: Any, joint: Mapping[str, NDArray[Any]]) -> None:
        """Put its action into the arrays of the joint action.

        Raises:
            ValueError: it has another shape.
        """
        parts = action if len(self.blocks) > 1 else {self.blocks[0].name: action}
        for block in self.blocks:
            target = joint[block.name]
            place = (Ellipsis,) if self.row is None else (self.row,)
            target[place] = np.asarray(parts[block.name]).reshape(target[place].shape)

    def _space(self, block: Block) -> spaces.Space[Any]:
        low, high = (side if self.row is None else side[self.row] for side in block.limits)
        if block.is_real:
            low, high = np.atleast_1d(low), np.atleast_1d(high)
            return spaces.Box(low, high, dtype=np.float64)
        count, start = (high - low).astype(np.int64) + 1, low.astype(np.int64)
        if not count.shape:
            return spaces.Discrete(int(count), start=int(start))
        return spaces.MultiDiscrete(count, start=start)


def players_of(schema: Schema) -> tuple[Player, ...]:
    """The agents of a scenario, in the order of its action blocks.

    Raises:
        ValueError: blocks with the same rows have different numbers of them.
    """
    counts = schema.agents()
    only = schema.actions[0]
    if not counts and len(schema.actions) == 1 and only.shape:
        return tuple(
            Player(f"{UNNAMED}_{row}", UNNAMED, row, (only,)) for row in range(only.shape[0])
        )
    if not counts and len(schema.actions) == 1:
        return (Player(f"{UNNAMED}_0", "", None, (only,)),)
    players: list[Player] = []
    for kind, count in counts.items():
        blocks = tuple(block for block in schema.actions if block.rows == kind)
        players += [Player(f"{kind}_{row}", kind, row, blocks) for row in range(count)]
    players += [
        Player(block.name, "", None, (block,)) for block in schema.actions if not block.rows
    ]
    return tuple(players)


def rewards_by_agent(schema: Schema, given: Mapping[str, Any]) -> dict[str, float]:
    """Each agent's reward from what an objective returned.

    Args:
        schema: of the scenario.
        given: a number by the name of each agent, or an array by the kind of agents
            (``{"ap": [0.1, 0.7]}``).

    Raises:
        UnfitObjective: an agent has no reward, or a reward is nobody's.
    """
    players = players_of(schema)
    rewards: dict[str, float] = {}
    for player in players:
        if player.name in given:
            rewards[player.name] = float(given[player.name])
        elif player.row is not None and player.kind in given:
            row = np.asarray(given[player.kind], np.float64).ravel()
            if row.size != (schema.agents() or {UNNAMED: len(players)})[player.kind]:
                raise UnfitObjective(
                    f"the objective gives {row.size} rewards to {player.kind!r} of scenario "
                    f"{schema.scenario!r}: give one to each"
                )
            rewards[player.name] = float(row[player.row])
    names = [player.name for player in players]
    missing = [name for name in names if name not in rewards]
    unknown = sorted(set(given) - set(names) - {player.kind for player in players})
    if missing or unknown:
        raise UnfitObjective(
            f"the objective gives rewards to {sorted(given)}, but scenario {schema.scenario!r} has "
            f"the agents {names}: give each a number, or an array by kind"
        )
    return rewards
