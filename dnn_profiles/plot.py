# SPDX-License-Identifier: MIT
"""The accuracy–latency plane: every variant, and the Pareto front of each device."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tandem.dnn_profiles.catalogue import Catalogue
from tandem.dnn_profiles.errors import ProfileError, require
from tandem.dnn_profiles.pareto import accuracy, pareto_front
from tandem.dnn_profiles.rows import Profile

#: Paul Tol's "muted" scheme with black and a darker yellow: distinct for any colour vision.
COLOURS = (
    "#332288",
    "#CC6677",
    "#117733",
    "#AA4499",
    "#999933",
    "#88CCEE",
    "#000000",
    "#882255",
    "#44AA99",
    "#B8860B",
)
MARKERS = {"fp32": "o", "fp16": "^", "int8": "s"}
SIZE_INCHES = (8.6, 4.8)
DPI = 150
MARKER, RING = 30.0, 110.0
LEGEND_KEY = (
    "filled: on the device's front",
    "circle: fp32, square: int8",
    "dashed: derived latencies",
)
FORMATS = ("png", "svg")


def plot_pareto(
    catalogue: Catalogue,
    target: Path,
    *,
    devices: Sequence[str] | None = None,
    top: int = 5,
    threads: int | None = None,
) -> list[Path]:
    """Draw the Pareto front of each device; writes ``target`` as PNG and as SVG.

    Args:
        devices: devices to draw; None takes all with a latency.
        threads: rows of this many threads; None takes the most that each device has.
    Returns: the files written.
    Raises:
        ProfileError: an unknown device, or nothing to draw.
        MissingExtraError: matplotlib is not installed.
    """
    matplotlib: Any = require("matplotlib", "drawing a plot")
    matplotlib.use("Agg")
    pyplot: Any = require("matplotlib.pyplot", "drawing a plot")
    groups = {
        name: _rows(catalogue, name, threads, top) for name in (devices or catalogue.device_names())
    }
    drawn = {name: rows for name, rows in groups.items() if rows}
    if not drawn:
        raise ProfileError(
            f"no row of {', '.join(groups)} has both a latency and an accuracy; nothing to draw"
        )
    figure, axes = pyplot.subplots(figsize=SIZE_INCHES, layout="constrained")
    drawn_points: set[tuple[float, float | None]] = set()
    try:
        for index, (name, rows) in enumerate(drawn.items()):
            _draw(axes, name, rows, COLOURS[index % len(COLOURS)], drawn_points, top)
        _decorate(axes, top)
        written = []
        for extension in FORMATS:
            path = target.with_suffix(f".{extension}")
            figure.savefig(path, dpi=DPI, metadata={"Date": None} if extension == "svg" else None)
            written.append(path)
    finally:
        pyplot.close(figure)
    return written


def _rows(catalogue: Catalogue, device: str, threads: int | None, top: int) -> list[Profile]:
    rows = [row for row in catalogue.select(device=device) if accuracy(row, top) is not None]
    if threads is None:
        threads = max((row.threads for row in rows if row.threads is not None), default=None)
    return [row for row in rows if row.threads == threads]


def _draw(
    axes: Any,
    name: str,
    rows: Sequence[Profile],
    colour: str,
    drawn_points: set[tuple[float, float | None]],
    top: int,
) -> None:
    derived = all(row.derived for row in rows)
    label = f"{name} (derived)" if derived else name
    front = pareto_front(rows, top)
    if len(front) > 1:
        axes.plot(
            [1e3 * row.latency_p50_s for row in front],
            [accuracy(row, top) for row in front],
            color=colour,
            linestyle="--" if derived else "-",
            linewidth=1.4,
            drawstyle="steps-post",
            zorder=2,
        )
    first = True
    for precision, marker in MARKERS.items():
        chosen = [row for row in rows if row.precision == precision]
        if not chosen:
            continue
        points = [(row.latency_p50_s, accuracy(row, top)) for row in chosen]
        # A point that another device already has becomes a ring around it.
        axes.scatter(
            [1e3 * latency for latency, _ in points],
            [value for _, value in points],
            marker=marker,
            s=[RING if point in drawn_points else MARKER for point in points],
            facecolor=[
                "none" if point in drawn_points else colour if row in front else "white"
                for row, point in zip(chosen, points, strict=True)
            ],
            edgecolor=colour,
            label=label if first else None,
            zorder=3,
        )
        first = False
        drawn_points.update(points)
    for row in rows:
        axes.annotate(
            row.variant,
            (1e3 * row.latency_p50_s, accuracy(row, top) or 0.0),
            textcoords="offset points",
            xytext=(4, -9),
            fontsize=7,
            color=colour,
        )


def _decorate(axes: Any, top: int) -> None:
    axes.set_xscale("log")
    ticker: Any = require("matplotlib.ticker", "drawing a plot")
    axes.xaxis.set_major_locator(ticker.LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter("{x:g}")
    axes.xaxis.set_minor_formatter(ticker.NullFormatter())
    axes.set_xlabel("latency of one inference, ms (log scale)")
    axes.set_ylabel(f"top-{top} accuracy, %")
    axes.grid(visible=True, which="both", linewidth=0.3, alpha=0.6)
    axes.figure.legend(
        loc="outside right upper",
        fontsize=8,
        title="\n".join(LEGEND_KEY),
        title_fontsize=8,
        alignment="left",
    )
