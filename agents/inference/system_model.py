# SPDX-License-Identifier: MIT
"""The system model: network part and compute part, per user and component.

A *base* estimates how long each component takes: hand-written physics, or a network that was
trained on other scenarios. *Calibration* corrects it by what requests really took, in closed form:
where the base is right little changes, where it is wrong a few requests suffice. Every correction
has an uncertainty, so the model can also be asked for a draw of what may be true.

* `tandem.agents.inference.model.base`: what it starts from.
* `tandem.agents.inference.model.calibration`: what it learns.
* Here: how the two make response times of joint actions.

Shapes: B joint actions, N users, K options, V device options, M network options.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tandem.agents.api import Observation, Transition
from tandem.agents.inference.components import COMPONENTS, DEVICE, DOWNLINK, SERVICE, UPLINK, WAIT
from tandem.agents.inference.model.base import AnalyticBase, BaseModel, BaseView, LoadBlind
from tandem.agents.inference.model.beliefs import Beliefs
from tandem.agents.inference.model.calibration import Calibration, Outcome
from tandem.agents.inference.model.config import ModelConfig, PriorConfig
from tandem.agents.inference.model.constant import ConstantBase
from tandem.agents.inference.model.network_file import SHIPPED, load_pretrained
from tandem.agents.inference.model.pretrained import PretrainedBase
from tandem.agents.inference.options import PolicyError
from tandem.agents.inference.problem import JointProblem

Array = NDArray[np.float64]


class SystemModel:
    """A base and its calibration.

    Args:
        problem: users, options and columns.
        config: settings.
        prior: settings of the analytic base.

    Raises:
        PolicyError: the settings fix a column that users do not have.
    """

    def __init__(self, problem: JointProblem, config: ModelConfig, prior: PriorConfig) -> None:
        for name in config.fixed_columns:
            if name not in problem.user_columns:
                raise PolicyError(
                    f"model.fixed_columns has {name!r}, which users do not have: one of "
                    f"{', '.join(problem.user_columns)}"
                )
        self.problem = problem
        self._config = config
        base = _base_of(problem, config, prior)
        self._base = base if config.use_structure else LoadBlind(base)
        self.calibration = Calibration(problem, config.calibration, base.row_width)

    def begin_episode(self) -> None:
        """Forget what held for the last episode only."""
        self.calibration.begin_episode()

    def view(self, observation: Observation, beliefs: Beliefs | None = None) -> ModelView:
        """The model at one observation, as the planner asks it.

        Args:
            beliefs: what is taken for true; by default what is believed on average.
        """
        beliefs = self.calibration.mean() if beliefs is None else beliefs
        base = self._base.at(self._seen(observation), beliefs.facts(self.problem))
        return ModelView(self.problem, base, beliefs)

    def elsewhere(self, observation: Observation) -> ModelView:
        """The model at an observation of any episode, the present one or another."""
        return self.view(observation, self.calibration.elsewhere(observation))

    def draw(
        self, observation: Observation, rng: np.random.Generator, optimism: float = 0.0
    ) -> ModelView:
        """The model at one observation, with one draw of what may be true.

        Args:
            optimism: as for `Calibration.draw`.
        """
        return self.view(observation, self.calibration.draw(rng, optimism))

    def learn(self, transition: Transition) -> bool:
        """Learn from a transition; returns whether the system has changed."""
        answered = np.flatnonzero(transition.answered)
        outcome = Outcome(
            user=answered,
            option=transition.action[answered].astype(np.intp),
            components_s=transition.components_s[answered],
            upload_bytes=transition.upload_bytes[answered],
        )
        self.calibration.learn_sizes(outcome)
        view = self.view(transition.observation)
        base_s, waits_s = view.base_of(transition.action)
        return self.calibration.learn(
            outcome,
            view.base.backlog_s[answered],
            base_s[answered, UPLINK],
            base_s[answered, DOWNLINK],
            waits_s[answered],
            view.rows_of(transition.action)[answered],
        )

    def state_dict(self) -> dict[str, Any]:
        """Everything that learning changed."""
        return self.calibration.state_dict()

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """The inverse of `state_dict`, on a model of the same problem and settings."""
        self.calibration.load_state_dict(state)

    def _seen(self, observation: Observation) -> Observation:
        """A copy with the columns replaced to which the settings make the model blind."""
        if not self._config.fixed_columns:
            return observation
        seen = {name: block.copy() for name, block in observation.items()}
        for name, value in self._config.fixed_columns.items():
            seen["users"][:, self.problem.user_columns[name]] = value
        return seen


class ModelView:
    """The model at one observation; a `tandem.agents.inference.planning.view.ResponseView`.

    Attributes:
        base: the estimate that is corrected.
    """

    def __init__(self, problem: JointProblem, base: BaseView, beliefs: Beliefs) -> None:
        self.base = base
        self._problem = problem
        self._beliefs = beliefs
        device, network = problem.device_options, problem.network_options
        table_s = problem.options.service_s
        self.device_s: Array = base.backlog_s[:, None] + table_s[device] * np.exp(beliefs.device)
        self._service_s = table_s[network] * np.exp(beliefs.service)
        self._uplink = np.exp(beliefs.uplink)
        self._downlink_s = base.downlink_s * np.exp(beliefs.downlink)

    def field_s(self, weights: Array) -> Array:
        """Response time of every user at every network option, ``[B, N, M]``, while the others
        load the network by ``weights`` ``[B, N, M]``."""
        uplink_s = self.base.uplink_s(weights) * self._factor(weights)
        wait_s = self._wait_s(*self.base.waits_s(weights, uplink_s))
        return np.minimum(
            uplink_s + wait_s + self._service_s + self._downlink_s, self._problem.timeout_s
        )

    def pattern_s(self, patterns: NDArray[np.integer]) -> Array:
        """Response time of each offloading user, ``[B, N]``; 0 for users on their devices.

        Args:
            patterns: ``[B, N]``, 0 for the device, m for the m-th network option (from 1).
        """
        chosen = patterns[..., None] == 1 + np.arange(len(self._problem.network_options))
        return np.asarray((self.field_s(chosen.astype(np.float64)) * chosen).sum(axis=-1))

    def components_s(self, action: NDArray[np.integer]) -> Array:
        """Components of each user's response time under one joint action ``[N]``, ``[N, 5]``."""
        result, waits_s = self.base_of(action)
        remote, user, place = self._split(action)
        away = np.flatnonzero(remote)
        result[user, DEVICE] = self.device_s[user, place[user]]
        at = place[away]
        result[away, UPLINK] *= self._factor(self._weights(action))[0, away, at]
        result[away, DOWNLINK] = self._downlink_s[away, at]
        result[away, SERVICE] = self._service_s[at]
        drain_s, behind_s = waits_s[away].T
        coefficients = self._beliefs.wait[:, at]
        result[away, WAIT] = np.maximum(
            coefficients[0] * drain_s + coefficients[1] * behind_s + self._beliefs.wait_s[at], 0.0
        )
        return result

    def base_of(self, action: NDArray[np.integer]) -> tuple[Array, Array]:
        """What the base says about the remote users of one joint action ``[N]``.

        Returns:
            Uplink and downlink in their places, the rest 0, ``[N, 5]``; backlog and others' jobs at
            each user's site, ``[N, 2]``. All in seconds, 0 for users on their devices.
        """
        users = self._problem.users
        result, waits_s = np.zeros((users, len(COMPONENTS))), np.zeros((users, 2))
        remote, _, place = self._split(action)
        away = np.flatnonzero(remote)
        weights = self._weights(action)
        uplink_s = self.base.uplink_s(weights)
        corrected_s = uplink_s * self._factor(weights)
        parts = self.base.waits_s(weights, corrected_s)
        at = place[away]
        result[away, UPLINK] = uplink_s[0, away, at]
        result[away, DOWNLINK] = self.base.downlink_s[away, at]
        waits_s[away] = np.stack([part[0, away, at] for part in parts], axis=1)
        return result, waits_s

    def rows_of(self, action: NDArray[np.integer]) -> Array:
        """Numbers that the base gives with the uplinks of one joint action ``[N]``, ``[N, D]``;
        0 for users on their devices."""
        weights = self._weights(action)
        return np.asarray((self.base.uplink_rows(weights)[0] * weights[0, ..., None]).sum(axis=1))

    def _weights(self, action: NDArray[np.integer]) -> Array:
        """Who is at which network option under one joint action, ``[1, N, M]``."""
        chosen = action[:, None] == self._problem.network_options
        return np.asarray(chosen.astype(np.float64)[None])

    def _factor(self, weights: Array) -> Array:
        """By what uplinks of the base are multiplied, ``[B, N, M]`` or ``[1, N, M]``."""
        effects = self._beliefs.uplink_rows
        if not len(effects):
            return np.asarray(self._uplink[None])
        return np.asarray(self._uplink * np.exp(self.base.uplink_rows(weights) @ effects))

    def _wait_s(self, drain_s: Array, behind_s: Array) -> Array:
        a, b = self._beliefs.wait
        return np.asarray(np.maximum(a * drain_s + b * behind_s + self._beliefs.wait_s, 0.0))

    def _split(
        self, action: NDArray[np.integer]
    ) -> tuple[NDArray[np.bool_], NDArray[np.intp], NDArray[np.intp]]:
        """Who offloads ``[N]``, who does not, and each option's place in its group ``[N]``."""
        device, network = self._problem.device_options, self._problem.network_options
        remote = np.isin(action, network)
        place = np.where(remote, np.searchsorted(network, action), np.searchsorted(device, action))
        return remote, np.flatnonzero(~remote), place.astype(np.intp)


def _base_of(problem: JointProblem, config: ModelConfig, prior: PriorConfig) -> BaseModel:
    """The base that the settings name."""
    match config.base:
        case "physics":
            return AnalyticBase(problem, prior)
        case "pretrained":
            file = Path(config.networks) if config.networks else SHIPPED
            return PretrainedBase(problem, load_pretrained(file))
        case "nothing":
            return ConstantBase(problem)
