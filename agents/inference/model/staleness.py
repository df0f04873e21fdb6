# SPDX-License-Identifier: MIT
"""Notices that the system has changed under the model."""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np

#: Earlier surprises that the latest ones are compared with.
REFERENCE_LENGTH: Final = 100
#: A model that was nearly perfect is not called stale over errors smaller than this (log time).
LEAST_REFERENCE: Final = 0.05


class StalenessDetector:
    """Compares the model's latest surprises with those before.

    A surprise is the mean absolute error of the logarithm of offloaders' response times, as
    predicted when the decision was made. While a model learns, surprises fall, so the latest are no
    larger than those before; when the network changes, they jump. Medians are compared: a few bad
    decisions in a row (losses, time-outs) are part of the network as it is, a change shows in most
    of them.

    Args:
        window: latest surprises whose median is taken.
        wait: surprises since the start or the last alarm before there can be an alarm.
        factor: how much larger than before they must be.
    """

    def __init__(self, window: int, wait: int, factor: float) -> None:
        self._window = window
        self._wait = max(wait, 2 * window)
        self._factor = factor
        self._surprises: list[float] = []

    def add(self, surprise: float) -> bool:
        """Take in one decision's surprise (NaN: nobody offloaded); returns whether to raise alarm.

        After an alarm the history starts again from nothing.
        """
        if math.isnan(surprise):
            return False
        self._surprises.append(surprise)
        if len(self._surprises) < self._wait:
            return False
        latest = float(np.median(self._surprises[-self._window :]))
        before = self._surprises[: -self._window][-REFERENCE_LENGTH:]
        if latest <= self._factor * max(float(np.median(before)), LEAST_REFERENCE):
            return False
        self._surprises.clear()
        return True

    def state_dict(self) -> dict[str, Any]:
        """The history."""
        return {"surprises": list(self._surprises)}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """The inverse of `state_dict`."""
        self._surprises = [float(value) for value in state["surprises"]]
