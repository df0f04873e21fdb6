# SPDX-License-Identifier: MIT
"""Counts the interactions until a policy stays near the oracle."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tandem.agents.evaluation.aggregate import Bounded
from tandem.agents.evaluation.judge import Evaluation

#: A policy meets the target when its mean cost is at most this many times the oracle's …
TARGET_RATIO: Final = 1.05
#: … in this many evaluations in a row between which it could change.
SUSTAINED: Final = 3


@dataclass
class Convergence:
    """Interactions until a policy's mean cost stays within a ratio of the oracle's.

    An evaluation of a policy that has not changed since the one before repeats that one. It is not
    counted, so that a policy that never changes is never found to stay where it is.

    Attributes:
        target_ratio: largest ratio that meets the target.
        sustained: evaluations in a row that must meet it.
    """

    target_ratio: float = TARGET_RATIO
    sustained: int = SUSTAINED
    _streak: int = 0
    _streak_began: int = 0
    _reached: int | None = None
    _last: int = 0
    _missed: int = 0
    _version: int | None = None

    def add(self, interactions: int, evaluation: Evaluation, version: int) -> bool:
        """Record an evaluation after so many interactions; returns `reached`.

        Args:
            version: the learner's `policy_version`.

        Raises:
            ValueError: fewer interactions than at the evaluation before.
        """
        return self.add_ratio(interactions, evaluation.ratio, version)

    def add_ratio(self, interactions: int, ratio: float, version: int) -> bool:
        """Like `add`, from the ratio alone."""
        if interactions < self._last:
            raise ValueError(
                f"an evaluation after {interactions} interactions follows one after {self._last}: "
                "give them in order"
            )
        self._last = interactions
        repeated = version == self._version
        self._version = version
        if ratio > self.target_ratio:
            self._streak = 0
            self._missed = interactions
        elif not repeated:
            if self._streak == 0:
                self._streak_began = interactions
            self._streak += 1
            if self._streak >= self.sustained and self._reached is None:
                self._reached = self._streak_began
        return self.reached

    @property
    def reached(self) -> bool:
        """Whether enough evaluations in a row met the target."""
        return self._reached is not None

    @property
    def interactions(self) -> Bounded:
        """Interactions at the first evaluation of that row; 0: knowledge alone met the target.

        Not reached: a lower bound, the interactions at the last evaluation that missed the target.
        Later evaluations met it and may be the start of such a row, so they give no bound.
        """
        if self._reached is None:
            return Bounded(float(self._missed), censored=True)
        return Bounded(float(self._reached))
