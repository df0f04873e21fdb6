# SPDX-License-Identifier: MIT
"""Colours, names and layout that all figures share."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterable, Sequence, Sized
from types import MappingProxyType
from typing import Any, Final

import plotly.graph_objects as go
import plotly.io as pio
from plotly.subplots import make_subplots

from tandem.agents.inference.request_table import COMPONENTS
from tandem.bridge.runs.reader import Run

#: Okabe and Ito's palette (2008): distinguishable with every common colour blindness.
PALETTE: Final = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#8C6BB1")
SITE_COLOURS: Final = MappingProxyType(
    {"device": "#009E73", "edge": "#0072B2", "cloud": "#CC79A7", "all": "#444444"}
)
CELL_COLOURS: Final = MappingProxyType({"wifi": "#E69F00", "lte": "#7B3FA0"})
COMPONENT_COLOURS: Final = MappingProxyType(
    dict(
        zip(
            COMPONENTS,
            (
                "#BFBFBF",
                "#009E73",
                "#F0C75E",
                "#D55E00",
                "#9BC8E8",
                "#A9B8D4",
                "#0072B2",
                "#CC79A7",
            ),
            strict=True,
        )
    )
)
COMPONENT_NAMES: Final = MappingProxyType(
    {
        "device_queue_s": "device: wait",
        "device_compute_s": "device: compute",
        "uplink_queue_s": "uplink: queue and contention",
        "uplink_air_s": "uplink: own radio sends",
        "uplink_backhaul_s": "backhaul",
        "site_queue_s": "site: queue",
        "site_compute_s": "site: compute",
        "downlink_s": "downlink",
    }
)
#: Line styles distinguish runs where colours mean something else.
DASHES: Final = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
SYMBOLS: Final = ("circle", "square", "diamond", "triangle-up", "pentagon", "hexagon")
FONT: Final = "system-ui, -apple-system, Segoe UI, Roboto, Helvetica, Arial, sans-serif"
COLUMNS: Final = 3
PANEL_PX: Final = 300
TOP_PX: Final = 64
LEGEND_BELOW_PX: Final = 62
#: Above and below the plots: titles of panels, axis titles, legend.
MARGIN_PX: Final = 194
#: Points of a line beyond which a browser becomes slow.
MOST_POINTS: Final = 20_000


def colour(index: int) -> str:
    """A colour for the user, run or option of that number."""
    return PALETTE[index % len(PALETTE)]


def dash(index: int) -> str:
    """A line style for the run of that number."""
    return DASHES[index % len(DASHES)]


def names(runs: Sequence[Run]) -> list[str]:
    """A short name per run; the parent folder is added where two have the same."""
    short = [run.name for run in runs]
    return [
        name if short.count(name) == 1 else f"{run.folder.resolve().parent.name}/{name}"
        for name, run in zip(short, runs, strict=True)
    ]


def site_colour(label: str) -> str:
    """Of a site by its name: the usual ones have their own, others one by their name."""
    if label in SITE_COLOURS:
        return SITE_COLOURS[label]
    return colour(sum(label.encode()))


@functools.cache
def template() -> Any:
    """Plotly's white template with this package's fonts and colours."""
    base = go.layout.Template(pio.templates["plotly_white"])
    base.layout.font = {"family": FONT, "size": 13, "color": "#222222"}
    base.layout.colorway = PALETTE
    base.layout.hoverlabel = {"font": {"family": FONT}}
    for axis in (base.layout.xaxis, base.layout.yaxis):
        axis.update(gridcolor="#E6E6E6", zerolinecolor="#C8C8C8", linecolor="#888888", ticks="")
    return base


def finish(figure: go.Figure, height_px: int, **layout: Any) -> go.Figure:
    """Give a figure the common layout; the legend lies below its axis titles."""
    plot_px = height_px - MARGIN_PX
    figure.update_layout(
        template=template(),
        height=height_px,
        margin={"l": 70, "r": 40, "t": TOP_PX, "b": MARGIN_PX - TOP_PX},
        legend={"orientation": "h", "yanchor": "top", "y": -LEGEND_BELOW_PX / plot_px, "x": 0},
        **layout,
    )
    return figure


def log_ticks(values: Iterable[float]) -> dict[str, Any]:
    """Axis options for a log axis with ticks at 1, 2 and 5 times each power of ten."""
    positive = [value for value in values if value > 0 and math.isfinite(value)]
    if not positive:
        return {"type": "log"}
    first = math.floor(math.log10(min(positive)))
    last = math.ceil(math.log10(max(positive)))
    ticks = [step * 10.0**power for power in range(first, last + 1) for step in (1, 2, 5)]
    return {"type": "log", "tickvals": ticks, "ticktext": [f"{tick:g}" for tick in ticks]}


def panels(
    runs: Sequence[Run], columns: int = COLUMNS, panel_px: int = PANEL_PX, **options: Any
) -> tuple[go.Figure, list[dict[str, int]], int]:
    """One panel per run.

    Returns:
        The figure, ``{"row": …, "col": …}`` per run, and its height in pixels.
    """

    width = min(columns, len(runs))
    rows = math.ceil(len(runs) / width)
    gap_px = 100
    total_px = rows * panel_px + (rows - 1) * gap_px
    figure = make_subplots(
        rows=rows,
        cols=width,
        subplot_titles=names(runs),
        vertical_spacing=gap_px / total_px if rows > 1 else 0.0,
        horizontal_spacing=0.06,
        **options,
    )
    cells = [{"row": 1 + i // width, "col": 1 + i % width} for i in range(len(runs))]
    return figure, cells, total_px + MARGIN_PX


def thin(values: Sized, most: int = MOST_POINTS) -> slice:
    """A slice that keeps at most ``most`` of the values."""
    return slice(None, None, max(1, math.ceil(len(values) / most)))
