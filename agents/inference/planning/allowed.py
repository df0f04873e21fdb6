# SPDX-License-Identifier: MIT
"""A model in which an option that a user cannot take costs more than anything else."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from tandem.agents.inference.patterns import ON_DEVICE, Patterns
from tandem.agents.inference.planning.view import ResponseView

Array = NDArray[np.float64]
#: What it takes, seconds: far above any sum of response times, so that no search ends there.
BARRED_S: Final = 1e9


class AllowedView:
    """A view with options barred; itself a `ResponseView`.

    Args:
        view: the model's.
        barred: network options that users cannot take, ``[N, M]``.
    """

    def __init__(self, view: ResponseView, barred: NDArray[np.bool_]) -> None:
        self._view = view
        self._barred = barred
        self.device_s: Array = view.device_s

    def field_s(self, weights: Array) -> Array:
        return np.where(self._barred, BARRED_S, self._view.field_s(weights))

    def pattern_s(self, patterns: Patterns) -> Array:
        user = np.arange(patterns.shape[-1])
        barred = (patterns != ON_DEVICE) & self._barred[user, np.maximum(patterns - 1, 0)]
        return np.where(barred, BARRED_S, self._view.pattern_s(patterns))
