# SPDX-License-Identifier: MIT
"""What the two DQNs have in common: what their networks see, and how they are trained."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from torch import Generator, nn

from tandem.agents.api import Observation
from tandem.agents.common.codec import BlockCodec
from tandem.agents.inference.problem import JointProblem

Array = NDArray[np.float64]

#: Longer gradients are shortened to this norm.
GRADIENT_LIMIT: Final = 10.0


def draw_weights(layers: Iterable[nn.Linear], generator: Generator) -> None:
    """Draw each layer's weights uniformly within 1 / sqrt(inputs); biases begin at 0."""
    for layer in layers:
        bound = layer.in_features**-0.5
        nn.init.uniform_(layer.weight, -bound, bound, generator=generator)
        nn.init.zeros_(layer.bias)


class StateInputs:
    """The observation's blocks as inputs of a network; B observations.

    Args:
        problem: names the columns.
        keep: which columns of the users a network sees.

    Attributes:
        per_user, per_site, per_cell: how many numbers there are of each.
    """

    def __init__(self, problem: JointProblem, keep: Callable[[str], bool]) -> None:
        self._users = BlockCodec(problem.user_columns)
        self._sites = BlockCodec(problem.site_columns)
        self._cells = BlockCodec(problem.cell_columns)
        self._kept = [index for index, name in enumerate(self._users.names) if keep(name)]
        self.per_user = len(self._kept)
        self.per_site = len(self._sites.names)
        self.per_cell = len(self._cells.names)

    def blocks(self, observations: Sequence[Observation]) -> tuple[Array, Array, Array]:
        """Users ``[B, N, …]``, sites ``[B, sites, …]`` and cells ``[B, cells, …]``."""
        users = self._users.inputs(np.stack([o["users"] for o in observations]))
        sites = self._sites.inputs(np.stack([o["sites"] for o in observations]))
        cells = self._cells.inputs(np.stack([o["cells"] for o in observations]))
        return users[..., self._kept], sites, cells
