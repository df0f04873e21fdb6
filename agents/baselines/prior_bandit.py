# SPDX-License-Identifier: MIT
"""The analytic prior, corrected by a factor per user, option and part of the response time.

The plainest way to learn on top of knowledge, and so the yardstick of every cleverer one. Each
factor is learned by itself, from how many times longer than the prior says its part has taken.
Options and users have nothing in common, and states matter only through the prior. Waiting and
service at a site are one part, for what is expected to be no wait at all cannot be scaled.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from tandem.agents.api import Decision, JointAction, Lesson, Observation, Transition
from tandem.agents.common.settings import CountOrZero, Positive, Settings
from tandem.agents.inference.components import COMPONENTS, DEVICE, DOWNLINK, SERVICE, UPLINK, WAIT
from tandem.agents.inference.config import PlannerConfig
from tandem.agents.inference.model.config import PriorConfig
from tandem.agents.inference.model.prior import PriorView
from tandem.agents.inference.patterns import Patterns
from tandem.agents.inference.planner import Planner
from tandem.agents.inference.problem import JointProblem

Array = NDArray[np.float64]
#: Components that share a factor.
PARTS: Final = ((DEVICE,), (UPLINK,), (WAIT, SERVICE), (DOWNLINK,))
#: Sums components ``[…, 5]`` to parts ``[…, 4]``.
TO_PARTS: Final[Array] = np.array(
    [[float(component in part) for part in PARTS] for component in range(len(COMPONENTS))]
)
#: A part below this, observed or expected, says nothing about its factor, seconds.
LEAST_S: Final = 1e-4


class PriorBanditConfig(Settings):
    """The analytic prior with a learned factor per user, option and part of the response time."""

    spread: Positive = 1.0
    """Standard deviation of the logarithm of a factor before anything was seen."""
    noise: Positive = 0.25
    """Assumed standard deviation of one observation of it."""
    thompson_interactions: CountOrZero = 150
    """First interactions in which factors are drawn from what is believed about them (Thompson
    sampling); afterwards their means decide."""

    prior: PriorConfig = PriorConfig()
    planner: PlannerConfig = PlannerConfig()


class PriorBandit:
    """Plans in a prior whose parts are scaled; a `tandem.agents.api.Learner`.

    With observations y_1 … y_n of log(observed / prior), their noise s and the spread t, the
    posterior of a factor's logarithm is normal with precision 1/t² + n/s² and mean
    (Σ y / s²) / precision.

    Thompson, "On the likelihood that one unknown probability exceeds another in view of the
    evidence of two samples", Biometrika 25, 1933.

    Args:
        problem: users, options, threshold.
        config: settings.
        seed: decides the draws.

    Raises:
        PolicyError: the scenario has no device option.
    """

    def __init__(
        self, problem: JointProblem, config: PriorBanditConfig, seed: int, name: str
    ) -> None:
        self.name = name
        self.config = config
        self._problem = problem
        self._planner = Planner(problem, config.planner)
        self._rng = np.random.default_rng(seed)
        self._interactions = 0
        shape = (problem.users, len(problem.options), len(PARTS))
        self._sum: Array = np.zeros(shape)
        self._count: Array = np.zeros(shape)

    @property
    def policy_version(self) -> int:
        """Interactions learned from."""
        return self._interactions

    def begin_episode(self, seed: int) -> None:
        """Nothing to prepare; what was learned stays."""

    def act(self, observation: Observation) -> JointAction:
        """The best plan by the means of the factors."""
        mean, _ = self._posterior()
        return self._plan(observation, mean)

    def decide(self, observation: Observation) -> Decision:
        """The best plan by a draw of every factor."""
        mean, deviation = self._posterior()
        if self._interactions >= self.config.thompson_interactions:
            return Decision(self._plan(observation, mean), "greedy")
        drawn = mean + deviation * self._rng.standard_normal(mean.shape)
        return Decision(self._plan(observation, drawn), "thompson")

    def learn(self, decision: Decision, transition: Transition) -> Lesson:
        """Note how many times longer than the prior says each part of each answer took."""
        self._interactions += 1
        view = PriorView(self._problem, self.config.prior, transition.observation)
        expected_s = _expected_s(self._problem, view, transition.action) @ TO_PARTS
        observed_s = transition.components_s @ TO_PARTS
        known = (expected_s > LEAST_S) & (observed_s > LEAST_S) & transition.answered[:, None]
        user, part = np.nonzero(known)
        option = transition.action[user]
        self._sum[user, option, part] += np.log(observed_s[user, part] / expected_s[user, part])
        self._count[user, option, part] += 1.0
        return Lesson()

    def state_dict(self) -> dict[str, Any]:
        """Everything that changes, generators included."""
        return {
            "sum": self._sum.copy(),
            "count": self._count.copy(),
            "interactions": self._interactions,
            "rng": self._rng.bit_generator.state,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """The inverse of `state_dict`."""
        self._sum = np.array(state["sum"])
        self._count = np.array(state["count"])
        self._interactions = int(state["interactions"])
        self._rng.bit_generator.state = state["rng"]

    def _posterior(self) -> tuple[Array, Array]:
        """Mean and standard deviation of the logarithm of every factor, ``[N, K, 4]``."""
        precision = self.config.spread**-2 + self._count * self.config.noise**-2
        return self._sum * self.config.noise**-2 / precision, precision**-0.5

    def _plan(self, observation: Observation, log_factor: Array) -> JointAction:
        view = PriorView(self._problem, self.config.prior, observation)
        factor = np.exp(log_factor) @ TO_PARTS.T
        return self._planner.plan(ScaledView(self._problem, view, factor)).action


class ScaledView:
    """A prior at one observation, each component times a factor; what a planner searches in.

    Args:
        problem: users and options.
        view: the prior.
        factor: of every user, option and component, ``[N, K, 5]``.

    Attributes:
        device_s: response time of each user's device options, seconds, ``[N, K - M]``.
    """

    def __init__(self, problem: JointProblem, view: PriorView, factor: Array) -> None:
        self._view = view
        self._factor = factor[:, problem.network_options]
        self._timeout_s = problem.timeout_s
        self.device_s: Array = np.minimum(
            view.device_s * factor[:, problem.device_options, DEVICE], problem.timeout_s
        )

    def field_s(self, weights: Array) -> Array:
        """Response time of every user at every network option, ``[B, N, M]``, while the others
        load the network by ``weights`` ``[B, N, M]``."""
        components_s = self._view.network_components_s(weights) * self._factor
        return np.asarray(np.minimum(components_s.sum(axis=-1), self._timeout_s))

    def pattern_s(self, patterns: Patterns) -> Array:
        """Response time of each offloading user, ``[B, N]``; 0 for users on their devices.

        Args:
            patterns: ``[B, N]``, 0 for the device, m for the m-th network option (from 1).
        """
        options = self._factor.shape[1]
        weights = (patterns[..., None] == 1 + np.arange(options)).astype(np.float64)
        return np.asarray((self.field_s(weights) * weights).sum(axis=-1))


def _expected_s(problem: JointProblem, view: PriorView, action: JointAction) -> Array:
    """Components that the prior gives a joint action ``[N]``, seconds, ``[N, 5]``."""
    result = np.zeros((problem.users, len(COMPONENTS)))
    network = problem.network_options
    weights = (action[:, None] == network).astype(np.float64)
    components_s = view.network_components_s(weights[None])[0]
    user, choice = np.nonzero(weights)
    result[user] = components_s[user, choice]
    local = np.flatnonzero(~np.isin(action, network))
    variant = np.searchsorted(problem.device_options, action[local])
    result[local, DEVICE] = view.device_s[local, variant]
    return result
