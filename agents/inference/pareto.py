# SPDX-License-Identifier: MIT
"""Best device variants of several users: least total time for each total accuracy.

Users on their devices do not slow each other, so totals are sums and the frontier of n + 1 users
follows from that of n (Nemhauser and Ullmann, "Discrete Dynamic Programming and Capital
Allocation", Management Science 15(9), 1969).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tandem.dnn_profiles.pareto import front


@dataclass(frozen=True)
class Frontier:
    """Assignments of variants to users that no other one beats in both time and accuracy.

    Times and accuracies may be floats, or whole ticks: integers sum to the same in any order.

    Shapes: F assignments in order of rising time and accuracy, n users.

    Attributes:
        time: sums of response times, ``[F]``.
        accuracy: sums of accuracies, ``[F]``.
        choice: index of each user's variant, ``[F, n]``.
        slow_first: of assignments that are equal in both, the one whose first users are the slower
            and more accurate ones is kept; else the one whose first users are the faster ones.
    """

    time: NDArray[Any]
    accuracy: NDArray[Any]
    choice: NDArray[np.int16]
    slow_first: bool = False

    @classmethod
    def of_nobody(cls, dtype: type[np.generic], slow_first: bool = False) -> Frontier:
        """The frontier of no users at all: one assignment, which takes no time."""
        nothing = np.zeros(1, dtype=dtype)
        return cls(nothing, nothing, np.zeros((1, 0), dtype=np.int16), slow_first)

    def extended(self, time: NDArray[Any], accuracy: NDArray[Any]) -> Frontier:
        """The frontier with one more user, whose variants take ``time`` and give ``accuracy``.

        Args:
            time: of each variant, ``[V]``.
            accuracy: likewise.
        """
        parent = np.arange(len(self.time))
        if self.slow_first:
            parent = parent[::-1]
        times = (self.time[parent, None] + time).ravel()
        accuracies = (self.accuracy[parent, None] + accuracy).ravel()
        kept = front(times, accuracies)
        before, variant = np.divmod(kept, len(time))
        choice = np.column_stack((self.choice[parent[before]], variant.astype(np.int16)))
        return Frontier(times[kept], accuracies[kept], choice, self.slow_first)

    def fastest_above(self, needed: Any) -> NDArray[np.intp]:
        """Index of the fastest assignment that reaches each sum of accuracies, ``[…]``; F where
        none does."""
        return np.asarray(np.searchsorted(self.accuracy, needed), dtype=np.intp)
