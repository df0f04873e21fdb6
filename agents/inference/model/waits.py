# SPDX-License-Identifier: MIT
"""The wait at one site, as a sum of what is seen there and what is not."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tandem.agents.inference.model.calibration_config import WaitSettings
from tandem.agents.inference.model.effects import EffectPrior, Effects

Array = NDArray[np.float64]


class SiteWaits:
    """Learns ``wait = a·backlog + b·others' jobs + c·recent excess + d`` of one site.

    The recent excess is what requests have lately waited beyond the rest. It follows a first-order
    autoregression, so it fades while nobody uses the site; a Kalman filter keeps it. It stands for
    load that is not observed.

    Attributes:
        excess_s: the recent excess, seconds.
    """

    def __init__(self, settings: WaitSettings) -> None:
        self._settings = settings
        self._effects = Effects(
            EffectPrior.of(
                settings.sd,
                settings.scales,
                settings.weights,
                settings.noise.noise,
                mean=settings.mean,
                widening=settings.widening,
                drift=settings.drift,
            )
        )
        self.excess_s = 0.0
        self._variance = 1.0

    @property
    def mean(self) -> Array:
        """The coefficients a, b, c, d on average, ``[4]``."""
        return self._cut(self._effects.mean)

    def draw(self, rng: np.random.Generator) -> Array:
        """The coefficients drawn from the posterior, ``[4]``."""
        return self._cut(self._effects.draw(rng))

    def wait_of(self, coefficients: Array, excess_s: float | None = None) -> Array:
        """The coefficients a and b, and the part of the wait that depends on neither, ``[3]``.

        Args:
            coefficients: a, b, c, d.
            excess_s: the recent excess; by default that of the present episode.
        """
        a, b, c, d = coefficients
        return np.array([a, b, c * (self.excess_s if excess_s is None else excess_s) + d])

    def excess_after(self, behind_s: Array, waits_s: Array) -> float:
        """The recent excess where nothing is known but the R latest requests.

        Args:
            behind_s: others' jobs that they waited for, seconds, ``[R]``.
            waits_s: how long they waited, ``[R]``.
        """
        if not len(waits_s):
            return 0.0
        _, b, _, d = self.mean
        gain = 1.0 / (1.0 + self._settings.excess_noise)
        return self._settings.memory * gain * float(np.mean(waits_s - b * behind_s - d))

    def begin_episode(self) -> None:
        """Another episode has another load."""
        self.excess_s, self._variance = 0.0, 1.0

    def learn(self, expected: Array, waits_s: Array) -> bool:
        """Learn from the R requests of one decision; returns whether the system has changed.

        Args:
            expected: backlog and others' jobs, as the base has them, ``[R, 2]``.
            waits_s: how long they waited, ``[R]``.
        """
        settings = self._settings
        changed = False
        if len(waits_s):
            rows = np.column_stack(
                (expected, np.full(len(waits_s), self.excess_s), np.ones(len(waits_s)))
            )
            changed = self._effects.learn(rows, waits_s)
        self.excess_s *= settings.memory
        kept = settings.memory**2
        self._variance = kept * self._variance + 1.0 - kept
        if len(waits_s):
            a, b, _, d = self.mean
            found_s = float(np.mean(waits_s - a * expected[:, 0] - b * expected[:, 1] - d))
            gain = self._variance / (self._variance + settings.excess_noise)
            self.excess_s += gain * (found_s - self.excess_s)
            self._variance *= 1.0 - gain
        return changed

    def state_dict(self) -> dict[str, Any]:
        """Everything that learning changed."""
        return {
            "effects": self._effects.state_dict(),
            "excess_s": self.excess_s,
            "variance": self._variance,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """The inverse of `state_dict`, for the same settings."""
        self._effects.load_state_dict(state["effects"])
        self.excess_s = float(state["excess_s"])
        self._variance = float(state["variance"])

    def _cut(self, coefficients: Array) -> Array:
        coefficients[:3] = np.clip(coefficients[:3], 0.0, self._settings.largest)
        return coefficients
