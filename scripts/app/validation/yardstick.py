# SPDX-License-Identifier: MIT
"""What a yardstick is, and how far from it a measurement may lie."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

PERCENT: Final = 100.0
#: Bands narrower than this are for rounding only.
EXACT_PERCENT: Final = 1e-9
ALIKE: Final = 1e-3


@dataclass(frozen=True)
class Band:
    """Where measured / published has to lie."""

    low: float
    high: float

    @classmethod
    def within(cls, share: float) -> Band:
        """``share`` to both sides of 1."""
        return cls(1.0 - share, 1.0 + share)

    def __contains__(self, ratio: float) -> bool:
        return self.low <= ratio <= self.high

    def __str__(self) -> str:
        below, above = PERCENT * (1 - self.low), PERCENT * (self.high - 1)
        if above < EXACT_PERCENT:
            return "exact"
        if math.isclose(below, above, rel_tol=ALIKE):
            return f"± {above:.3g} %"
        return f"{-below:+.3g} … {above:+.3g} %"


@dataclass(frozen=True)
class Yardstick:
    """A figure that the simulation has to meet.

    Attributes:
        name: of the row, unique.
        published: what it is compared with, in ``unit``.
        unit: of both figures.
        band: of measured / published.
        model: what this program's own calculation of the published figure gives, if it has one.
    """

    name: str
    published: float
    unit: str
    band: Band
    model: float | None = None


@dataclass(frozen=True)
class Case:
    """One or a few runs of ns-3, which measure some yardsticks at once.

    Attributes:
        name: unique, as in file names.
        group: what ``--only`` takes.
        source: where the published figures are from.
        yardsticks: in the order of what ``measure`` returns.
        measure: runs ns-3 with files in the folder that it is given.
        weight: how long it takes, in seconds of one core, roughly.
        quick: whether it belongs to ``--quick``.
    """

    name: str
    group: str
    source: str
    yardsticks: tuple[Yardstick, ...]
    measure: Callable[[Path], Sequence[float]]
    weight: int
    quick: bool = False


@dataclass(frozen=True)
class Row:
    """A measured yardstick."""

    case: Case
    yardstick: Yardstick
    measured: float

    @property
    def ratio(self) -> float:
        """Measured / published."""
        return self.measured / self.yardstick.published

    @property
    def passes(self) -> bool:
        """Whether it lies within the band; what is no number does not."""
        return self.ratio in self.yardstick.band


def measure(case: Case, folder: Path) -> list[Row]:
    """Run a case.

    Args:
        folder: where files of the runs go; made here.

    Raises:
        TandemError: ns-3 failed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    measured = case.measure(folder)
    return [Row(case, *pair) for pair in zip(case.yardsticks, measured, strict=True)]
