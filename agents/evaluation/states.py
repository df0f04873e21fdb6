# SPDX-License-Identifier: MIT
"""Names a simulation's state by how it was reached: a seed and the joint actions since then."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tandem.agents.api import JointAction, Observation
from tandem.bridge.core.env import TandemEnv
from tandem.bridge.core.errors import TandemError


class HistoryError(TandemError):
    """An environment is not where its history says it is."""


@dataclass(frozen=True)
class History:
    """A packet-level state: equal histories of equal scenarios are equal bit for bit.

    Attributes:
        seed: of the episode.
        actions: the joint actions played since its start, oldest first.
    """

    seed: int
    actions: tuple[tuple[int, ...], ...] = ()

    def then(self, action: JointAction) -> History:
        """The history after one more decision."""
        played = tuple(int(option) for option in np.asarray(action))
        return replace(self, actions=(*self.actions, played))


class Walk:
    """An environment together with the history of its present state."""

    def __init__(self, env: TandemEnv) -> None:
        self.env = env
        self.history = History(0)
        self.observation: Observation = {}
        #: Record tables of the last epoch, by name.
        self.records: dict[str, NDArray[np.void]] = {}
        #: Whether the last epoch ended the episode for good; `over`: for good, or cut off.
        self.terminated = False
        self.over = True

    def reset(self, seed: int) -> Observation:
        """Start an episode."""
        self.observation, _ = self.env.reset(seed=seed)
        self.history = History(seed)
        self.over = False
        return self.observation

    def step(self, action: JointAction) -> float:
        """Play one epoch; returns its reward. `over` then says whether it was the last."""
        self.observation, reward, self.terminated, truncated, info = self.env.step(action)
        self.history = self.history.then(action)
        self.records = {table.name: info[table.name] for table in self.env.schema.records}
        self.over = self.terminated or truncated
        return reward

    def go_to(self, history: History) -> None:
        """Bring the environment to a state, from where it stands if that is on the way."""
        played = len(self.history.actions)
        on_the_way = self.history.actions == history.actions[:played]
        if self.over or self.history.seed != history.seed or not on_the_way:
            self.reset(history.seed)
            played = 0
        for action in history.actions[played:]:
            self.step(np.array(action, dtype=np.int32))

    def check(self) -> None:
        """Raise an error if other code has moved the environment.

        Raises:
            HistoryError: the episode is over, or its epoch is not the history's.
        """
        if self.over:
            raise HistoryError("the episode is over or was never started: call Walk.reset first")
        if self.env.decision != len(self.history.actions):
            raise HistoryError(
                f"the environment is at decision {self.env.decision}, the history has "
                f"{len(self.history.actions)} actions: move it by Walk.reset and Walk.step only"
            )
