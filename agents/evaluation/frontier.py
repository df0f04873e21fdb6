# SPDX-License-Identifier: MIT
"""Best device variants of several users: least total time for each total accuracy."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

#: Times and accuracies are summed as integers, so that equal sums are equal in any order:
#: nanoseconds (ns-3's clock) and billionths of a percent.
TICKS_PER_S: Final = 1_000_000_000
TICKS_PER_PERCENT: Final = 1_000_000_000
#: Frontiers kept for use again.
CACHED: Final = 512


@dataclass(frozen=True)
class Frontier:
    """Assignments of variants to users that no other one beats in both time and accuracy.

    Shapes: F assignments in order of rising time and accuracy, n users.

    Attributes:
        time: sums of response times, ticks, ``[F]``.
        accuracy: sums of accuracies, ticks, ``[F]``.
        choice: index of each user's variant, ``[F, n]``.
    """

    time: NDArray[np.int64]
    accuracy: NDArray[np.int64]
    choice: NDArray[np.int16]

    @classmethod
    def of(cls, response_s: NDArray[np.float64], accuracy_percent: NDArray[np.float64]) -> Frontier:
        """Exact, by adding one user at a time and dropping what is dominated.

        Args:
            response_s: response time of each user with each variant, ``[n, D]``.
            accuracy_percent: likewise.
        """
        steps = np.rint(response_s * TICKS_PER_S).astype(np.int64)
        gains = np.rint(accuracy_percent * TICKS_PER_PERCENT).astype(np.int64)
        users = zip(steps, gains, strict=True)
        return _frontier(tuple((step.tobytes(), gain.tobytes()) for step, gain in users))

    def fastest_above(self, accuracy_percent: float) -> NDArray[np.intp] | None:
        """Variants ``[n]`` of least total time among those that reach a sum of accuracies.

        ``None`` if none reaches it.
        """
        needed = math.ceil(accuracy_percent * TICKS_PER_PERCENT)
        index = int(np.searchsorted(self.accuracy, needed))
        return self.choice[index].astype(np.intp) if index < len(self.choice) else None

    def extended(self, step: NDArray[np.int64], gain: NDArray[np.int64]) -> Frontier:
        """The frontier with one more user, whose variants take ``step`` and give ``gain``."""
        times = (self.time[:, None] + step).ravel()
        accuracies = (self.accuracy[:, None] + gain).ravel()
        order = np.lexsort((-accuracies, times))
        ahead = np.maximum.accumulate(accuracies[order])
        kept = order[np.concatenate(([True], ahead[1:] > ahead[:-1]))]
        parent, variant = np.divmod(kept, len(step))
        choice = np.column_stack((self.choice[parent], variant.astype(np.int16)))
        return Frontier(times[kept], accuracies[kept], choice)


@functools.lru_cache(maxsize=CACHED)
def _frontier(users: tuple[tuple[bytes, bytes], ...]) -> Frontier:
    """Users whose devices are alike, as is the rule, share one frontier per number of users."""
    if not users:
        nobody = np.zeros(1, dtype=np.int64)
        return Frontier(nobody, nobody, np.zeros((1, 0), dtype=np.int16))
    step, gain = (np.frombuffer(ticks, dtype=np.int64) for ticks in users[-1])
    return _frontier(users[:-1]).extended(step, gain)
