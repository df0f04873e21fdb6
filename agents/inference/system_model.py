# SPDX-License-Identifier: MIT
"""The learned system model: network part and compute part, per user and component.

An ensemble predicts, for each user and the option it takes, how far the logarithm of each
response-time component lies from the analytic prior, with a variance, and how the user's state
changes. Every user goes through the same network and sees the others only as sums of loads, so a
permutation of the users permutes the predictions, and a model trained with some users predicts
for any number of them.

* `tandem.agents.inference.model.option_rows`: what the ensemble sees.
* `tandem.agents.inference.model.ensemble`: how it learns.
* Here: what its outputs mean, as predictions and for the planner.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from tandem.agents.api import Observation, Transition
from tandem.agents.inference.components import COMPONENTS, DEVICE
from tandem.agents.inference.config import ModelConfig, PriorConfig
from tandem.agents.inference.model.ensemble import TrainedEnsemble
from tandem.agents.inference.model.features import TIME_FLOOR_S, compress_s
from tandem.agents.inference.model.option_rows import ModelInputs, OptionRows
from tandem.agents.inference.model.training_rows import RowBatch, TrainingRows
from tandem.agents.inference.problem import JointProblem

Array = NDArray[np.float64]

#: The mean of a log-normal grows with its variance; beyond this one the fit is not believed.
LARGEST_MEAN_VARIANCE: Final = 0.1


@dataclass(frozen=True)
class Prediction:
    """What each elite says; E elites, B joint actions, N users.

    Attributes:
        components_s: mean of each component, seconds, ``[E, B, N, 4]``.
        next_users: the block ``users`` at the next decision, ``[E, B, N, columns]``.
    """

    components_s: Array
    next_users: Array

    @property
    def response_s(self) -> Array:
        """Mean response time, seconds, ``[E, B, N]``."""
        return np.asarray(self.components_s.sum(axis=-1))


class SystemModel:
    """Ensemble over a prior; learns from transitions, predicts joint actions.

    Args:
        problem: users, options and columns.
        config: settings of the ensemble.
        prior: settings of the analytic prior.
        seed: decides initial weights, resamples and batches.

    Raises:
        PolicyError: the settings fix a column that users do not have.
    """

    def __init__(
        self, problem: JointProblem, config: ModelConfig, prior: PriorConfig, seed: int
    ) -> None:
        self.problem = problem
        self._inputs = ModelInputs(problem, config, prior)
        self._users = self._inputs.features.users
        self._ensemble = TrainedEnsemble(
            config,
            inputs=self._inputs.features.width,
            targets=len(COMPONENTS),
            extras=len(problem.user_columns),
            seed=seed,
        )

    @property
    def elites(self) -> tuple[int, ...]:
        """The members of the ensemble that predict."""
        return self._ensemble.elites

    @property
    def rows(self) -> TrainingRows:
        """What was learned from: one row per user and decision."""
        return self._ensemble.rows

    def add(self, transition: Transition) -> None:
        """Remember a transition; it counts from the next `fit` on."""
        action = transition.action
        rows, base = self._inputs.at(transition.observation).of_actions(action[None])
        weight = np.zeros((self.problem.users, len(COMPONENTS)))
        weight[self._inputs.is_network[action]] = 1.0
        weight[:, DEVICE] = 1.0
        weight[~transition.answered] = 0.0
        before = self._users.encode(transition.observation["users"])
        after = self._users.encode(transition.next_observation["users"])
        self._ensemble.add(
            RowBatch(
                features=rows[0].astype(np.float32),
                target=(compress_s(transition.components_s) - base[0]).astype(np.float32),
                weight=weight.astype(np.float32),
                change=(after - before).astype(np.float32),
            )
        )

    def fit(self, steps: int | None = None) -> float:
        """Learn from all that was added; returns the validation loss.

        See `tandem.agents.inference.model.ensemble.TrainedEnsemble.fit`.
        """
        return self._ensemble.fit(steps)

    def fade(self, keep_transitions: int, factor: float) -> None:
        """Let all but the last transitions count ``factor`` as much as before."""
        self._ensemble.fade(keep_transitions * self.problem.users, factor)

    def view(self, observation: Observation, members: tuple[int, ...] | None = None) -> ModelView:
        """The model at one observation, as the planner asks it.

        Args:
            members: networks whose mean is taken; the elites by default.
        """
        members = self.elites if members is None else members
        return ModelView(self, self._inputs.at(observation), members)

    def predict(self, observation: Observation, actions: NDArray[np.integer]) -> Prediction:
        """What the elites say about joint actions ``[B, N]`` at an observation."""
        rows, base = self._inputs.at(observation).of_actions(actions)
        cases, users = actions.shape
        flat = rows.reshape(cases * users, -1)
        mean, log_variance, change = self._ensemble.outputs(flat, self.elites)
        shape = (len(self.elites), cases, users, len(COMPONENTS))
        components_s = self._seconds(base, mean.reshape(shape), log_variance.reshape(shape))
        exists = np.ones((cases, users, len(COMPONENTS)))
        exists[~self._inputs.is_network[actions]] = np.eye(len(COMPONENTS))[DEVICE]
        moved = self._users.encode(observation["users"]) + change.reshape(*shape[:-1], -1)
        return Prediction(components_s * exists, self._users.decode(moved))

    def component_means_s(self, rows: Array, base: Array, members: tuple[int, ...]) -> Array:
        """Mean components of feature rows ``[R, F]`` over ``members``, seconds, ``[R, 4]``."""
        mean, log_variance, _ = self._ensemble.outputs(rows, members)
        return np.asarray(self._seconds(base, mean, log_variance).mean(axis=0))

    def state_dict(self) -> dict[str, Any]:
        """Everything that learning changed, generators included."""
        return self._ensemble.state_dict()

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """The inverse of `state_dict`, on a model with the same settings.

        The problem may have another number of users.
        """
        self._ensemble.load_state_dict(state)

    def _seconds(
        self, base: Array, mean: NDArray[np.float32], log_variance: NDArray[np.float32]
    ) -> Array:
        """Means of log-normal components, cut at the time-out."""
        variance = np.minimum(self._ensemble.variance(log_variance), LARGEST_MEAN_VARIANCE)
        exponent = np.minimum(
            base + mean + variance / 2.0, np.log1p(self.problem.timeout_s / TIME_FLOOR_S)
        )
        return np.asarray(np.maximum(np.expm1(exponent), 0.0) * TIME_FLOOR_S)


class ModelView:
    """The model at one observation: what `tandem.agents.inference.planner` searches in.

    Attributes:
        device_s: response time of each user's device options, seconds, ``[N, K - M]``.
    """

    def __init__(self, model: SystemModel, inputs: OptionRows, members: tuple[int, ...]) -> None:
        self._model = model
        self._inputs = inputs
        self._members = members
        self._device_s: Array | None = None

    @property
    def device_s(self) -> Array:
        if self._device_s is None:
            self._device_s = np.asarray(self._means(*self._inputs.device())[..., DEVICE])
        return self._device_s

    def field_s(self, weights: Array) -> Array:
        """Response time of every user at every network option, ``[B, N, M]``, while the others
        load the network by ``weights`` ``[B, N, M]``."""
        return np.asarray(self._means(*self._inputs.network(weights)).sum(axis=-1))

    def pattern_s(self, patterns: NDArray[np.integer]) -> Array:
        """Response time of each offloading user, ``[B, N]``; 0 for users on their devices.

        Args:
            patterns: ``[B, N]``, 0 for the device, m for the m-th network option (from 1).
        """
        weights = (
            patterns[..., None] == 1 + np.arange(len(self._model.problem.network_options))
        ).astype(np.float64)
        chosen = weights > 0.0
        result = np.zeros(weights.shape)
        result[chosen] = self._means(*self._inputs.network(weights, chosen)).sum(axis=-1)
        return np.asarray(result.sum(axis=-1))

    def _means(self, rows: Array, base: Array) -> Array:
        flat = rows.reshape(-1, rows.shape[-1])
        means = self._model.component_means_s(flat, base.reshape(-1, base.shape[-1]), self._members)
        return means.reshape(*rows.shape[:-1], means.shape[-1])
