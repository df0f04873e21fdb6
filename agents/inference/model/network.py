# SPDX-License-Identifier: MIT
"""A small trained network, asked in NumPy: several members whose answers are averaged.

    answer = skip·x + mean over members of out·relu(second·relu(first·x))

The linear part is there because times are nearly products: sums of the logarithms that features
are. Where a part of the input stays the same over many questions, its share of the first layer is
computed once (`Network.prepare`).

Shapes: E members, F inputs, H and J units, Y outputs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Final

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Weights = NDArray[np.float32]
#: A standardised input beyond this is far from all that was trained on.
LARGEST: Final = 3.0


@dataclass(frozen=True)
class Network:
    """Weights; inputs are standardised first.

    Attributes:
        mean, scale: of the inputs, ``[F]``.
        skip: ``[F, Y]``.
        first, first_bias: ``[E, F, H]`` and ``[E, H]``.
        second, second_bias: ``[E, H, J]`` and ``[E, J]``.
        out, out_bias: ``[E, J, Y]`` and ``[Y]``.
    """

    mean: Weights
    scale: Weights
    skip: Weights
    first: Weights
    first_bias: Weights
    second: Weights
    second_bias: Weights
    out: Weights
    out_bias: Weights

    @classmethod
    def of(cls, arrays: Mapping[str, NDArray[np.generic]], prefix: str) -> Network:
        """Read a network from the arrays of a file."""
        names = [field.name for field in fields(cls)]
        return cls(*(arrays[f"{prefix}.{name}"].astype(np.float32) for name in names))

    def arrays(self, prefix: str) -> dict[str, Weights]:
        """What `of` reads."""
        return {f"{prefix}.{field.name}": getattr(self, field.name) for field in fields(self)}

    def standardised(self, inputs: Array, first: int = 0) -> Array:
        """Inputs as the layers see them, cut to `LARGEST` standard deviations.

        Args:
            inputs: those from number ``first`` on, ``[…, up to F]``.
        """
        here = slice(first, first + inputs.shape[-1])
        return np.clip((inputs - self.mean[here]) / self.scale[here], -LARGEST, LARGEST)

    def prepare(self, fixed: Array) -> Prepared:
        """Take in the first inputs ``[…, F - L]``, which are the same for all questions."""
        return Prepared(self, fixed)

    def __call__(self, inputs: Array) -> Array:
        """Answers ``[…, Y]`` to inputs ``[…, F]``."""
        return self.prepare(inputs).alone()


class Prepared:
    """A network that knows the first inputs of some places, ``[…, F - L]``; L inputs are left."""

    def __init__(self, network: Network, fixed: Array) -> None:
        known = fixed.shape[-1]
        self._network = network
        self._places = fixed.shape[:-1]
        rows = fixed.reshape(-1, known)
        rows = ((rows - network.mean[:known]) / network.scale[:known]).astype(np.float32)
        members, _, units = network.first.shape
        wide = network.first.transpose(1, 0, 2).reshape(-1, members * units)
        self._rest = wide[known:]
        self._first = rows @ wide[:known] + network.first_bias.reshape(-1)
        self._rest_skip = network.skip[known:]
        self._skip = rows @ network.skip[:known] + network.out_bias
        self._mean, self._scale = network.mean[known:], network.scale[known:]

    def alone(self) -> Array:
        """Answers ``[…, Y]`` where no inputs are left."""
        place = np.arange(len(self._first))
        answers = self._answers(np.zeros((len(place), 0)), place)
        return answers.reshape(*self._places, -1)

    def __call__(self, rest: Array) -> Array:
        """Answers ``[B, …, Y]`` to the other inputs ``[B, …, L]``.

        What is asked of a place more than once is answered once: in a batch of joint actions the
        others often do the same.
        """
        rows = rest.reshape(-1, rest.shape[-1])
        place = np.tile(np.arange(len(self._first)), len(rest))
        keys = rows @ np.sqrt(np.arange(1.0, rows.shape[1] + 1.0))
        # Keys of one place must not meet those of another.
        keys += place * (np.ptp(keys) + 1.0)
        _, first, inverse = np.unique(keys, return_index=True, return_inverse=True)
        answers = self._answers(rows[first], place[first])
        return answers[inverse.reshape(-1)].reshape(*rest.shape[:-1], -1)

    def _answers(self, rest: Array, place: NDArray[np.intp]) -> Array:
        """Answers ``[R, Y]`` to the inputs ``[R, L]`` of R places."""
        network = self._network
        members, units, _ = network.second.shape
        rows = ((rest - self._mean) / self._scale).astype(np.float32)
        hidden = np.maximum(rows @ self._rest + self._first[place], 0.0)
        answer = rows @ self._rest_skip + self._skip[place]
        for member in range(members):
            mine = hidden[:, member * units : (member + 1) * units]
            inner = mine @ network.second[member] + network.second_bias[member]
            answer += np.maximum(inner, 0.0) @ (network.out[member] / np.float32(members))
        return answer.astype(np.float64)
