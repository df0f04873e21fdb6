# SPDX-License-Identifier: MIT
"""When a learner is evaluated, and what is told about it each time.

The first evaluation comes before the first interaction: it shows what the learner knows. How many
interactions a learner needs is counted by `tandem.agents.evaluation.convergence`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tandem.agents.evaluation.judge import Evaluation, Optima

#: Interactions after which a learner is evaluated …
POINTS: Final = (0, 5, 10, 20, 35, 50, 75, 100, 150, 200, 300)
#: … and by which factor they grow from there on.
GROWTH: Final = 1.5


def evaluation_points(cap: int) -> list[int]:
    """Interactions after which a run of ``cap`` interactions is evaluated; the cap is the last."""
    points = [point for point in POINTS if point < cap]
    following = POINTS[-1] * GROWTH
    while following < cap:
        points.append(round(following))
        following *= GROWTH
    return [*points, cap]


@dataclass(frozen=True, slots=True)
class Excess:
    """A policy's mean cost over each optimum; 1 is as good. ``None`` where that is not known.

    Attributes:
        held_out: over the joint action chosen without knowing the future that judges it. This can
            be reached, and beaten by luck.
        best_on_average: over the joint action that is best in the very futures that judge.
        hindsight: over each future's own best; nobody can reach that.
    """

    held_out: float | None
    best_on_average: float | None
    hindsight: float | None

    @classmethod
    def of(cls, evaluation: Evaluation, optima: Optima) -> Excess:
        """Of an evaluation by the judge that knows these optima."""

        def over(optimum_s: float | None) -> float | None:
            return None if optimum_s is None else evaluation.cost_s / optimum_s

        return cls(
            over(optima.held_out_s), over(optima.best_on_average_s), over(optima.hindsight_s)
        )
