# SPDX-License-Identifier: MIT
"""Trains the small networks of the pre-trained base."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from tandem.agents.common.settings import Count, NotNegative, Positive, Settings, Share
from tandem.agents.common.threads import single_threaded
from tandem.agents.inference.model.network import Network
from tandem.agents.inference.model.pretrained import LARGEST_ANSWER

Array = NDArray[np.float64]
Loss: TypeAlias = Callable[[Tensor, Tensor], Tensor]
#: Errors of logarithms beyond this count linearly.
TAIL: Final = 0.3
#: An input that varies less than this teaches nothing; it is divided by the second, and so ignored.
LEAST_SCALE: Final = 1e-3
UNSEEN_SCALE: Final = 1e6


class FitSettings(Settings):
    """How a network is trained."""

    members: Count = 5
    """Networks whose answers are averaged."""
    units: Count = 48
    """Units of the first hidden layer of each …"""
    inner_units: Count = 16
    """… and of the second one."""
    steps: Count = 3000
    """Gradient steps (Adam)."""
    batch: Count = 256
    """Rows per step and member."""
    learning_rate: Positive = 3e-3
    """At the start; it falls to 0 along a cosine."""
    weight_decay: NotNegative = 1.0
    """Decoupled from the gradient, times the learning rate."""
    held_out: Share = 0.2
    """Share of the scenarios that a member does not train on: they pick its best step."""
    check_every: Count = 50
    """Steps between two checks."""


@dataclass(frozen=True)
class Fitted:
    """A trained network.

    Attributes:
        network: as it is asked.
        error: mean Huber loss of each member on the scenarios that it did not train on, ``[E]``.
        steps: at which each member was best, ``[E]``.
    """

    network: Network
    error: list[float]
    steps: list[int]


def median_loss(answer: Tensor, target: Tensor) -> Tensor:
    """Huber's loss: answers are about the median of the target."""
    return nn.functional.huber_loss(answer, target, reduction="none", delta=TAIL)


def mean_loss(answer: Tensor, target: Tensor) -> Tensor:
    """Half the Poisson deviance: ``exp(answer)`` is the mean of the target, which may be 0."""
    answer = answer.clamp(max=LARGEST_ANSWER)
    return answer.exp() - target * answer + torch.xlogy(target, target) - target


class _Members(nn.Module):
    """Members side by side; shapes as in `tandem.agents.inference.model.network`."""

    def __init__(
        self, settings: FitSettings, inputs: int, outputs: int, generator: torch.Generator
    ) -> None:
        super().__init__()
        members, units, inner = settings.members, settings.units, settings.inner_units

        def drawn(rows: int, columns: int, gain: float) -> nn.Parameter:
            values = torch.randn(members, rows, columns, generator=generator)
            return nn.Parameter(values * gain / rows**0.5)

        self.skip = nn.Parameter(torch.zeros(members, inputs, outputs))
        self.first = drawn(inputs, units, 2.0**0.5)
        self.first_bias = nn.Parameter(torch.zeros(members, 1, units))
        self.second = drawn(units, inner, 2.0**0.5)
        self.second_bias = nn.Parameter(torch.zeros(members, 1, inner))
        self.out = drawn(inner, outputs, 0.1)
        self.out_bias = nn.Parameter(torch.zeros(members, 1, outputs))

    def forward(self, inputs: Tensor) -> Tensor:
        """``[E, R, F]`` to ``[E, R, Y]``."""
        hidden = torch.relu(inputs @ self.first + self.first_bias)
        inner = torch.relu(hidden @ self.second + self.second_bias)
        return inputs @ self.skip + inner @ self.out + self.out_bias


@single_threaded
def fit(
    inputs: Array,
    targets: Array,
    scenario: NDArray[np.intp],
    loss: Loss,
    settings: FitSettings,
    seed: int,
) -> Fitted:
    """Train a network on rows ``inputs`` ``[R, F]`` with ``targets`` ``[R, Y]``.

    Each member holds out scenarios of its own and keeps the weights that did best there.

    Args:
        scenario: of each row, ``[R]``.
        loss: of answers and targets, elementwise.
        seed: decides everything that is drawn.
    """
    rng = np.random.default_rng(seed)
    mean, scale = inputs.mean(axis=0), inputs.std(axis=0)
    scale = np.where(scale > LEAST_SCALE, scale, UNSEEN_SCALE)
    x = torch.from_numpy(((inputs - mean) / scale).astype(np.float32))
    y = torch.from_numpy(targets.astype(np.float32))
    held = _held_out(scenario, settings, rng)
    train = [np.flatnonzero(~rows) for rows in held]
    unseen = torch.from_numpy(np.stack(held)).float()
    model = _Members(settings, x.shape[1], y.shape[1], torch.Generator().manual_seed(seed))
    optimiser = torch.optim.AdamW(
        model.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay
    )
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, settings.steps)
    kept = {name: value.detach().clone() for name, value in model.named_parameters()}
    best, steps = torch.full((settings.members,), torch.inf), [0] * settings.members
    for step in range(1, settings.steps + 1):
        index = np.stack([rng.choice(rows, settings.batch) for rows in train])
        error = loss(model(x[index]), y[index])
        optimiser.zero_grad(set_to_none=True)
        torch.autograd.backward(error.mean(dim=(1, 2)).sum())
        optimiser.step()
        schedule.step()
        if step % settings.check_every == 0:
            with torch.no_grad():
                error = loss(model(x), y.expand(settings.members, -1, -1)).mean(dim=2)
            found = (error * unseen).sum(dim=1) / unseen.sum(dim=1)
            for member in torch.flatten(torch.nonzero(found < best)).tolist():
                best[member], steps[member] = found[member], step
                for name, value in model.named_parameters():
                    kept[name][member] = value.detach()[member]
    return Fitted(_network(mean, scale, kept), best.tolist(), steps)


def _held_out(
    scenario: NDArray[np.intp], settings: FitSettings, rng: np.random.Generator
) -> list[NDArray[np.bool_]]:
    """Rows that each member does not train on, E times ``[R]``."""
    order = rng.permutation(np.unique(scenario))
    share = max(round(settings.held_out * len(order)), 1)
    return [
        np.isin(scenario, np.roll(order, -member * share)[:share])
        for member in range(settings.members)
    ]


def _network(mean: Array, scale: Array, weights: dict[str, Tensor]) -> Network:
    arrays = {name: value.numpy() for name, value in weights.items()}
    return Network(
        mean=mean.astype(np.float32),
        scale=scale.astype(np.float32),
        skip=arrays["skip"].mean(axis=0),
        first=arrays["first"],
        first_bias=arrays["first_bias"][:, 0],
        second=arrays["second"],
        second_bias=arrays["second_bias"][:, 0],
        out=arrays["out"],
        out_bias=arrays["out_bias"].mean(axis=0)[0],
    )
