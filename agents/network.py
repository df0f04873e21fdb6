# SPDX-License-Identifier: MIT
"""An ensemble of small probabilistic networks, trained side by side in one batch of products."""

from __future__ import annotations

import math
from typing import Final

import torch
from torch import Tensor, nn

#: Limits of the predicted log variance (of log times): no member may claim to be certain.
LOG_VARIANCE_RANGE: Final = (-9.0, 3.0)
#: The last layer starts this much smaller, so that an untrained member says what the prior says.
OUTPUT_SHRINK: Final = 0.05
#: A feature that hardly varied in training says nothing; it is not blown up to unit variance.
LEAST_DEVIATION: Final = 0.05
#: Standardised features are cut here, so that a state never seen cannot be extrapolated from.
FEATURE_LIMIT: Final = 5.0


class Ensemble(nn.Module):
    """``E`` networks of two hidden layers on the same rows.

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
        self.weights = nn.ParameterList()
        self.biases = nn.ParameterList()
        for index, (fan_in, fan_out) in enumerate(zip(sizes, sizes[1:], strict=False)):
            shrink = OUTPUT_SHRINK if index == len(sizes) - 2 else 1.0
            weight = torch.randn(members, fan_in, fan_out, generator=generator)
            self.weights.append(nn.Parameter(weight * shrink / math.sqrt(fan_in)))
            self.biases.append(nn.Parameter(torch.zeros(members, 1, fan_out)))
        self.register_buffer("feature_mean", torch.zeros(inputs))
        self.register_buffer("feature_deviation", torch.ones(inputs))

    def standardise(self, rows: Tensor) -> None:
        """Take mean and deviation of the features from ``rows``, ``[R, F]``."""
        self.feature_mean.copy_(rows.mean(dim=0))
        deviation = rows.std(dim=0, unbiased=False)
        flat = deviation < LEAST_DEVIATION
        self.feature_deviation.copy_(torch.where(flat, torch.ones_like(deviation), deviation))

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
        # Soft limits: gradients survive at both ends.
        spread = high - nn.functional.softplus(high - spread)
        spread = low + nn.functional.softplus(spread - low)
        return mean, spread, hidden[..., 2 * self.targets :]


def gaussian_loss(mean: Tensor, log_variance: Tensor, target: Tensor, weight: Tensor) -> Tensor:
    """Weighted negative log likelihood per member, ``[E]``; constants left out.

    Args:
        mean, log_variance: ``[E, R, C]``.
        target: ``[E, R, C]`` or ``[R, C]``.
        weight: 0 where a target does not exist; same shapes as ``target``.
    """
    error = (target - mean) ** 2
    likelihood = error * torch.exp(-log_variance) + log_variance
    # Half of the weight goes to the plain error: a network that is still wrong must not escape
    # into a large variance, where the likelihood's gradient fades.
    loss = (0.5 * likelihood + 0.5 * error) * weight
    return loss.sum(dim=(1, 2)) / weight.sum(dim=(-2, -1)).clamp(min=1.0)
