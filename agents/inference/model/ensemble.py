# SPDX-License-Identifier: MIT
"""The ensemble while it learns: training rows, fits, and which members are believed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray

from tandem.agents.common.threads import single_threaded
from tandem.agents.inference.config import ModelConfig
from tandem.agents.inference.model.device import compute_device
from tandem.agents.inference.model.network import Ensemble, gaussian_loss
from tandem.agents.inference.model.training_rows import RowBatch, TrainingRows

Array = NDArray[np.float64]
Outputs = tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]

#: Weight, in rows, of the assumption that the learned variances are right.
PRIOR_EVIDENCE: Final = 10.0
LARGEST_VARIANCE_SCALE: Final = 100.0
#: Features are standardised again each time the rows have grown by this factor.
RESTANDARDISE_GROWTH: Final = 2.0


class TrainedEnsemble:
    """An `Ensemble` with its data; F features, C components, X values of the next state.

    Only the *elites* predict: the members with the least error on rows that they did not train
    on, as in MBPO (Janner et al., "When to Trust Your Model: Model-Based Policy Optimization",
    NeurIPS 2019).

    Args:
        config: settings.
        inputs, targets, extras: F, C and X.
        seed: decides initial weights, resamples and batches.

    Attributes:
        rows: what was added.
        elites: members that predict.
        variance_scale: the learned variance of each component is multiplied by this, ``[C]``.
    """

    def __init__(
        self, config: ModelConfig, inputs: int, targets: int, extras: int, seed: int
    ) -> None:
        self._config = config
        self._rng = np.random.default_rng(seed)
        generator = torch.Generator().manual_seed(seed)
        self._device = compute_device(config.device)
        network = Ensemble(config.members, inputs, config.hidden, targets, extras, generator)
        self._network = network.to(self._device)
        self._optimiser = self._new_optimiser()
        self.rows = TrainingRows(config.members, config.held_out_share, self._rng)
        self.elites: tuple[int, ...] = tuple(range(config.elites))
        self.variance_scale: Array = np.ones(targets)
        self._standardised_at = 0

    def add(self, batch: RowBatch) -> None:
        """Remember rows; they count from the next `fit` on."""
        self.rows.add(batch)

    def fade(self, keep_rows: int, factor: float) -> None:
        """Let all but the last ``keep_rows`` rows count ``factor`` as much as before."""
        self.rows.fade(keep_rows, factor)
        self._optimiser = self._new_optimiser()

    @single_threaded
    def fit(self, steps: int | None = None) -> float:
        """Train every member on its resample, then choose the elites.

        Args:
            steps: gradient steps; by default as the settings say.

        Returns:
            Mean squared error of log times on rows that an elite did not train on, mean over
            elites (over training rows while there are none).

        Raises:
            ValueError: there are no rows yet.
        """
        if not len(self.rows):
            raise ValueError("the system model has no transitions to learn from: add one first")
        rows = {
            name: torch.from_numpy(self.rows[name]).to(self._device)
            for name in ("features", "target", "weight", "change")
        }
        if len(self.rows) >= RESTANDARDISE_GROWTH * self._standardised_at:
            self._network.standardise(rows["features"])
            self._standardised_at = len(self.rows)
        steps = self._config.steps_per_fit if steps is None else steps
        batch_rows = min(self._config.batch_rows, len(self.rows))
        batches = torch.from_numpy(self.rows.draw(steps, batch_rows)).to(self._device)
        # The log prior counts once for all rows, the error once for each.
        strength = self._config.noise_variance / len(self.rows)
        for index in batches:
            batch = {name: values[index] for name, values in rows.items()}
            losses = self._losses(batch) + strength * self._network.anchor_loss()
            self._optimiser.zero_grad(set_to_none=True)
            torch.autograd.backward(losses.sum())
            self._optimiser.step()
        errors = self._judge(rows)
        return float(errors[list(self.elites)].mean())

    @single_threaded
    def outputs(self, rows: Array, members: Sequence[int]) -> Outputs:
        """What members say about rows ``[R, F]``.

        Returns:
            Means ``[E, R, C]``, log variances ``[E, R, C]``, changes of the state ``[E, R, X]``.
        """
        inputs = torch.from_numpy(rows.astype(np.float32)).to(self._device)
        with torch.no_grad():
            mean, log_variance, change = self._network(inputs, list(members))
        return mean.cpu().numpy(), log_variance.cpu().numpy(), change.cpu().numpy()

    def variance(self, log_variance: NDArray[np.float32]) -> Array:
        """Variances ``[…, C]`` of log times, corrected by `variance_scale`."""
        return np.asarray(np.exp(log_variance.astype(np.float64)) * self.variance_scale)

    def state_dict(self) -> dict[str, Any]:
        """Everything that learning changed, generators included."""
        return {
            "network": self._network.state_dict(),
            "optimiser": self._optimiser.state_dict(),
            "rows": self.rows.state_dict(),
            "elites": list(self.elites),
            "variance_scale": self.variance_scale.copy(),
            "standardised_at": self._standardised_at,
            "rng": self._rng.bit_generator.state,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """The inverse of `state_dict`, on an ensemble with the same settings and sizes."""
        self._network.load_state_dict(state["network"])
        self._optimiser.load_state_dict(state["optimiser"])
        self.rows.load_state_dict(state["rows"])
        self.elites = tuple(state["elites"])
        self.variance_scale = np.array(state["variance_scale"], dtype=np.float64)
        self._standardised_at = int(state["standardised_at"])
        self._rng.bit_generator.state = state["rng"]

    def _new_optimiser(self) -> torch.optim.Optimizer:
        return torch.optim.Adam(self._network.parameters(), lr=self._config.learning_rate)

    def _losses(self, rows: dict[str, torch.Tensor]) -> torch.Tensor:
        """Loss per member, ``[E]``; rows are shared or per member."""
        mean, log_variance, change = self._network(rows["features"])
        loss = gaussian_loss(mean, log_variance, rows["target"], rows["weight"])
        state = ((change - rows["change"]) ** 2).mean(dim=(1, 2))
        total: torch.Tensor = loss + self._config.next_state_weight * state
        return total

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
        order = np.argsort(members, kind="stable")[: self._config.elites]
        self.elites = tuple(sorted(order.tolist()))
        elites = list(self.elites)
        # A variance learned on the rows that were fitted is too small.
        surprise = (error * np.exp(-log_variance.astype(np.float64)) * weight)[elites]
        evidence = weight[elites].sum(axis=(0, 1)) / len(elites)
        total = surprise.sum(axis=(0, 1)) / len(elites)
        scale = (total + PRIOR_EVIDENCE) / (evidence + PRIOR_EVIDENCE)
        self.variance_scale = np.clip(scale, 1.0, LARGEST_VARIANCE_SCALE)
        return np.asarray(members)
