# SPDX-License-Identifier: MIT
"""Learning curves of ``tandem reproduce any``, as SVG."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

from tandem.agents.evaluation.aggregate import summarise
from tandem.scripts.app.experiments.any_report import (
    CURVES,
    Levels,
    by_point,
    learning,
    mean_reward,
)
from tandem.scripts.app.experiments.curves import new_figure, save
from tandem.scripts.app.experiments.records import Result, grouped

#: Labels of the logarithmic axis are apart by this factor, so that they do not overlap.
TICKS_APART: Final = 1.9


def write_any_curves(results: Sequence[Result], folder: Path) -> None:
    """A panel per scenario: reward per decision in the judging episodes.

    Lines are interquartile means over seeds, bands reach from the worst seed to the best. Levels
    across are those that PPO and the best constant action reach. No file where nothing learns.

    Raises:
        TandemError: matplotlib is missing.
    """
    by_scenario = grouped(learning(results), "scenario")
    if not by_scenario:
        return
    figure, panels = new_figure(len(by_scenario))
    for ((scenario,), mine), panel in zip(by_scenario.items(), panels, strict=True):
        _draw(panel, scenario, mine, Levels.read(scenario))
    save(figure, folder / CURVES)


def _draw(panel: Any, scenario: str, results: Sequence[Result], levels: Levels | None) -> None:
    for number, ((agent,), runs) in enumerate(grouped(results, "agent").items()):
        evaluations = by_point(runs)
        points = list(evaluations)
        at = [[mean_reward(row) for row in rows] for rows in evaluations.values()]
        middle = [summarise(rewards).iqm.value for rewards in at]
        worst, best = ([end(r.value for r in rewards) for rewards in at] for end in (min, max))
        colour = f"C{number % 10}"
        panel.plot(points, middle, color=colour, label=agent, linewidth=1.3, marker=".")
        panel.fill_between(points, worst, best, color=colour, alpha=0.15, linewidth=0)
    if levels is not None:
        for value in levels.ppo:
            panel.axhline(value, color="0.4", linestyle=":", label="PPO, one training each")
        panel.axhline(levels.constant, color="0.4", linestyle="--", label="best constant")
    panel.set_xscale("log")
    panel.set_xticks(_ticks(by_point(results)), minor=False)
    panel.set_xticks([], minor=True)
    panel.xaxis.set_major_formatter("{x:g}")
    panel.set_title(scenario, fontsize="small")
    panel.set_xlabel("interactions", fontsize="small")
    panel.set_ylabel("reward per decision", fontsize="small")


def _ticks(points: Iterable[int]) -> list[int]:
    """Those of some rising numbers that have room for a label."""
    chosen: list[int] = []
    for point in points:
        if not chosen or point >= TICKS_APART * chosen[-1]:
            chosen.append(point)
    return chosen
