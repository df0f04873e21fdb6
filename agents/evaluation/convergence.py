# SPDX-License-Identifier: MIT
"""After how many interactions a policy is near the oracle for good."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tandem.agents.evaluation.aggregate import Bounded
from tandem.agents.evaluation.judge import Evaluation

#: A policy has arrived when it costs at most this much times the oracle …
TARGET_RATIO: Final = 1.05
#: … in this many evaluations in a row.
SUSTAINED: Final = 3


@dataclass
class Convergence:
    """Interactions until a policy's mean cost stays within a ratio of the oracle's.

    Attributes:
        target_ratio: what counts as arrived.
        sustained: evaluations in a row that must meet it.
    """

    target_ratio: float = TARGET_RATIO
    sustained: int = SUSTAINED
    _streak: int = 0
    _streak_began: int = 0
    _reached: int | None = None
    _last: int = 0
    _missed: int = 0

    def add(self, interactions: int, evaluation: Evaluation) -> bool:
        """Note an evaluation after so many interactions; returns `reached`.

        Raises:
            ValueError: fewer interactions than at the evaluation before.
        """
        return self.add_ratio(interactions, evaluation.ratio)

    def add_ratio(self, interactions: int, ratio: float) -> bool:
        """`add` of an evaluation of which only its ratio is at hand."""
        if interactions < self._last:
            raise ValueError(
                f"an evaluation after {interactions} interactions follows one after {self._last}: "
                "give them in order"
            )
        self._last = interactions
        if ratio <= self.target_ratio:
            if self._streak == 0:
                self._streak_began = interactions
            self._streak += 1
            if self._streak >= self.sustained and self._reached is None:
                self._reached = self._streak_began
        else:
            self._streak = 0
            self._missed = interactions
        return self.reached

    @property
    def reached(self) -> bool:
        """Whether enough evaluations in a row met the target."""
        return self._reached is not None

    @property
    def interactions(self) -> Bounded:
        """Interactions at the first evaluation of that row.

        Not reached: more than at the last evaluation that missed the target. A row that was cut
        short may have become one, so that its evaluations bound nothing.
        """
        if self._reached is None:
            return Bounded(float(self._missed), censored=True)
        return Bounded(float(self._reached))
