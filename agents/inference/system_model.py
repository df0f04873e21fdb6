# SPDX-License-Identifier: MIT
"""The learned system model: network part and compute part, per user and component.

An ensemble predicts, for each user and the option it takes, how far the logarithm of each
response-time component lies from the analytic prior, with a variance, and how the user's state
changes. Every user goes through the same network and sees the others only as sums of loads, so a
permutation of the users permutes the predictions, and a model trained with some users predicts
for any number of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray

from tandem.agents.api import Observation
from tandem.agents.inference.config import ModelConfig, PriorConfig
from tandem.agents.inference.model.device import compute_device
from tandem.agents.inference.model.features import TIME_FLOOR_S, FeatureMap, compress_s
from tandem.agents.inference.model.network import Ensemble, gaussian_loss
from tandem.agents.inference.model.prior import COMPONENTS, DEVICE, PriorView
from tandem.agents.inference.model.training_rows import RowBatch, TrainingRows
from tandem.agents.inference.options import PolicyError
from tandem.agents.inference.problem import JointProblem
from tandem.agents.training.replay import Epoch
from tandem.agents.training.threads import single_threaded

Array = NDArray[np.float64]

#: The mean of a log-normal grows with its variance; beyond this one the fit is not believed.
LARGEST_MEAN_VARIANCE: Final = 0.1
#: Largest variance of log times in an interval (a factor of about 8 either way).
LARGEST_VARIANCE: Final = 1.5
#: Rows that count for the learned variances being right, against those that speak otherwise.
PRIOR_EVIDENCE: Final = 10.0
LARGEST_VARIANCE_SCALE: Final = 100.0
#: Features are standardised anew each time the rows have grown by this factor.
RESTANDARDISE_GROWTH: Final = 2.0


@dataclass(frozen=True)
class FitReport:
    """How a fit ended.

    Attributes:
        rows: rows trained on and held out.
        training_loss: mean over members at the last step.
        validation_loss: mean squared error of log times on rows that an elite did not train on,
            mean over elites (over training rows while there are none).
        elites: the members that predict from now on.
    """

    rows: int
    training_loss: float
    validation_loss: float
    elites: tuple[int, ...]


@dataclass(frozen=True)
class Prediction:
    """What each elite says; E elites, B joint actions, N users.

    Attributes:
        components_s: mean of each component, seconds, ``[E, B, N, 4]``.
        variance_s2: variance of the response time within each elite, s², ``[E, B, N]``.
        next_users: the block ``users`` after the epoch, ``[E, B, N, columns]``.
    """

    components_s: Array
    variance_s2: Array
    next_users: Array

    @property
    def response_s(self) -> Array:
        """Mean response time, seconds, ``[E, B, N]``."""
        return np.asarray(self.components_s.sum(axis=-1))


class SystemModel:
    """Ensemble over a prior; learns from epochs, predicts joint actions.

    Args:
        problem: users, options and columns.
        config, prior: settings.
        seed: decides initial weights, resamples and batches.

    Raises:
        PolicyError: the settings fix a column that users do not have.
    """

    def __init__(
        self, problem: JointProblem, config: ModelConfig, prior: PriorConfig, seed: int
    ) -> None:
        for name in config.fixed_columns:
            if name not in problem.user_columns:
                raise PolicyError(
                    f"model.fixed_columns has {name!r}, which users do not have: one of "
                    f"{', '.join(problem.user_columns)}"
                )
        self.problem = problem
        self.config = config
        self.prior_config = prior
        self.features = FeatureMap(problem)
        self._rng = np.random.default_rng(seed)
        self._generator = torch.Generator().manual_seed(seed)
        self._device = compute_device(config.device)
        self._network = Ensemble(
            config.members,
            self.features.width,
            config.hidden,
            len(COMPONENTS),
            len(problem.user_columns),
            self._generator,
        ).to(self._device)
        self._optimiser = self._new_optimiser()
        self.rows = TrainingRows(config.members, config.held_out_share, self._rng)
        self.elites: tuple[int, ...] = tuple(range(config.elites))
        self._variance_scale: Array = np.ones(len(COMPONENTS))
        self._standardised_at = 0
        self._is_network = np.zeros(len(problem.options), dtype=bool)
        self._is_network[problem.network_options] = True
        self._position = np.zeros(len(problem.options), dtype=np.intp)
        for group in (problem.device_options, problem.network_options):
            self._position[group] = np.arange(len(group))

    # Learning

    def add(self, epoch: Epoch) -> None:
        """Remember an epoch; it counts from the next `fit` on."""
        rows, base = self._chosen(self.view(epoch.observation), epoch.action[None])
        network = self._is_network[epoch.action]
        weight = np.zeros((self.problem.users, len(COMPONENTS)))
        weight[network] = 1.0
        weight[:, DEVICE] = 1.0
        weight[~epoch.answered] = 0.0
        before = self.features.users.encode(epoch.observation["users"])
        after = self.features.users.encode(epoch.next_observation["users"])
        self.rows.add(
            RowBatch(
                features=rows[0].astype(np.float32),
                target=(compress_s(epoch.components_s) - base[0]).astype(np.float32),
                weight=weight.astype(np.float32),
                change=(after - before).astype(np.float32),
            )
        )

    @single_threaded
    def fit(self, steps: int | None = None) -> FitReport:
        """Train every member on its resample, then choose the elites.

        Raises:
            ValueError: there are no epochs yet.
        """
        if not len(self.rows):
            raise ValueError("the system model has no epochs to learn from: add one first")
        rows = {
            name: torch.from_numpy(self.rows[name]).to(self._device)
            for name in ("features", "target", "weight", "change")
        }
        if len(self.rows) >= RESTANDARDISE_GROWTH * self._standardised_at:
            self._network.standardise(rows["features"])
            self._standardised_at = len(self.rows)
        batches = torch.from_numpy(
            self.rows.draw(self.config.steps_per_fit if steps is None else steps, self._batch())
        ).to(self._device)
        loss = torch.zeros(())
        # The log prior counts once for all rows, the error once for each.
        strength = self.config.noise_variance / len(self.rows)
        for index in batches:
            batch = {name: values[index] for name, values in rows.items()}
            losses = self._losses(batch) + strength * self._network.anchor_loss()
            loss = losses.sum()
            self._optimiser.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            self._optimiser.step()
        errors = self._judge(rows)
        return FitReport(
            rows=len(self.rows),
            training_loss=float(loss.detach()) / self.config.members,
            validation_loss=float(errors[list(self.elites)].mean()),
            elites=self.elites,
        )

    def fade(self, keep_epochs: int, factor: float) -> None:
        """Let all but the last ``keep_epochs`` epochs count ``factor`` as much as before."""
        self.rows.fade(keep_epochs * self.problem.users, factor)
        self._optimiser = self._new_optimiser()

    # Predicting

    def view(self, observation: Observation, members: tuple[int, ...] | None = None) -> ModelView:
        """The model at one observation, as the planner asks it.

        Args:
            members: networks whose mean is taken; the elites by default.
        """
        return ModelView(self, observation, self.elites if members is None else members)

    @single_threaded
    def seen(self, observation: Observation) -> Observation:
        """The observation with the columns replaced to which the settings make it blind."""
        if not self.config.fixed_columns:
            return observation
        users = observation["users"].copy()
        for name, value in self.config.fixed_columns.items():
            users[:, self.problem.user_columns[name]] = value
        return {**observation, "users": users}

    def predict(self, observation: Observation, actions: NDArray[np.integer]) -> Prediction:
        """What the elites say about joint actions ``[B, N]`` at an observation."""
        rows, base = self._chosen(self.view(observation), actions)
        cases, users = actions.shape
        with torch.no_grad():
            mean, log_variance, change = self._outputs(rows.reshape(cases * users, -1), self.elites)
        shape = (len(self.elites), cases, users, len(COMPONENTS))
        components = self._seconds(base, mean.reshape(shape), log_variance.reshape(shape))
        exists = np.ones((cases, users, len(COMPONENTS)))
        exists[~self._is_network[actions]] = np.eye(len(COMPONENTS))[DEVICE]
        spread = np.exp(log_variance.astype(np.float64)) * self._variance_scale
        variance = np.expm1(np.minimum(spread, LARGEST_VARIANCE)).reshape(shape)
        within = ((components + TIME_FLOOR_S) ** 2 * variance * exists).sum(axis=-1)
        encoded = self.features.users.encode(observation["users"])
        moved = encoded + change.reshape(*shape[:-1], -1)
        return Prediction(components * exists, within, self.features.users.decode(moved))

    @single_threaded
    def component_means_s(self, rows: Array, base: Array, members: tuple[int, ...]) -> Array:
        """Mean components of feature rows ``[R, F]`` over ``members``, seconds, ``[R, 4]``."""
        with torch.no_grad():
            mean, log_variance, _ = self._outputs(rows, members)
        means_s = self._seconds(base, mean, log_variance)
        return np.asarray(means_s.mean(axis=0))

    def network_rows(
        self, view: ModelView, weights: Array, chosen: NDArray[np.bool_] | None = None
    ) -> tuple[Array, Array]:
        """Feature rows and base of network options: ``[B, N, M, F]`` and ``[B, N, M, 4]``, or
        ``[R, F]`` and ``[R, 4]`` of the ``chosen`` ones (``[B, N, M]``)."""
        if not self.config.use_structure:
            weights = np.zeros_like(weights)
        prior_s = view.prior.network_components_s(weights)
        if not self.config.use_prior:
            prior_s = np.zeros_like(prior_s)
        rows = self.features.network_rows(view.observation, view.prior, weights, prior_s, chosen)
        return rows, compress_s(prior_s if chosen is None else prior_s[chosen])

    def device_rows(self, view: ModelView) -> tuple[Array, Array]:
        """Feature rows and base of every device option, ``[N, K - M, F]``, ``[N, K - M, 4]``."""
        rows = self.features.device_rows(view.observation, view.prior)
        base = np.zeros((*rows.shape[:-1], len(COMPONENTS)))
        if self.config.use_prior:
            base[..., DEVICE] = compress_s(view.prior.device_s)
        else:
            rows[..., -len(COMPONENTS) :] = 0.0
        return rows, base

    # State

    def state_dict(self) -> dict[str, Any]:
        """Everything that learning changed, generators included."""
        return {
            "network": self._network.state_dict(),
            "optimiser": self._optimiser.state_dict(),
            "rows": self.rows.state_dict(),
            "elites": list(self.elites),
            "variance_scale": self._variance_scale.copy(),
            "standardised_at": self._standardised_at,
            "rng": self._rng.bit_generator.state,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """The inverse of `state_dict`, on a model with the same settings.

        The problem may have another number of users.
        """
        self._network.load_state_dict(state["network"])
        self._optimiser.load_state_dict(state["optimiser"])
        self.rows.load_state_dict(state["rows"])
        self.elites = tuple(state["elites"])
        self._variance_scale = np.array(state["variance_scale"], dtype=np.float64)
        self._standardised_at = int(state["standardised_at"])
        self._rng.bit_generator.state = state["rng"]

    # Inside

    def _judge(self, rows: dict[str, torch.Tensor]) -> Array:
        """Choose elites and scale variances on rows that members did not train on.

        Returns:
            Mean squared error of each member, ``[E]``.
        """
        with torch.no_grad():
            mean, log_variance, _ = (t.cpu().numpy() for t in self._network(rows["features"]))
        unseen = self.rows.unseen().T[..., None]
        if not unseen.any(axis=(1, 2)).all():
            unseen = np.ones_like(unseen)
        weight = unseen * self.rows["weight"]
        error = (self.rows["target"] - mean.astype(np.float64)) ** 2
        members = (error * weight).sum(axis=(1, 2)) / np.maximum(weight.sum(axis=(1, 2)), 1.0)
        order = np.argsort(members, kind="stable")[: self.config.elites]
        self.elites = tuple(sorted(order.tolist()))
        elites = list(self.elites)
        # A variance learned on the rows that were fitted is too small.
        surprise = (error * np.exp(-log_variance.astype(np.float64)) * weight)[elites]
        evidence = weight[elites].sum(axis=(0, 1)) / len(elites)
        total = surprise.sum(axis=(0, 1)) / len(elites)
        scale = (total + PRIOR_EVIDENCE) / (evidence + PRIOR_EVIDENCE)
        self._variance_scale = np.clip(scale, 1.0, LARGEST_VARIANCE_SCALE)
        return np.asarray(members)

    def _outputs(
        self, rows: Array, members: Sequence[int]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
        """Means, log variances and changes of rows ``[R, F]``: each ``[E, R, …]``."""
        inputs = torch.from_numpy(rows.astype(np.float32)).to(self._device)
        mean, log_variance, change = self._network(inputs, list(members))
        return mean.cpu().numpy(), log_variance.cpu().numpy(), change.cpu().numpy()

    def _new_optimiser(self) -> torch.optim.Optimizer:
        return torch.optim.Adam(self._network.parameters(), lr=self.config.learning_rate)

    def _batch(self) -> int:
        return min(self.config.batch_rows, len(self.rows))

    def _losses(self, rows: dict[str, torch.Tensor]) -> torch.Tensor:
        """Loss per member, ``[E]``; rows are shared or per member."""
        mean, log_variance, change = self._network(rows["features"])
        loss = gaussian_loss(mean, log_variance, rows["target"], rows["weight"])
        state = ((change - rows["change"]) ** 2).mean(dim=(1, 2))
        total: torch.Tensor = loss + self.config.next_state_weight * state
        return total

    def _chosen(self, view: ModelView, actions: NDArray[np.integer]) -> tuple[Array, Array]:
        """Feature rows ``[B, N, F]`` and base ``[B, N, 4]`` of the options that users take."""
        cases, users = actions.shape
        network_rows, network_base = self.network_rows(view, self.weights_of(actions))
        device_rows, device_base = self.device_rows(view)
        at = self._position[actions]
        case, user = np.arange(cases)[:, None], np.arange(users)[None, :]
        remote = self._is_network[actions]
        if not len(self.problem.network_options):
            return device_rows[user, at], device_base[user, at]
        in_network = np.where(remote, at, 0)
        rows = network_rows[case, user, in_network]
        base = network_base[case, user, in_network]
        if len(self.problem.device_options):
            on_device = np.where(remote, 0, at)
            rows = np.where(remote[..., None], rows, device_rows[user, on_device])
            base = np.where(remote[..., None], base, device_base[user, on_device])
        return rows, base

    def weights_of(self, actions: NDArray[np.integer]) -> Array:
        """Joint actions ``[B, N]`` as weights of network options ``[B, N, M]``."""
        same = actions[..., None] == self.problem.network_options
        return np.asarray(same, dtype=np.float64)

    def _seconds(self, base: Array, mean: NDArray[Any], log_variance: NDArray[Any]) -> Array:
        """Means of log-normal components, cut at the time-out."""
        variance = np.exp(log_variance.astype(np.float64)) * self._variance_scale
        variance = np.minimum(variance, LARGEST_MEAN_VARIANCE)
        exponent = np.minimum(
            base + mean + variance / 2.0, np.log1p(self.problem.timeout_s / TIME_FLOOR_S)
        )
        return np.asarray(np.maximum(np.expm1(exponent), 0.0) * TIME_FLOOR_S)


class ModelView:
    """The model at one observation: what `tandem.agents.inference.planner` searches in.

    Attributes:
        device_s: response time of each user's device options, seconds, ``[N, K - M]``.
    """

    def __init__(
        self, model: SystemModel, observation: Observation, members: tuple[int, ...]
    ) -> None:
        self._model = model
        self._members = members
        observation = model.seen(observation)
        self.observation = observation
        self.prior = PriorView(model.problem, model.prior_config, observation)
        self._device_s: Array | None = None

    @property
    def device_s(self) -> Array:
        if self._device_s is None:
            rows, base = self._model.device_rows(self)
            means = self._means(rows, base)
            self._device_s = np.asarray(means[..., DEVICE])
        return self._device_s

    def field_s(self, weights: Array) -> Array:
        """Response time of every user at every network option, ``[B, N, M]``, while the others
        load the network by ``weights`` ``[B, N, M]``."""
        rows, base = self._model.network_rows(self, weights)
        return np.asarray(self._means(rows, base).sum(axis=-1))

    def pattern_s(self, patterns: NDArray[np.integer]) -> Array:
        """Response time of each offloading user, ``[B, N]``; 0 for users on their devices.

        Args:
            patterns: ``[B, N]``, 0 for the device, m for the m-th network option (from 1).
        """
        weights = (
            patterns[..., None] == 1 + np.arange(len(self._model.problem.network_options))
        ).astype(np.float64)
        chosen = weights > 0.0
        rows, base = self._model.network_rows(self, weights, chosen)
        result = np.zeros(weights.shape)
        result[chosen] = self._means(rows, base).sum(axis=-1)
        return np.asarray(result.sum(axis=-1))

    def _means(self, rows: Array, base: Array) -> Array:
        flat = rows.reshape(-1, rows.shape[-1])
        means = self._model.component_means_s(flat, base.reshape(-1, base.shape[-1]), self._members)
        return means.reshape(*rows.shape[:-1], means.shape[-1])
