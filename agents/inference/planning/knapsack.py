# SPDX-License-Identifier: MIT
"""Which variant each device user runs: multiple-choice knapsacks under the accuracy threshold.

Users on their devices do not slow each other, so once it is known who offloads, one problem
remains: pick one variant per device user, so that the total time is least and the total accuracy
reaches a bound. Small problems are solved exactly for every set of device users at once (Pareto
frontiers), large ones by upgrades along each user's convex hull, and the one that is played by
dynamic programming.
"""

from __future__ import annotations

import itertools
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tandem.agents.inference.pareto import Frontier
from tandem.dnn_profiles.pareto import front

Array = NDArray[np.float64]
Choice = NDArray[np.intp]

#: Accuracies in tables have one decimal; losses of accuracy are counted in this unit, rounded up.
ACCURACY_UNIT_PERCENT: Final = 0.1
#: More units than this make the dynamic program too slow; the unit grows instead.
LARGEST_BUDGET: Final = 8192
ROUNDING: Final = 1e-6


def frontiers(time_s: Array, accuracy: Array) -> list[Frontier]:
    """The frontier of every set of users, indexed by bit mask; exponential in users.

    Args:
        time_s: ``[N, V]``.
        accuracy: ``[V]``.
    """
    result = [Frontier.of_nobody(np.float64, slow_first=True)]
    for mask in range(1, 1 << len(time_s)):
        user = mask.bit_length() - 1
        result.append(result[mask ^ (1 << user)].extended(time_s[user], accuracy))
    return result


class HullUpgrades:
    """Near-optimal variants for many sets of device users at once.

    Every user starts with its fastest variant; upgrades along the users' convex hulls are taken
    in the order of seconds per percent until the accuracy suffices. That is optimal but for the
    last upgrade's surplus.

    Args:
        time_s: ``[N, V]``.
        accuracy: ``[V]``.
    """

    def __init__(self, time_s: Array, accuracy: Array) -> None:
        users = len(time_s)
        self._users = users
        fastest = np.zeros(users, dtype=np.intp)
        steps: list[tuple[float, int, int, float, float]] = []
        for user in range(users):
            hull = _hull(time_s[user], accuracy)
            fastest[user] = hull[0]
            for low, high in itertools.pairwise(hull):
                gain = float(accuracy[high] - accuracy[low])
                extra_s = float(time_s[user, high] - time_s[user, low])
                steps.append((extra_s / gain, user, high, gain, extra_s))
        steps.sort()
        #: The dearest upgrade, seconds per percent: at this price all want the most accurate.
        self.steepest = steps[-1][0] if steps else 0.0
        self._fastest = fastest
        self._base_accuracy = accuracy[fastest]
        self._base_time = time_s[np.arange(users), fastest]
        self._user = np.array([step[1] for step in steps], dtype=np.intp)
        self._variant = np.array([step[2] for step in steps], dtype=np.intp)
        self._gain = np.array([step[3] for step in steps])
        self._extra_s = np.array([step[4] for step in steps])

    def solve(self, on_device: NDArray[np.bool_], needed: Array) -> tuple[Array, Choice]:
        """Least time and variants for B sets of users.

        Args:
            on_device: who is in each set, ``[B, N]``.
            needed: total accuracy that each set has to reach, ``[B]``.

        Returns:
            Total time ``[B]`` (infinite where out of reach), variants ``[B, N]`` (of users
            outside the set: undefined).
        """
        member = on_device.astype(np.float64)
        missing = needed - member @ self._base_accuracy
        reached = np.cumsum(member[:, self._user] * self._gain, axis=1)
        before = np.concatenate([np.zeros((len(needed), 1)), reached], axis=1)
        taken = before[:, :-1] < missing[:, None]
        total = member @ self._base_time
        total += (taken * member[:, self._user]) @ self._extra_s
        total = np.where(before[:, -1] < missing, np.inf, total)
        variants = np.broadcast_to(self._fastest, on_device.shape).copy()
        # Upgrades of one user are in order of accuracy, so the last one taken stands.
        case, step = np.nonzero(taken)
        variants[case, self._user[step]] = self._variant[step]
        return np.asarray(total), variants


def _hull(time_s: Array, accuracy: Array) -> list[int]:
    """Variants on the lower convex hull of time over accuracy, fastest first."""
    hull: list[int] = []
    for index in front(time_s, accuracy).tolist():
        while len(hull) >= 2:  # noqa: PLR2004 (a line needs two points)
            a, b = hull[-2], hull[-1]
            to_b = (time_s[b] - time_s[a]) * (accuracy[index] - accuracy[a])
            to_new = (time_s[index] - time_s[a]) * (accuracy[b] - accuracy[a])
            if to_b < to_new:
                break
            hull.pop()
        hull.append(index)
    return hull


def cheapest_variants(time_s: Array, accuracy: Array, needed: float) -> Choice | None:
    """The variants of least total time with at least ``needed`` total accuracy.

    Dynamic programming over the accuracy given away, in units of `ACCURACY_UNIT_PERCENT`; exact
    when accuracies are multiples of it, else on the safe side.

    Args:
        time_s: ``[N, V]``.
        accuracy: ``[V]``.

    Returns:
        One variant per user ``[N]``, or ``None`` when rounding leaves nothing feasible.
    """
    users = len(time_s)
    best = float(accuracy.max())
    budget = users * best - needed
    if budget < 0.0:
        return None
    # No set of choices gives away more than this.
    budget = min(budget, users * (best - float(accuracy.min())))
    unit = max(ACCURACY_UNIT_PERCENT, budget / LARGEST_BUDGET)
    loss = np.ceil((best - accuracy) / unit - ROUNDING).astype(np.intp)
    width = int(np.floor(budget / unit + ROUNDING)) + 1
    total = np.zeros(width)
    chosen = np.zeros((users, width), dtype=np.int16)
    for user in range(users):
        candidates = np.full((len(accuracy), width), np.inf)
        for variant, given_away in enumerate(loss.tolist()):
            if given_away < width:
                candidates[variant, given_away:] = (
                    total[: width - given_away] + time_s[user, variant]
                )
        chosen[user] = candidates.argmin(axis=0)
        total = candidates.min(axis=0)
    if not np.isfinite(total[-1]):
        return None
    result = np.zeros(users, dtype=np.intp)
    at = width - 1
    for user in range(users - 1, -1, -1):
        result[user] = chosen[user, at]
        at -= int(loss[result[user]])
    return result
