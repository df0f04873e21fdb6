# SPDX-License-Identifier: MIT
"""Learning curves of the grid of the paper (Shahhosseini et al., ISQED 2022)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from tandem.agents.evaluation.aggregate import iqm
from tandem.agents.evaluation.convergence import TARGET_RATIO
from tandem.bridge.core.errors import TandemError
from tandem.scripts.app.paper.grid import CENTRE, Threshold, threshold_name
from tandem.scripts.app.paper.results import Result, grouped

WIDTH_INCHES: Final = 11.0
HEIGHT_INCHES: Final = 3.6
#: Below 1, because an optimum that does not know the future can be beaten.
BOTTOM_RATIO, TOP_RATIO = 0.9, 3.0
QUARTILES: Final = (25.0, 75.0)


def write_curves(results: Sequence[Result], folder: Path) -> list[Path]:
    """One figure per number of users: cost over the optimum against interactions.

    Curves are interquartile means over the runs of a condition at one threshold, bands are
    quartiles; a run that reached the target keeps its last value.

    Raises:
        TandemError: matplotlib is missing.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise TandemError(
            "learning curves need matplotlib: pip install 'ns3-tandem[profiles]' or matplotlib"
        ) from error
    written = []
    shown = shown_threshold(results)
    central = [r for r in results if r["threshold"] == shown]
    for (users,), group in grouped(central, ("users",)).items():
        conditions = grouped(group, ("condition",))
        figure = Figure(figsize=(WIDTH_INCHES, HEIGHT_INCHES), layout="constrained")
        panels: Any = figure.subplots(1, len(conditions), sharey=True, squeeze=False)[0]
        for panel, ((condition,), runs) in zip(panels, sorted(conditions.items()), strict=True):
            for (agent,), mine in grouped(runs, ("agent",)).items():
                points, ratios = curve(mine)
                (line,) = panel.plot(points, iqm(ratios, axis=0), label=agent, linewidth=1.3)
                low, high = np.percentile(ratios, QUARTILES, axis=0)
                panel.fill_between(points, low, high, color=line.get_color(), alpha=0.15)
            panel.axhline(TARGET_RATIO, color="black", linewidth=0.8, linestyle=":")
            panel.set(xscale="log", xlabel="interactions", title=f"condition {condition}")
            panel.set_ylim(BOTTOM_RATIO, TOP_RATIO)
        panels[0].set_ylabel("mean cost / optimum")
        lines, names = panels[0].get_legend_handles_labels()
        figure.legend(lines, names, loc="outside right center", fontsize="small")
        figure.suptitle(f"{users} users, threshold {threshold_name(shown)}")
        path = folder / f"curves_u{users}.svg"
        # No date and fixed ids, so that equal results give equal files.
        from matplotlib import rc_context

        with rc_context({"svg.hashsalt": "tandem"}):
            figure.savefig(path, metadata={"Date": None})
        written.append(path)
    return written


def shown_threshold(results: Sequence[Result]) -> Threshold:
    """The central threshold, at which most agents are run; without it the first that was run."""
    run: list[Threshold] = [r["threshold"] for r in results]
    return next((threshold for threshold in CENTRE if threshold in run), run[0])


def curve(runs: Sequence[Result]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Interactions ``[T]`` and ratios to the optimum ``[runs, T]``."""
    points = np.array(sorted({float(e[0]) for run in runs for e in run["evaluations"]}))
    ratios = np.empty((len(runs), len(points)))
    for row, run in enumerate(runs):
        own = np.array([[float(e[0]), float(e[1])] for e in run["evaluations"]])
        after = np.searchsorted(own[:, 0], points, side="right") - 1
        ratios[row] = own[np.maximum(after, 0), 1]
    return points, ratios
