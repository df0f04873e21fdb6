# SPDX-License-Identifier: MIT
"""The Pareto front: the points that no other point beats in both of two figures."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tandem.dnn_profiles.rows import Profile


def front(cost: NDArray[Any], gain: NDArray[Any]) -> NDArray[np.intp]:
    """Indices ``[F]`` of the points that no other one beats in both figures, cheapest first.

    Along the front cost and gain rise strictly; of equal points the first one is kept.

    Args:
        cost: less is better, ``[P]``.
        gain: more is better, ``[P]``.
    """
    order = np.lexsort((-gain, cost))
    highest = np.maximum.accumulate(gain[order])
    ahead = np.ones(len(order), dtype=np.bool_)
    ahead[1:] = highest[1:] > highest[:-1]
    return np.asarray(order[ahead], dtype=np.intp)


def accuracy(row: Profile, top: int) -> float | None:
    """Top-1 or top-5 accuracy of a row, percent, or None where it is not known.

    Raises:
        ValueError: ``top`` is neither 1 nor 5.
    """
    if top not in (1, 5):
        raise ValueError(f"top-{top} accuracy: only 1 and 5 are known")
    return row.top1_percent if top == 1 else row.top5_percent


def pareto_front(rows: Iterable[Profile], top: int = 5) -> list[Profile]:
    """Rows that no other row beats in both latency and accuracy, fastest first.

    Rows without accuracy are left out; of equal rows the first is kept.
    """
    known = [(row, value) for row in rows if (value := accuracy(row, top)) is not None]
    latency_s = np.array([row.latency_p50_s for row, _ in known])
    percent = np.array([value for _, value in known])
    return [known[index][0] for index in front(latency_s, percent)]
