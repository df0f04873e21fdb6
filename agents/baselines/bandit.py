# SPDX-License-Identifier: MIT
"""A bandit per user: which option has answered fastest so far, whatever the state.

Each user keeps the mean response time of each of its options and draws from what it believes
(Thompson sampling). The joint action is the one of least total time, by these draws, that reaches
the accuracy threshold. A user's feedback is its own response time, not the mean of all, so that it
learns N times as fast as a bandit over joint actions; the others are part of its noise.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from tandem.agents.api import Decision, JointAction, Lesson, Observation, Transition
from tandem.agents.common.settings import Count, Positive, Settings
from tandem.agents.inference.config import PlannerConfig
from tandem.agents.inference.planner import Planner
from tandem.agents.inference.problem import JointProblem

Array = NDArray[np.float64]
#: An option never tried is drawn from 0 to this: surely faster than any other, seconds.
UNTRIED_S: Final = 1e-6


class BanditConfig(Settings):
    """One Thompson sampler per user, blind to the state."""

    noise: Positive = 0.1
    """Assumed standard deviation of a response time, as a share of its mean."""
    memory: Count = 50
    """Trials of an option that count; older ones fade, because the other users change."""


class UserBandits:
    """Thompson sampling per user; a `tandem.agents.api.Learner`.

    Thompson, "On the likelihood that one unknown probability exceeds another in view of the
    evidence of two samples", Biometrika 25, 1933; tutorial: Russo et al., "A Tutorial on Thompson
    Sampling", Foundations and Trends in Machine Learning 11, 2018.

    Args:
        problem: users, options, threshold.
        config: settings.
        seed: decides the draws.

    Raises:
        PolicyError: the scenario has no device option.
    """

    def __init__(
        self, problem: JointProblem, config: BanditConfig, seed: int, name: str = "bandit"
    ) -> None:
        self.name = name
        self.config = config
        self._planner = Planner(problem, PlannerConfig())
        self._rng = np.random.default_rng(seed)
        self._nominal_s = problem.options.device_service_s + problem.options.service_s
        shape = (problem.users, len(problem.options))
        self._mean_s: Array = np.zeros(shape)
        self._count: Array = np.zeros(shape)
        self._interactions = 0

    @property
    def policy_version(self) -> int:
        """Interactions learned from."""
        return self._interactions

    def begin_episode(self, seed: int) -> None:
        """Nothing to prepare; what was learned stays."""

    def act(self, observation: Observation) -> JointAction:
        """The joint action of least mean response times; options never tried come last."""
        unknown_s = self._mean_s.max() + self._nominal_s
        return self._planner.project(np.where(self._count > 0, self._mean_s, unknown_s))

    def decide(self, observation: Observation) -> Decision:
        """The joint action that is least by a draw of every user for every option."""
        deviation = self.config.noise / np.sqrt(np.maximum(self._count, 1.0))
        factor = 1.0 + deviation * self._rng.standard_normal(self._count.shape)
        untried_s = UNTRIED_S * self._rng.random(self._count.shape)
        drawn_s = np.maximum(self._mean_s * factor, untried_s)
        action = self._planner.project(np.where(self._count > 0, drawn_s, untried_s))
        return Decision(action, "thompson")

    def learn(self, decision: Decision, transition: Transition) -> Lesson:
        """Move the means of the options that were played towards what was measured."""
        self._interactions += 1
        user = np.flatnonzero(transition.answered)
        option = transition.action[user]
        self._count[user, option] = np.minimum(
            self._count[user, option] + 1.0, float(self.config.memory)
        )
        step = 1.0 / self._count[user, option]
        measured_s = transition.response_s[user]
        self._mean_s[user, option] += step * (measured_s - self._mean_s[user, option])
        return Lesson()

    def state_dict(self) -> dict[str, Any]:
        """Everything that changes, generators included."""
        return {
            "mean_s": self._mean_s.copy(),
            "count": self._count.copy(),
            "interactions": self._interactions,
            "rng": self._rng.bit_generator.state,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """The inverse of `state_dict`."""
        self._mean_s = np.array(state["mean_s"])
        self._count = np.array(state["count"])
        self._interactions = int(state["interactions"])
        self._rng.bit_generator.state = state["rng"]
