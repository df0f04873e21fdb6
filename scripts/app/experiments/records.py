# SPDX-License-Identifier: MIT
"""Figures of finished runs: what was measured when, over seeds."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from tandem.agents.evaluation.aggregate import Bounded, Summary, summarise

Result = Mapping[str, Any]
PERCENT: Final = 100.0
BEST_ON_AVERAGE: Final = "best_on_average"
HELD_OUT: Final = "held_out"


def grouped(results: Iterable[Result], *by: str) -> dict[tuple[Any, ...], list[Result]]:
    """Results grouped by some of their fields, in order of appearance."""
    groups: dict[tuple[Any, ...], list[Result]] = {}
    for result in results:
        groups.setdefault(tuple(result[name] for name in by), []).append(result)
    return groups


def evaluations(result: Result, system: int = 0) -> list[Mapping[str, Any]]:
    """A run's evaluations in one of its systems."""
    return [row for row in result["evaluations"] if row["system"] == system]


def row_at(result: Result, interactions: int, system: int = 0) -> Mapping[str, Any] | None:
    """The evaluation after so many interactions, or the last one before.

    A run that reached its target and ended, and one that does not learn, keep their last value.
    ``None``: the run was cut off before, or began later.
    """
    rows = [row for row in evaluations(result, system) if row["interactions"] <= interactions]
    if not rows:
        return None
    ended_early = result["played"] < result["cap"]
    if ended_early or not result["cap"] or interactions <= result["cap"]:
        return rows[-1]
    return None


def excess_percent(
    result: Result, interactions: int, system: int = 0, over: str = BEST_ON_AVERAGE
) -> float:
    """Cost above an optimum after so many interactions, percent; NaN: unknown."""
    row = row_at(result, interactions, system)
    ratio = None if row is None else row[over]
    return math.nan if ratio is None else PERCENT * (ratio - 1.0)


@dataclass(frozen=True, slots=True)
class Spread:
    """A figure over seeds."""

    median: float
    worst: float
    seeds: int

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        """Of one value per seed; NaN where a seed has none."""
        if not values or any(math.isnan(value) for value in values):
            return cls(math.nan, math.nan, len(values))
        return cls(float(np.median(values)), max(values), len(values))

    def __str__(self) -> str:
        if math.isnan(self.median):
            return "–"
        if self.seeds == 1:
            return f"{self.median:.1f}"
        return f"{self.median:.1f} [{self.worst:.1f}]"


def spread(
    results: Sequence[Result], interactions: int, system: int = 0, over: str = BEST_ON_AVERAGE
) -> Spread:
    """Excess over seeds, percent."""
    return Spread.of([excess_percent(result, interactions, system, over) for result in results])


def needed(results: Sequence[Result]) -> Summary:
    """Interactions to the target over runs."""
    return summarise([Bounded(r["interactions"], bool(r["censored"])) for r in results])


def learning_s(results: Sequence[Result], interactions: int) -> list[float]:
    """Cumulative excess cost over the reference after so many interactions, seconds, per run."""
    rows = [row_at(result, interactions) for result in results]
    return [math.nan if r is None or r["learning_s"] is None else r["learning_s"] for r in rows]


def episode_ratios(results: Sequence[Result], others: Sequence[Result]) -> list[float]:
    """Mean cost of each run's whole episodes over that of others in the same episodes."""
    ratios = []
    for result in results:
        other = same_seed(others, result)
        if result["episodes"] and other is not None and other["episodes"]:
            own_s, its_s = (float(np.mean(r["episodes"]["costs_s"])) for r in (result, other))
            ratios.append(own_s / its_s)
    return ratios


def same_seed(results: Sequence[Result], result: Result) -> Result | None:
    """The run of that seed among others; one that no seed changes stands for all of them."""
    for other in results:
        if other["seed"] == result["seed"]:
            return other
    return results[0] if len(results) == 1 else None
