# SPDX-License-Identifier: MIT
"""Pareto fronts of accuracy against latency."""

from __future__ import annotations

from collections.abc import Iterable

from tandem.dnn_profiles.rows import Profile


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
    known = [row for row in rows if accuracy(row, top) is not None]
    front: list[Profile] = []
    best = -1.0
    for row in sorted(known, key=lambda r: (r.latency_p50_s, -(accuracy(r, top) or 0.0))):
        value = accuracy(row, top) or 0.0
        if value > best:
            front.append(row)
            best = value
    return front
