# SPDX-License-Identifier: MIT
"""Learning curves of experiments, as SVG."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from tandem.bridge.core.errors import TandemError
from tandem.bridge.core.packages import not_installed
from tandem.scripts.app.experiments.records import Result, evaluations, excess_percent, grouped

COLUMNS: Final = 3
PANEL_INCHES: Final = (4.0, 2.8)
#: Percent; the axis is linear up to the first and logarithmic from there on.
LINEAR_PERCENT, TOP_PERCENT = 5.0, 400.0
LINEAR_INTERACTIONS: Final = 5.0
#: Interactions that are named on the axis.
TICKS: Final = (0, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000)


def write_curves(
    results: Sequence[Result], figures: Mapping[str, Sequence[str]], folder: Path
) -> list[Path]:
    """One file per figure, a panel per setting: excess over the best on average, percent.

    Lines are medians over seeds, bands reach from the best seed to the worst.

    Args:
        figures: name of each file, and its settings in order; those without results are left out.

    Raises:
        TandemError: matplotlib is missing.
    """
    by_setting = {name: mine for (name,), mine in grouped(results, "setting").items()}
    written = []
    for title, names in figures.items():
        shown = [name for name in names if name in by_setting]
        if not shown:
            continue
        figure, panels = new_figure(len(shown), sharey=True)
        for name, panel in zip(shown, panels, strict=True):
            _draw(panel, name, by_setting[name])
        written.append(save(figure, folder / f"{title}.svg"))
    return written


def new_figure(count: int, **options: Any) -> tuple[Any, list[Any]]:
    """A figure of panels side by side, and they.

    Args:
        count: of panels.
        **options: for matplotlib's `Figure.subplots`.

    Raises:
        TandemError: matplotlib is missing.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise TandemError(f"learning curves: {not_installed('matplotlib')}") from error
    columns = min(COLUMNS, count)
    lines = -(-count // columns)
    size = (PANEL_INCHES[0] * columns, PANEL_INCHES[1] * lines)
    figure = Figure(figsize=size, layout="constrained")
    panels: Any = figure.subplots(lines, columns, squeeze=False, **options)
    for panel in panels.flat[count:]:
        panel.set_visible(False)
    return figure, list(panels.flat[:count])


def save(figure: Any, path: Path) -> Path:
    """Write a figure with one legend for all panels; equal results give equal files."""
    from matplotlib import rc_context

    handles: dict[str, Any] = {}
    for panel in figure.axes:
        handles.update({line.get_label(): line for line in panel.get_lines()})
    figure.legend(handles.values(), handles.keys(), loc="outside right center", fontsize="small")
    with rc_context({"svg.hashsalt": "tandem"}):
        figure.savefig(path, metadata={"Date": None})
    return path


def _draw(panel: Any, name: str, results: Sequence[Result]) -> None:
    agents = list(dict.fromkeys(result["agent"] for result in results))
    last = max(result["played"] for result in results)
    for number, agent in enumerate(agents):
        runs = [result for result in results if result["agent"] == agent]
        points, values = _curve(runs)
        colour = f"C{number % 10}"
        if len(points) == len(runs[0]["optima"]):  # it does not learn
            middle = np.median(values, axis=0)
            panel.plot(
                [*points, max(last, points[-1] + 1)],
                [*middle, middle[-1]],
                color=colour,
                label=agent,
                linestyle="--",
                drawstyle="steps-post",
            )
            continue
        panel.plot(points, np.median(values, axis=0), color=colour, label=agent, linewidth=1.3)
        panel.fill_between(
            points, values.min(axis=0), values.max(axis=0), color=colour, alpha=0.15, linewidth=0
        )
    panel.set_xscale("symlog", linthresh=LINEAR_INTERACTIONS)
    panel.set_yscale("symlog", linthresh=LINEAR_PERCENT)
    panel.set_ylim(-1.0, TOP_PERCENT)
    panel.set_xlim(0.0, max(last, 1))
    panel.set_xticks([at for at in TICKS if at <= last])
    panel.xaxis.set_major_formatter("{x:g}")
    panel.yaxis.set_major_formatter("{x:g}")
    panel.set_title(name, fontsize="small")
    panel.set_xlabel("interactions", fontsize="small")
    panel.set_ylabel("% above best on average", fontsize="small")


def _curve(runs: Sequence[Result]) -> tuple[list[int], Any]:
    """Interactions and excess of every run, percent, ``[runs, T]``; after a change in the new
    system."""
    systems = range(len(runs[0]["optima"]))
    stops = [
        (row["interactions"], system)
        for system in systems
        for row in evaluations(max(runs, key=lambda run: len(run["evaluations"])), system)
    ]
    values = [[excess_percent(run, at, system) for at, system in stops] for run in runs]
    return [at for at, _ in stops], np.array(values)
