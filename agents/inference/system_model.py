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

import fnmatch
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tandem.agents.api import Observation, Transition
from tandem.agents.common.errors import PolicyError
from tandem.agents.inference.components import COMPONENTS, DEVICE, DOWNLINK, SERVICE, UPLINK, WAIT
from tandem.agents.inference.model.base import AnalyticBase, BaseModel, BaseView, LoadBlind
from tandem.agents.inference.model.beliefs import Beliefs
from tandem.agents.inference.model.calibration import Calibration, Outcome
from tandem.agents.inference.model.config import ModelConfig, PriorConfig
from tandem.agents.inference.model.constant import ConstantBase
from tandem.agents.inference.model.network_file import SHIPPED, load_pretrained
from tandem.agents.inference.model.pretrained import PretrainedBase
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
        self._fixed: dict[int, float] = {}
        for name, value in config.fixed_columns.items():
            columns = fnmatch.filter(problem.user_columns, name)
            self._fixed |= {problem.user_columns[column]: value for column in columns}
            if not columns:
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
        expected = view.expected(transition.action)
        return self.calibration.learn(
            outcome,
            view.base.backlog_s[answered],
            expected.uplink_s[answered],
            expected.downlink_s[answered],
            expected.waits_s[answered],
            expected.uplink_rows[answered],
        )

    def state_dict(self) -> dict[str, Any]:
        """Everything that learning changed."""
        return self.calibration.state_dict()

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """The inverse of `state_dict`, on a model of the same problem and settings."""
        self.calibration.load_state_dict(state)

    def _seen(self, observation: Observation) -> Observation:
        """A copy with the columns replaced to which the settings make the model blind."""
        if not self._fixed:
            return observation
        seen = {name: block.copy() for name, block in observation.items()}
        for column, value in self._fixed.items():
            seen["users"][:, column] = value
        return seen


@dataclass(frozen=True)
class Expected:
    """What the base says about one joint action; 0 for users on their devices.

    Attributes:
        uplink_s, downlink_s: as the base has them, seconds, ``[N]``.
        corrected_s: the uplink as the model corrects it, seconds, ``[N]``.
        waits_s: backlog and others' jobs at each user's site, seconds, ``[N, 2]``.
        uplink_rows: numbers that the base gives with the uplink, ``[N, D]``.
    """

    uplink_s: Array
    downlink_s: Array
    corrected_s: Array
    waits_s: Array
    uplink_rows: Array


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
        own = beliefs.device[:, : len(device)]
        self.device_s: Array = base.backlog_s[:, None] + table_s[device] * np.exp(own)
        self._first_s = self._first_parts_s()
        self._service_s = table_s[network] * np.exp(beliefs.service)
        self._uplink = np.exp(beliefs.uplink)
        self._downlink_s = base.downlink_s * np.exp(beliefs.downlink)

    def field_s(self, weights: Array) -> Array:
        """Response time of every user at every network option, ``[B, N, M]``, while the others
        load the network by ``weights`` ``[B, N, M]``."""
        _, _, uplink_s = self._uplinks(weights)
        wait_s = self._wait_s(*self.base.waits_s(weights, self._first_s + uplink_s))
        return np.minimum(
            uplink_s + wait_s + self._service_s + self._downlink_s + self._first_s,
            self._problem.timeout_s,
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
        result = np.zeros((self._problem.users, len(COMPONENTS)))
        expected = self.expected(action)
        remote, user, place = self._split(action)
        away = np.flatnonzero(remote)
        result[user, DEVICE] = self.device_s[user, place[user]]
        at = place[away]
        result[away, DEVICE] = self._first_s[away, at]
        result[away, UPLINK] = expected.corrected_s[away]
        result[away, DOWNLINK] = self._downlink_s[away, at]
        result[away, SERVICE] = self._service_s[at]
        drain_s, behind_s = expected.waits_s[away].T
        result[away, WAIT] = self._wait_s(drain_s, behind_s, at)
        return result

    def expected(self, action: NDArray[np.integer]) -> Expected:
        """What the base says about one joint action ``[N]``."""
        weights = (action[:, None] == self._problem.network_options).astype(np.float64)[None]
        uplink_s, rows, corrected_s = self._uplinks(weights)
        parts = self.base.waits_s(weights, self._first_s + corrected_s)
        chosen = weights[0]

        def of_choice(values: Array) -> Array:
            return np.asarray((values * chosen).sum(axis=1))

        return Expected(
            uplink_s=of_choice(uplink_s[0]),
            downlink_s=of_choice(self.base.downlink_s),
            corrected_s=of_choice(corrected_s[0]),
            waits_s=np.stack([of_choice(part[0]) for part in parts], axis=1),
            uplink_rows=np.asarray((rows[0] * chosen[..., None]).sum(axis=1)),
        )

    def _first_parts_s(self) -> Array:
        """Time until each network option's upload can begin, ``[N, M]``: 0 unless it is split."""
        problem = self._problem
        first_s = np.zeros((problem.users, len(problem.network_options)))
        split = problem.split_options
        if len(split):
            factor = np.exp(self._beliefs.device[:, len(problem.device_options) :])
            work_s = problem.options.device_service_s[split] * factor
            place = np.searchsorted(problem.network_options, split)
            first_s[:, place] = self.base.backlog_s[:, None] + work_s
        return first_s

    def _uplinks(self, weights: Array) -> tuple[Array, Array, Array]:
        """The base's uplinks with the numbers that come with them, and the corrected uplinks."""
        uplink_s, rows = self.base.uplink(weights)
        factor = self._uplink * np.exp(rows @ self._beliefs.uplink_rows)
        return uplink_s, rows, np.asarray(uplink_s * factor)

    def _wait_s(
        self, drain_s: Array, behind_s: Array, at: NDArray[np.intp] | slice = slice(None)
    ) -> Array:
        """Waits at the network options ``at``, all by default."""
        a, b = self._beliefs.wait[:, at]
        return np.asarray(np.maximum(a * drain_s + b * behind_s + self._beliefs.wait_s[at], 0.0))

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
