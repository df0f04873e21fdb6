# SPDX-License-Identifier: MIT
"""Best device variants of several users: least total time for each total accuracy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

#: Times and accuracies are summed as integers, so that equal sums are equal in any order:
#: nanoseconds (ns-3's clock) and billionths of a percent.
TICKS_PER_S: Final = 1_000_000_000
TICKS_PER_PERCENT: Final = 1_000_000_000


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
    choice: NDArray[np.intp]

    @classmethod
    def of(cls, response_s: NDArray[np.float64], accuracy_percent: NDArray[np.float64]) -> Frontier:
        """Exact, by adding one user at a time and dropping what is dominated.

        Args:
            response_s: response time of each user with each variant, ``[n, D]``.
            accuracy_percent: likewise.
        """
        time = np.zeros(1, dtype=np.int64)
        accuracy = np.zeros(1, dtype=np.int64)
        choice = np.zeros((1, 0), dtype=np.intp)
        steps = np.rint(response_s * TICKS_PER_S).astype(np.int64)
        gains = np.rint(accuracy_percent * TICKS_PER_PERCENT).astype(np.int64)
        for step, gain in zip(steps, gains, strict=True):
            times = (time[:, None] + step).ravel()
            accuracies = (accuracy[:, None] + gain).ravel()
            order = np.lexsort((-accuracies, times))
            ahead = np.maximum.accumulate(accuracies[order])
            kept = order[np.concatenate(([True], ahead[1:] > ahead[:-1]))]
            parent, variant = np.divmod(kept, len(step))
            choice = np.column_stack((choice[parent], variant))
            time, accuracy = times[kept], accuracies[kept]
        return cls(time, accuracy, choice)

    def fastest_above(self, accuracy_percent: float) -> NDArray[np.intp] | None:
        """Variants ``[n]`` of least total time among those that reach a sum of accuracies.

        ``None`` if none reaches it.
        """
        needed = int(np.ceil(accuracy_percent * TICKS_PER_PERCENT))
        index = int(np.searchsorted(self.accuracy, needed))
        return self.choice[index] if index < len(self.choice) else None
