# SPDX-License-Identifier: MIT
"""Learning curves of ``tandem reproduce any``, as SVG."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from tandem.agents.evaluation.aggregate import Bounded, summarise
from tandem.scripts.app.experiments.any_report import SEARCH, Levels
from tandem.scripts.app.experiments.curves import new_figure, save
from tandem.scripts.app.experiments.records import Result, grouped

FILE: Final = "curves.svg"


def write_any_curves(results: Sequence[Result], folder: Path) -> Path | None:
    """A panel per scenario: reward per decision in the judging episodes.

    Lines are interquartile means over seeds, bands reach from the worst seed to the best. Levels
    across are those that PPO and the best constant action reach.

    Returns:
        The file; ``None`` if nothing in the results learns.

    Raises:
        TandemError: matplotlib is missing.
    """
    learning = [result for result in results if result["agent"] != SEARCH]
    if not learning:
        return None
    by_scenario = {name: mine for (name,), mine in grouped(learning, "scenario").items()}
    figure, panels = new_figure(len(by_scenario))
    for (scenario, mine), panel in zip(by_scenario.items(), panels, strict=True):
        _draw(panel, scenario, mine, Levels.read(scenario))
    return save(figure, folder / FILE)


def _draw(panel: Any, scenario: str, results: Sequence[Result], levels: Levels | None) -> None:
    for number, ((agent,), runs) in enumerate(grouped(results, "agent").items()):
        points = sorted({row["interactions"] for run in runs for row in run["rows"]})
        at = [[_mean(row) for run in runs for row in _rows(run, point)] for point in points]
        middle = [summarise([Bounded(value) for value in values]).iqm.value for values in at]
        colour = f"C{number % 10}"
        panel.plot(points, middle, color=colour, label=agent, linewidth=1.3, marker=".")
        panel.fill_between(
            points, [min(v) for v in at], [max(v) for v in at], color=colour, alpha=0.15, lw=0
        )
    if levels is not None:
        for value in levels.ppo:
            panel.axhline(value, color="0.4", linestyle=":", label="PPO, one training each")
        panel.axhline(levels.constant, color="0.4", linestyle="--", label="best constant")
    panel.set_xscale("log")
    ticks = sorted({row["interactions"] for run in results for row in run["rows"]})
    panel.set_xticks(ticks, minor=False)
    panel.set_xticks([], minor=True)
    panel.xaxis.set_major_formatter("{x:g}")
    panel.set_title(scenario, fontsize="small")
    panel.set_xlabel("interactions", fontsize="small")
    panel.set_ylabel("reward per decision", fontsize="small")


def _rows(run: Result, point: int) -> list[Mapping[str, Any]]:
    return [row for row in run["rows"] if row["interactions"] == point]


def _mean(row: Mapping[str, Any]) -> float:
    return float(np.mean(row["rewards"]))
