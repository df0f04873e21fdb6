# SPDX-License-Identifier: MIT
"""What agents are to reach when their knowledge is wrong, and whether they did."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from tandem.scripts.app.experiments.records import BEST_ON_AVERAGE, HELD_OUT, Result, spread

HYBRID: Final = "hybrid"
NO_PHYSICS: Final = "hybrid-no-physics"


@dataclass(frozen=True)
class Aim:
    """A limit on an agent's excess.

    Attributes:
        interactions: after how many.
        percent: at most.
        worst: of the worst seed, not of the median one.
        over: the optimum.
    """

    interactions: int
    percent: float
    worst: bool = False
    over: str = BEST_ON_AVERAGE

    def told(self, runs: Sequence[Result]) -> str:
        """The aim, and whether these runs of one agent in one setting met it."""
        figure = spread(runs, self.interactions, over=self.over)
        value = figure.worst if self.worst else figure.median
        if math.isnan(value):
            verdict = "–"
        elif value <= self.percent:
            verdict = "met"
        else:
            verdict = f"**missed** ({value:.1f})"
        what = "worst " if self.worst else ""
        of = " of held out" if self.over == HELD_OUT else ""
        return f"{what}≤ {self.percent:g} after {self.interactions}{of}: {verdict}"


_TABLES: Final = Aim(20, 3.0)
#: For the hybrid agent, by setting.
_MEDIANS: Final[Mapping[str, tuple[Aim, ...]]] = {
    "device-lie-3": (_TABLES,),
    "device-lie-5": (_TABLES,),
    "edge-lie-3": (_TABLES,),
    "cloud-lie-3": (_TABLES,),
    "upload-lie-3": (Aim(50, 3.0),),
    "default-5": tuple(
        Aim(interactions, percent, over=HELD_OUT)
        for interactions, percent in ((20, 3.0), (50, 2.0), (150, 1.5))
    ),
}
_OTHERS: Final = (Aim(50, 5.0),)
_WORST: Final = Aim(100, 8.0, worst=True)
_NO_PHYSICS: Final = (Aim(0, 8.0), Aim(50, 4.0))


def aims_of(agent: str, setting: str) -> tuple[Aim, ...]:
    """What an agent is to reach in a setting."""
    if agent == HYBRID:
        return (*_MEDIANS.get(setting, _OTHERS), _WORST)
    if agent == NO_PHYSICS and setting.startswith("default"):
        return _NO_PHYSICS
    return ()
