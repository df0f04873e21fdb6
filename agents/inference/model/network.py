# SPDX-License-Identifier: MIT
"""An ensemble of small probabilistic networks, trained side by side in one batch of products."""

from __future__ import annotations

import itertools
import math
from typing import Final

import torch
from torch import Tensor, nn

#: Limits of the predicted log variance (of log times): no member may claim to be certain.
LOG_VARIANCE_RANGE: Final = (-7.0, 2.0)
#: Log variance that an untrained member states: times are known to about a fifth.
FIRST_LOG_VARIANCE: Final = -3.0
#: Larger errors of log times count linearly: a factor of 1.35 either way.
SQUARED_ERROR_LIMIT: Final = 0.3
#: Weight of the variances' loss against the means'; they share the hidden layers.
SPREAD_WEIGHT: Final = 0.05
#: Standard deviation of the output weights' prior, times the square root of their number: members
#: that have seen nothing differ from the analytic prior, and from each other, by about this much.
OUTPUT_SCALE: Final = 0.15
#: A feature that hardly varied in training says nothing; it is not blown up to unit variance.
LEAST_DEVIATION: Final = 0.05
#: Standardised features are cut here, so that a state never seen cannot be extrapolated from.
FEATURE_LIMIT: Final = 5.0


class Ensemble(nn.Module):
    """``E`` networks of two hidden layers on the same rows.

    Each member is held to its own random initial weights by a Gaussian prior (see `anchor_loss`),
    which makes the members approximate samples of the Bayesian posterior: with little data they
    stay near the analytic prior and disagree, with much data they agree. Anchored ensembles:
    Pearce et al., "Uncertainty in Neural Networks: Approximately Bayesian
    Ensembling", AISTATS 2020. Members that predict a mean and a variance with soft limits: Chua
    et al., "Deep Reinforcement Learning in a Handful of Trials using Probabilistic Dynamics
    Models", NeurIPS 2018.

    Args:
        members: E.
        inputs: F, length of a row.
        hidden: width of both hidden layers.
        targets: C, values predicted with a mean and a variance.
        extras: X, values predicted with a mean only.
        generator: draws the initial weights.
    """

    feature_mean: Tensor
    feature_deviation: Tensor

    def __init__(
        self,
        members: int,
        inputs: int,
        hidden: int,
        targets: int,
        extras: int,
        generator: torch.Generator,
    ) -> None:
        super().__init__()
        self.targets = targets
        sizes = (inputs, hidden, hidden, 2 * targets + extras)
        self._precision: list[float] = []
        self.weights = nn.ParameterList()
        self.biases = nn.ParameterList()
        for index, (fan_in, fan_out) in enumerate(itertools.pairwise(sizes)):
            scale = OUTPUT_SCALE if index == len(sizes) - 2 else 1.0
            weight = torch.randn(members, fan_in, fan_out, generator=generator)
            weight *= scale / math.sqrt(fan_in)
            self.weights.append(nn.Parameter(weight))
            self.biases.append(nn.Parameter(torch.zeros(members, 1, fan_out)))
            self.register_buffer(f"anchor{index}", weight.clone())
            self._precision.append(fan_in / scale**2)
        self.register_buffer("feature_mean", torch.zeros(inputs))
        self.register_buffer("feature_deviation", torch.ones(inputs))

    def standardise(self, rows: Tensor) -> None:
        """Take mean and deviation of the features from ``rows``, ``[R, F]``."""
        self.feature_mean.copy_(rows.mean(dim=0))
        deviation = rows.std(dim=0, unbiased=False)
        flat = deviation < LEAST_DEVIATION
        self.feature_deviation.copy_(torch.where(flat, torch.ones_like(deviation), deviation))

    def anchor_loss(self) -> Tensor:
        """Minus twice the log prior of the weights, per member, ``[E]``."""
        total = torch.zeros(())
        for index, precision in enumerate(self._precision):
            away = self.weights[index] - self.get_buffer(f"anchor{index}")
            total = total + precision * (away**2).sum(dim=(1, 2))
            total = total + (self.biases[index] ** 2).sum(dim=(1, 2))
        return total

    def forward(
        self, rows: Tensor, members: list[int] | None = None
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Predict.

        Args:
            rows: ``[R, F]`` (the same for all members) or ``[E, R, F]``.
            members: which members predict; all by default.

        Returns:
            Means ``[E, R, C]``, log variances ``[E, R, C]``, extras ``[E, R, X]``.
        """
        hidden = (rows - self.feature_mean) / self.feature_deviation
        hidden = hidden.clamp(-FEATURE_LIMIT, FEATURE_LIMIT)
        last = len(self.weights) - 1
        for index in range(last + 1):
            weight, bias = self.weights[index], self.biases[index]
            if members is not None:
                weight, bias = weight[members], bias[members]
            hidden = torch.matmul(hidden, weight) + bias
            if index < last:
                hidden = nn.functional.silu(hidden)
        mean, spread = hidden[..., : self.targets], hidden[..., self.targets : 2 * self.targets]
        low, high = LOG_VARIANCE_RANGE
        spread = spread + FIRST_LOG_VARIANCE
        # Soft limits: gradients survive at both ends.
        spread = high - nn.functional.softplus(high - spread)
        spread = low + nn.functional.softplus(spread - low)
        return mean, spread, hidden[..., 2 * self.targets :]


def gaussian_loss(mean: Tensor, log_variance: Tensor, target: Tensor, weight: Tensor) -> Tensor:
    """Weighted loss of means and variances per member, ``[E]``.

    After the Gaussian likelihood with a variance that depends on the input (Nix and Weigend,
    "Estimating the mean and variance of the target probability distribution", ICNN 1994).

    The mean is fitted to the error alone and the variance to the likelihood of what is left: with
    the joint likelihood a network that is still wrong escapes into a large variance, and one that
    overfits a few rows forgets all others. Errors count squared up to `SQUARED_ERROR_LIMIT` and
    linearly beyond (Huber, doi:10.1214/aoms/1177703732): a single request that met a burst of
    retransmissions would otherwise move the plans of the next fifty decisions.

    Args:
        mean, log_variance: ``[E, R, C]``.
        target: ``[E, R, C]`` or ``[R, C]``.
        weight: 0 where a target does not exist; same shapes as ``target``.
    """
    distance = (target - mean).abs()
    error = torch.where(
        distance < SQUARED_ERROR_LIMIT,
        distance**2,
        SQUARED_ERROR_LIMIT * (2.0 * distance - SQUARED_ERROR_LIMIT),
    )
    spread = error.detach() * torch.exp(-log_variance) + log_variance
    loss = (error + SPREAD_WEIGHT * spread) * weight
    return loss.sum(dim=(1, 2)) / weight.sum(dim=(-2, -1)).clamp(min=1.0)
