# SPDX-License-Identifier: MIT
"""Statistics for few runs: interquartile mean, bootstrap intervals, runs that were cut off."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

#: Share cut from either end for the interquartile mean.
QUARTER: Final = 0.25
CONFIDENCE: Final = 0.95
RESAMPLES: Final = 9_999
BOOTSTRAP_SEED: Final = 0
#: A single value cannot be resampled.
MIN_RESAMPLED: Final = 2


def number_text(value: float, digits: int = 4) -> str:
    """With so many digits, but never fewer than its whole part has: 14.25, 5000."""
    if abs(value) < 10**digits - 0.5:
        return f"{value:.{digits}g}"
    return f"{value:.0f}"


@dataclass(frozen=True, slots=True)
class Bounded:
    """A number, or a lower bound of it."""

    value: float
    censored: bool = False

    def __str__(self) -> str:
        return f"{'> ' if self.censored else ''}{number_text(self.value)}"


@dataclass(frozen=True, slots=True)
class Summary:
    """Interquartile mean of some runs with its bootstrap interval.

    Attributes:
        iqm: interquartile mean; censored if a run that was cut off counts in it.
        low, high: ends of the interval; infinite (NaN: unknown) for a single run.
        runs: how many runs.
        censored: how many of them were cut off.
    """

    iqm: Bounded
    low: Bounded
    high: Bounded
    runs: int
    censored: int

    def __str__(self) -> str:
        if self.runs == 1:
            return f"{self.iqm}, 1 run"
        text = f"{self.iqm} [{self.low}, {self.high}], {self.runs} runs"
        return f"{text}, {self.censored} cut off" if self.censored else text


def iqm(values: NDArray[np.float64], axis: int = -1) -> NDArray[np.float64]:
    """Interquartile mean: the mean of what is left without the lowest and highest quarter.

    As is usual, the quarter is rounded down to whole runs: of 5 runs the middle 3 count.
    """
    mean: NDArray[np.float64] = _stats().trim_mean(values, QUARTER, axis=axis)
    return mean


def summarise(values: Sequence[Bounded], confidence: float = CONFIDENCE) -> Summary:
    """Interquartile mean and percentile bootstrap interval of runs, some perhaps cut off.

    A run that was cut off enters with its cap. Where such a run counts in a result, the result is
    a lower bound and shown as ``> n``; where it is trimmed away the result is exact.

    Raises:
        ValueError: there are no runs.
    """
    if not values:
        raise ValueError("there are no runs to summarise: at least 1 is needed")
    number = np.array([value.value for value in values])
    # A cut-off run ranks above a finished one with the same number.
    rank = np.lexsort((np.array([value.censored for value in values]), number))
    number = number[rank]
    flag = np.array([values[index].censored for index in rank])
    centre = Bounded(*_centre(number, flag))
    if len(values) < MIN_RESAMPLED:
        unknown = Bounded(math.nan)
        return Summary(centre, unknown, unknown, len(values), int(flag.sum()))
    # Resampling ranks instead of values keeps each value with its flag.
    draws = _resamples(np.arange(len(number), dtype=np.float64), lambda index: index).astype(int)
    draws = np.sort(draws, axis=-1)
    means, touched = _centres(number[draws], flag[draws])
    tail = (1.0 - confidence) / 2.0
    low, high = (_quantile(means, touched, share) for share in (tail, 1.0 - tail))
    return Summary(centre, low, high, len(values), int(flag.sum()))


def ratio_interval(
    numerator: NDArray[np.float64],
    denominator: NDArray[np.float64],
    confidence: float = CONFIDENCE,
) -> tuple[float, float]:
    """Bootstrap interval of ``mean(numerator) / mean(denominator)``, resampled in pairs."""
    if len(numerator) < MIN_RESAMPLED:
        return math.nan, math.nan
    result = _stats().bootstrap(
        (numerator, denominator),
        lambda above, below, axis: above.mean(axis=axis) / below.mean(axis=axis),
        paired=True,
        vectorized=True,
        confidence_level=confidence,
        n_resamples=RESAMPLES,
        method="percentile",
        rng=np.random.default_rng(BOOTSTRAP_SEED),
    )
    return float(result.confidence_interval.low), float(result.confidence_interval.high)


def _stats() -> Any:
    """SciPy's statistics: half a second to import, so only when they are asked for."""
    from scipy import stats

    return stats


def _resamples(
    sample: NDArray[np.float64], keep: Callable[[NDArray[np.float64]], NDArray[np.float64]]
) -> NDArray[np.float64]:
    """Bootstrap resamples of ``sample``, ``[RESAMPLES, len(sample)]``."""
    drawn: list[NDArray[np.float64]] = []

    def statistic(resample: NDArray[np.float64], axis: int) -> Any:
        drawn.append(keep(np.moveaxis(resample, axis, -1)))
        return resample.mean(axis=axis)

    _stats().bootstrap(
        (sample,),
        statistic,
        vectorized=True,
        n_resamples=RESAMPLES,
        method="percentile",
        rng=np.random.default_rng(BOOTSTRAP_SEED),
    )
    return np.concatenate([part for part in drawn if part.ndim > 1])


def _centres(
    number: NDArray[np.float64], flag: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Interquartile means of sorted rows, and whether a cut-off run counts in them."""
    count = number.shape[-1]
    cut = int(QUARTER * count)
    touched = np.asarray(flag[..., : count - cut].any(axis=-1), dtype=np.bool_)
    return iqm(number), touched


def _centre(number: NDArray[np.float64], flag: NDArray[np.bool_]) -> tuple[float, bool]:
    mean, touched = _centres(number, flag)
    return float(mean), bool(touched)


def _quantile(means: NDArray[np.float64], touched: NDArray[np.bool_], share: float) -> Bounded:
    """A quantile of the bootstrap distribution; a lower bound if a lower bound lies below it."""
    order = np.argsort(means, kind="stable")
    position = min(math.ceil(share * len(means)), len(means) - 1)
    below = order[: position + 1]
    return Bounded(float(means[below[-1]]), bool(touched[below].any()))
