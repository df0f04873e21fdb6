# SPDX-License-Identifier: MIT
"""The grid of ``tandem reproduce paper``.

The paper is Shahhosseini et al., "Hybrid Learning for Orchestrating Deep Learning Inference in
Multi-user Edge-cloud Networks", ISQED 2022 (arXiv 2202.11098).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from tandem.scripts.app.experiments.grid import Grid, Run
from tandem.scripts.app.experiments.settings import Setting
from tandem.scripts.app.experiments.states import JudgingStates
from tandem.scripts.app.experiments.truth import Threshold, Truth, threshold_name
from tandem.scripts.app.experiments.units import PRIOR

#: Network conditions (recalled from the paper): share of the users whose network is weak, which
#: means 20 ms more for each packet that they send.
CONDITIONS: Final[Mapping[str, float]] = {"A": 0.0, "B": 1 / 3, "C": 2 / 3, "D": 1.0}
#: Conditions by the number of users: a state of 5 users takes ten times as long as one of 3.
WHERE: Final[Mapping[int, tuple[str, ...]]] = {
    3: ("A", "B", "C", "D"),
    4: ("A", "B", "C", "D"),
    5: ("A", "D"),
}
CENTRE: Final[tuple[Threshold, ...]] = (85.0,)
EVERYWHERE: Final[tuple[Threshold, ...]] = (80.0, 85.0, 89.0, "max")
SMALLEST: Final = 3


@dataclass(frozen=True)
class Cell:
    """A place in the grid."""

    users: int
    condition: str
    threshold: Threshold

    @property
    def name(self) -> str:
        """Of its setting."""
        return f"{self.users}-{self.condition}-{threshold_name(self.threshold)}"

    @property
    def setting(self) -> Setting:
        """What an agent meets there."""
        weak = round(self.users * CONDITIONS[self.condition])
        # An argument that says the default would name other measurements.
        more: dict[str, Any] = {"weakUsers": weak} if weak else {}
        about = f"{self.users} users, condition {self.condition}: {weak} weak"
        truth = Truth.of(users=self.users, **more)
        return Setting(self.name, about, truth, self.threshold)


@dataclass(frozen=True)
class Row:
    """Where an agent is run.

    Attributes:
        cap: interactions of a run that does not reach the target; 0: it does not learn.
        thresholds: on accuracy.
        users: with how many; empty: all.
        caps: other caps, by users and condition.
    """

    cap: int
    thresholds: tuple[Threshold, ...] = CENTRE
    users: tuple[int, ...] = ()
    caps: tuple[tuple[int, str, int], ...] = ()

    def cap_in(self, cell: Cell) -> int:
        """The cap in a cell."""
        for users, condition, cap in self.caps:
            if (users, condition) == (cell.users, cell.condition):
                return cap
        return self.cap


HYBRID: Final = "hybrid"
JOINT: Final = "joint-dqn"
NO_PHYSICS: Final = "hybrid-no-physics"
NO_PRIOR: Final = "hybrid-no-prior"
#: What is run. An epoch of ns-3 takes 0.05 s with 3 users, 0.08 s with 5.
ROWS: Final[Mapping[str, Row]] = {
    HYBRID: Row(150, EVERYWHERE),
    PRIOR: Row(0, EVERYWHERE),
    "prior-bandit": Row(150),
    NO_PHYSICS: Row(150),
    # Long enough to arrive: it has to learn everything.
    NO_PRIOR: Row(400),
    "branching-dqn": Row(300),
    # Where it shall arrive, so that a ratio is a number and no bound.
    JOINT: Row(
        900,
        caps=(
            *((SMALLEST, "A", 5_000), (SMALLEST, "B", 1_250)),
            *((SMALLEST, "C", 1_250), (SMALLEST, "D", 2_000)),
        ),
    ),
    "bandit": Row(200, users=(SMALLEST,)),
    "qlearning": Row(200, users=(SMALLEST,)),
}
#: Caps of a smoke run.
QUICK_CAPS: Final[Mapping[str, int]] = {HYBRID: 35, "prior-bandit": 35, JOINT: 150}
QUICK_CAP: Final = 35


def paper_grid(
    rows: Mapping[str, Row] = ROWS,
    users: tuple[int, ...] = tuple(WHERE),
    conditions: tuple[str, ...] = (),
    thresholds: tuple[Threshold, ...] = (),
) -> Grid:
    """The grid.

    Args:
        rows: agents.
        users: how many.
        conditions: of the network; none given: those of `WHERE`.
        thresholds: for every agent; none given: each agent's own.
    """
    runs = tuple(
        Run(cell.setting, agent, row.cap_in(cell))
        for cell in cells(users, conditions, thresholds)
        for agent, row in rows.items()
        if (not row.users or cell.users in row.users)
        and (bool(thresholds) or cell.threshold in row.thresholds)
    )
    return Grid(runs)


def quick_rows(more: Sequence[str]) -> dict[str, Row]:
    """The agents of a smoke run, and those that were asked for by name."""
    quick = {PRIOR: Row(0), **{agent: Row(cap) for agent, cap in QUICK_CAPS.items()}}
    return {**quick, **{agent: Row(QUICK_CAP) for agent in more if agent not in quick}}


def few(grid: Grid) -> Grid:
    """With few seeds and states."""
    return replace(grid, seeds=(1, 2), states=JudgingStates(count=6, futures=2))


def figures(settings: Sequence[Setting]) -> dict[str, list[str]]:
    """One figure per number of users, at the central threshold, or all where that was not run."""
    ending = f"-{threshold_name(CENTRE[0])}"
    central = [s for s in settings if s.name.endswith(ending)] or list(settings)
    named: dict[str, list[str]] = {}
    for setting in central:
        named.setdefault(f"curves_u{setting.truth.users}", []).append(setting.name)
    return named


def cells(
    users: tuple[int, ...], conditions: tuple[str, ...], thresholds: tuple[Threshold, ...]
) -> Iterator[Cell]:
    """The places in the grid; see `paper_grid`."""
    for count in users:
        where = conditions or WHERE.get(count, ("A",))
        for condition, threshold in itertools.product(where, thresholds or EVERYWHERE):
            yield Cell(count, condition, threshold)
