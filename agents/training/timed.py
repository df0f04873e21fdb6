# SPDX-License-Identifier: MIT
"""What a learner's own work takes, apart from the simulator's."""

from __future__ import annotations

import time

from tandem.agents.api import Decision, Learner, Lesson, Observation, Transition
from tandem.agents.training.wrapped import WrappedLearner


class TimedLearner(WrappedLearner):
    """A learner whose deciding and learning are timed; a `tandem.agents.api.Learner`.

    Attributes:
        times_s: processor time of each interaction, seconds.
    """

    def __init__(self, learner: Learner) -> None:
        super().__init__(learner)
        self._deciding_s = 0.0
        self.times_s: list[float] = []

    def decide(self, observation: Observation) -> Decision:
        started_s = time.process_time()
        decision = super().decide(observation)
        self._deciding_s = time.process_time() - started_s
        return decision

    def learn(self, decision: Decision, transition: Transition) -> Lesson:
        started_s = time.process_time()
        lesson = super().learn(decision, transition)
        self.times_s.append(self._deciding_s + time.process_time() - started_s)
        return lesson
