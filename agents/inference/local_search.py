# SPDX-License-Identifier: MIT
"""Local search over network patterns; planner and oracle differ in the neighbours they try."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tandem.agents.inference.patterns import Patterns


@dataclass(frozen=True)
class Descent:
    """Where a local search ended.

    Attributes:
        pattern: the best found, ``[N]``.
        value: its value; less is better.
        tried: how many patterns were evaluated.
    """

    pattern: Patterns
    value: float
    tried: int


def descend(
    pattern: Patterns,
    value: float,
    look_around: Callable[[Patterns], Iterable[Patterns]],
    evaluate: Callable[[Patterns], NDArray[np.float64]],
    max_steps: int | None = None,
) -> Descent:
    """Go from a pattern to a better neighbour until there is none.

    Args:
        pattern: the start, ``[N]``.
        value: its value; less is better.
        look_around: neighbours of a pattern in portions ``[B, N]``, none of them empty. The search
            goes to the best of the first portion that holds something better: one large portion
            makes it a steepest descent, many small ones evaluate less per step.
        evaluate: gives the values of the patterns of a portion, ``[B]``.
        max_steps: improvements at most; ``None``: no limit.
    """
    here = Descent(pattern, value, 0)
    step = 0
    while max_steps is None or step < max_steps:
        improved = False
        for portion in look_around(here.pattern):
            values = evaluate(portion)
            best = int(values.argmin())
            improved = bool(values[best] < here.value)
            tried = here.tried + len(portion)
            if improved:
                here = Descent(portion[best], float(values[best]), tried)
                break
            here = Descent(here.pattern, here.value, tried)
        if not improved:
            break
        step += 1
    return here
