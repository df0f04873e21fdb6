# SPDX-License-Identifier: MIT
"""A learner around another one, which does all that the outer one does not do itself."""

from __future__ import annotations

from typing import Any

from tandem.agents.api import Decision, JointAction, Learner, Lesson, Observation, Transition


class WrappedLearner:
    """Passes everything on; subclasses change what they need to. A `tandem.agents.api.Learner`."""

    def __init__(self, learner: Learner) -> None:
        self._learner = learner

    @property
    def name(self) -> str:
        """The inner learner's, as all that follows."""
        return self._learner.name

    @property
    def policy_version(self) -> int:
        return self._learner.policy_version

    def begin_episode(self, seed: int) -> None:
        self._learner.begin_episode(seed)

    def act(self, observation: Observation) -> JointAction:
        return self._learner.act(observation)

    def decide(self, observation: Observation) -> Decision:
        return self._learner.decide(observation)

    def learn(self, decision: Decision, transition: Transition) -> Lesson:
        return self._learner.learn(decision, transition)

    def state_dict(self) -> dict[str, Any]:
        return self._learner.state_dict()

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self._learner.load_state_dict(state)
