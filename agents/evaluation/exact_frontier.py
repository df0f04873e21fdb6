# SPDX-License-Identifier: MIT
"""Best device variants of several users, in whole ticks: equal sums are equal in any order."""

from __future__ import annotations

import functools
import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tandem.agents.inference.pareto import Frontier

#: Nanoseconds (ns-3's clock) and billionths of a percent.
TICKS_PER_S: Final = 1_000_000_000
TICKS_PER_PERCENT: Final = 1_000_000_000
#: Frontiers kept for use again.
CACHED: Final = 512


def exact_frontier(
    response_s: NDArray[np.float64], accuracy_percent: NDArray[np.float64]
) -> Frontier:
    """The frontier of n users, by adding one at a time and dropping what is dominated.

    Args:
        response_s: response time of each user with each variant, ``[n, D]``.
        accuracy_percent: likewise.
    """
    times = np.rint(response_s * TICKS_PER_S).astype(np.int64)
    accuracies = np.rint(accuracy_percent * TICKS_PER_PERCENT).astype(np.int64)
    users = zip(times, accuracies, strict=True)
    return _frontier(tuple((time.tobytes(), accuracy.tobytes()) for time, accuracy in users))


def fastest_above(frontier: Frontier, accuracy_percent: float) -> int | None:
    """Index of the fastest assignment that reaches a sum of accuracies; ``None``: none does."""
    index = int(frontier.fastest_above(math.ceil(accuracy_percent * TICKS_PER_PERCENT)))
    return index if index < len(frontier.time) else None


@functools.lru_cache(maxsize=CACHED)
def _frontier(users: tuple[tuple[bytes, bytes], ...]) -> Frontier:
    """Users with equal devices, the usual case, share one frontier per number of users."""
    if not users:
        return Frontier.of_nobody(np.int64)
    time, accuracy = (np.frombuffer(ticks, dtype=np.int64) for ticks in users[-1])
    return _frontier(users[:-1]).extended(time, accuracy)
