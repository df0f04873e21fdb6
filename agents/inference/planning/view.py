# SPDX-License-Identifier: MIT
"""What a search asks a model of the system."""

from __future__ import annotations

from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tandem.agents.inference.patterns import Patterns

Array: TypeAlias = NDArray[np.float64]


class ResponseView(Protocol):
    """A model at one observation; the planner knows it by these three questions."""

    @property
    def device_s(self) -> Array:
        """Response time of each user's device options, seconds, ``[N, V]``."""
        ...

    def pattern_s(self, patterns: Patterns, /) -> Array:
        """Response time of each offloading user, ``[B, N]``; 0 for users on their devices."""
        ...

    def field_s(self, weights: Array, /) -> Array:
        """Response time at every network option while the others load it by ``weights``;
        both ``[B, N, M]``."""
        ...
