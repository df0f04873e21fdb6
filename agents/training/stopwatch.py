# SPDX-License-Identifier: MIT
"""Measures the processor time that a learner takes to decide and to learn."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tandem.agents.api import Decision, JointAction, Learner, Lesson, Observation, Transition


class Stopwatch:
    """A learner with a clock; a `tandem.agents.api.Learner` itself.

    Attributes:
        learner: decides and learns.
        cpu_s: processor time of this process in `decide` and `learn` so far, seconds.
    """

    def __init__(self, learner: Learner) -> None:
        self.learner = learner
        self.cpu_s = 0.0

    @property
    def name(self) -> str:
        """The learner's."""
        return self.learner.name

    @property
    def policy_version(self) -> int:
        """The learner's."""
        return self.learner.policy_version

    def begin_episode(self, seed: int) -> None:
        self.learner.begin_episode(seed)

    def act(self, observation: Observation) -> JointAction:
        return self.learner.act(observation)

    def decide(self, observation: Observation) -> Decision:
        with self._timed():
            return self.learner.decide(observation)

    def learn(self, decision: Decision, transition: Transition) -> Lesson:
        with self._timed():
            return self.learner.learn(decision, transition)

    def state_dict(self) -> dict[str, Any]:
        """The learner's; a resumed clock starts at 0."""
        return self.learner.state_dict()

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.learner.load_state_dict(state)

    @contextmanager
    def _timed(self) -> Iterator[None]:
        started_s = time.process_time()
        try:
            yield
        finally:
            self.cpu_s += time.process_time() - started_s
