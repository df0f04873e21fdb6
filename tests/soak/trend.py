# SPDX-License-Identifier: MIT
"""Whether something grows: samples over time, the criterion, the table."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from scipy.stats import theilslopes

MIB = 2**20
HOUR_S = 3600.0
#: Caches, allocators and lazy imports fill up at first: that part of a run is not judged …
WARM_UP_SHARE = 0.2
#: … nor more of it than this.
WARM_UP_LIMIT_S = 300.0
#: What the median resident memory of the last quarter may be above that of the first.
GROWTH_SHARE = 0.02
GROWTH_BYTES = 4 * MIB
#: The least number of an hour's quarter depends on whether a sample has met a moment of rest, so a
#: rise counts only if the whole series rises, by more than this per hour.
COUNTED_PER_HOUR = 1.0
#: With fewer samples in a quarter chance decides which simulators are just starting, so that much
#: more is allowed: a short soak only finds what is lost at every reset, branch or kill.
FEW_SAMPLES = 60
FEW_BYTES = 32 * MIB
FEW_COUNTED = 48


@dataclass
class Series:
    """One figure of one process, or of several, over time."""

    times_s: list[float] = field(default_factory=list)
    values: list[float] = field(default_factory=list)

    def add(self, time_s: float, value: float) -> None:
        """One more sample."""
        self.times_s.append(time_s)
        self.values.append(value)


@dataclass(frozen=True, slots=True)
class Trend:
    """A series, judged.

    Attributes:
        start, end: of the first and the last quarter after the warm-up.
        per_hour: Theil-Sen slope, which single peaks do not move.
        largest: over the whole run.
        grows: more than is allowed.
    """

    start: float
    end: float
    per_hour: float
    largest: float
    grows: bool


def judge(series: Series, duration_s: float, *, counted: bool, summed: bool = False) -> Trend:
    """Compare the end of a series with its start.

    Args:
        series: samples.
        duration_s: of the whole run.
        counted: descriptors or threads, whose least number must not rise together with their
            slope; else bytes, whose median may rise by ``GROWTH_SHARE`` and ``GROWTH_BYTES``.
            Runs that are too short for that are allowed ``FEW_COUNTED`` and ``FEW_BYTES``.
        summed: over all processes. How many there are depends on how busy the machine is: shown,
            not judged.
    """
    times = np.array(series.times_s)
    values = np.array(series.values)
    first_s = times[0] + min(duration_s * WARM_UP_SHARE, WARM_UP_LIMIT_S)
    late = times >= first_s
    times, judged = times[late], values[late]
    quarter = max(1, len(judged) // 4)
    typical = np.min if counted else np.median
    start, end = float(typical(judged[:quarter])), float(typical(judged[-quarter:]))
    if summed:
        allowed = math.inf
    elif quarter < FEW_SAMPLES:
        allowed = float(FEW_COUNTED if counted else FEW_BYTES)
    else:
        allowed = 0.0 if counted else GROWTH_SHARE * start + GROWTH_BYTES
    per_hour = theilslopes(judged, times)[0] * HOUR_S if len(judged) > 1 else 0.0
    grows = end - start > allowed and (not counted or per_hour > COUNTED_PER_HOUR)
    return Trend(start, end, float(per_hour), float(values.max()), bool(grows))


def table(memory: Mapping[str, Trend], counts: Mapping[str, Trend]) -> str:
    """All trends as text, MiB for memory."""
    lines = [f"{'':44}{'start':>9}{'end':>9}{'per hour':>10}{'largest':>9}"]
    for unit, trends in ((MIB, memory), (1, counts)):
        for name, trend in trends.items():
            numbers = [trend.start, trend.end, trend.per_hour, trend.largest]
            digits = 1 if unit == MIB else 0
            cells = "".join(
                f"{number / unit:{width}.{digits}f}"
                for number, width in zip(numbers, (9, 9, 10, 9), strict=True)
            )
            lines.append(f"{name:44}{cells}{'  GROWS' if trend.grows else ''}")
    return "\n".join(lines)
