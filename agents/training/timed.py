# SPDX-License-Identifier: MIT
"""What a learner's own work takes, apart from the simulator's."""

from __future__ import annotations

import time
from typing import Any

from tandem.agents.api import Decision, JointAction, Learner, Lesson, Observation, Transition


class TimedLearner:
    """A learner whose deciding and learning are timed; a `tandem.agents.api.Learner`.

    Attributes:
        times_s: processor time of each interaction, seconds.
    """

    def __init__(self, learner: Learner) -> None:
        self._learner = learner
        self._deciding_s = 0.0
        self.times_s: list[float] = []

    @property
    def name(self) -> str:
        return self._learner.name

    @property
    def policy_version(self) -> int:
        return self._learner.policy_version

    def begin_episode(self, seed: int) -> None:
        self._learner.begin_episode(seed)

    def act(self, observation: Observation) -> JointAction:
        return self._learner.act(observation)

    def decide(self, observation: Observation) -> Decision:
        started_s = time.process_time()
        decision = self._learner.decide(observation)
        self._deciding_s = time.process_time() - started_s
        return decision

    def learn(self, decision: Decision, transition: Transition) -> Lesson:
        started_s = time.process_time()
        lesson = self._learner.learn(decision, transition)
        self.times_s.append(self._deciding_s + time.process_time() - started_s)
        return lesson

    def state_dict(self) -> dict[str, Any]:
        return self._learner.state_dict()

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self._learner.load_state_dict(state)
