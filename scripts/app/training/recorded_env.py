# SPDX-License-Identifier: MIT
"""An environment whose episodes are recorded, for training loops that are not ours."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np

from tandem.agents.evaluation.seeds import TRAINING
from tandem.agents.training.loop import EPISODE_STREAM
from tandem.bridge.core.env import TandemEnv
from tandem.bridge.runs.writer import RunWriter


class RecordedEnv(gymnasium.Wrapper[Any, Any, Any, Any]):
    """Writes every decision to a run, and draws the seeds of the episodes itself.

    An episode is written with its first decision, so that a reset with nothing after it leaves no
    trace.

    Args:
        env: plays; must put its record tables into ``info`` (the default).
        writer: an entered `RunWriter`.
        seed: decides the seeds of the episodes.
    """

    def __init__(self, env: TandemEnv, writer: RunWriter, seed: int) -> None:
        super().__init__(env)
        self._writer = writer
        self._tables = [table.name for table in env.schema.records]
        self._rng = np.random.default_rng([seed, EPISODE_STREAM])
        self._episode = -1
        self._seed = 0
        self._actions: list[Any] = []
        self._first: Any = None
        #: Reward of the last decision.
        self.reward = 0.0
        #: What was seen last.
        self.observation: Any = None

    @property
    def episode(self) -> int:
        """Number of the episode under way, from 0."""
        return self._episode

    @property
    def episode_seed(self) -> int:
        """Seed of the episode under way."""
        return self._seed

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        """Begin the next training episode; ``seed`` has no effect."""
        self._episode += 1
        self._seed = int(self._rng.integers(TRAINING.first, TRAINING.limit))
        self._actions = []
        self._first, info = self.env.reset(seed=self._seed)
        self.observation = self._first
        return self._first, info

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        """Play one decision and record it."""
        result = self.env.step(action)
        following, reward, terminated, truncated, info = result
        if not self._actions:
            self._writer.begin_episode(self._episode, self._seed, self._first)
        self._actions.append(action)
        self._writer.add(
            action,
            following,
            float(reward),
            terminated,
            truncated,
            {name: info[name] for name in self._tables},
        )
        self.reward = float(reward)
        self.observation = following
        return result

    def state_dict(self) -> dict[str, Any]:
        """What `load_state_dict` needs, in plain values."""
        return {
            "rng": self._rng.bit_generator.state,
            "episode": self._episode,
            "seed": self._seed,
            "actions": list(self._actions),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Bring the simulator to where it was, by playing the episode under way again."""
        self._rng.bit_generator.state = state["rng"]
        self._episode = int(state["episode"])
        self._seed = int(state["seed"])
        self._actions = list(state["actions"])
        self._first, _ = self.env.reset(seed=self._seed)
        self.observation = self._first
        for action in self._actions:
            self.observation = self.env.step(action)[0]
