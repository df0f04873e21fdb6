# SPDX-License-Identifier: MIT
"""Lets a policy that does not learn run in the training loop, for comparison."""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np

from tandem.agents.api import Agent, Decision, JointAction, Lesson, Observation, Transition


class FixedLearner:
    """Plays a policy and learns nothing.

    The policy's own draws are restarted at each decision, from the episode's seed and the number
    of the decision, so that a resumed run draws what an uninterrupted one draws.
    """

    def __init__(self, policy: Agent) -> None:
        self._policy = policy
        self._seed = 0
        self._decisions = 0

    @property
    def name(self) -> str:
        """The policy's."""
        return self._policy.name

    @property
    def policy_version(self) -> int:
        """Always 0: nothing changes."""
        return 0

    def begin_episode(self, seed: int) -> None:
        """Count decisions from here."""
        self._seed = seed
        self._decisions = 0

    def decide(self, observation: Observation) -> Decision:
        """What the policy plays."""
        self._decisions += 1
        return Decision(self._draw([self._seed, self._decisions], observation), self.name)

    def learn(self, decision: Decision, transition: Transition) -> Lesson:
        """Nothing."""
        return Lesson()

    def act(self, observation: Observation) -> JointAction:
        """What the policy plays; a random policy draws the same at the same observation."""
        seen = b"".join(np.asarray(block).tobytes() for block in observation.values())
        return self._draw([zlib.crc32(seen)], observation)

    def state_dict(self) -> dict[str, Any]:
        """Where the draws stand."""
        return {"seed": self._seed, "decisions": self._decisions}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """The inverse of `state_dict`."""
        self._seed = int(state["seed"])
        self._decisions = int(state["decisions"])

    def _draw(self, entropy: list[int], observation: Observation) -> JointAction:
        seed = int(np.random.SeedSequence(entropy).generate_state(1)[0])
        self._policy.begin_episode(seed)
        return np.asarray(self._policy.act(observation), dtype=np.int32)
