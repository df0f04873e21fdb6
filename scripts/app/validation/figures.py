# SPDX-License-Identifier: MIT
"""Figures of a validation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import plotly.graph_objects as go

from tandem.scripts.app.figures import style
from tandem.scripts.app.validation import bianchi
from tandem.scripts.app.validation.yardstick import Row

ROW_PX: Final = 19
PLOT_PX: Final = 520
BAND_COLOUR: Final = "#DDE3EA"
OUTSIDE_COLOUR: Final = "#D55E00"
MOST_STATIONS: Final = 50
PERCENT: Final = 100.0


def ratios(rows: Sequence[Row]) -> go.Figure:
    """Every row: how far it is from what was published, and how far it may be."""
    figure = go.Figure()
    names = [row.yardstick.name for row in rows]
    bands = [row.yardstick.band for row in rows]
    figure.add_bar(
        y=names,
        base=[PERCENT * (band.low - 1) for band in bands],
        x=[PERCENT * (band.high - band.low) for band in bands],
        orientation="h",
        name="band",
        marker_color=BAND_COLOUR,
        hoverinfo="skip",
    )
    figure.add_scatter(
        y=names,
        x=[PERCENT * (row.ratio - 1) for row in rows],
        mode="markers",
        name="measured",
        marker={
            "size": 8,
            "color": [style.colour(0) if row.passes else OUTSIDE_COLOUR for row in rows],
        },
        text=[f"{row.measured:.6g} of {row.yardstick.published:.6g}" for row in rows],
        hovertemplate="%{y}<br>%{x:.3f} %: %{text} <extra></extra>",
    )
    # The first at the top, without space above and below.
    figure.update_yaxes(range=[len(rows) - 0.5, -0.5], automargin=True)
    figure.update_xaxes(title="measured over published, less 1 (%)", zeroline=True)
    return style.finish(figure, ROW_PX * len(rows) + style.MARGIN_PX, bargap=0.25)


def throughput(rows: Sequence[Row]) -> go.Figure:
    """Saturated WiFi over the number of stations, with the model's curve."""
    figure = go.Figure()
    stations = range(2, MOST_STATIONS + 1)
    for number, rate in enumerate(bianchi.RATES):
        mine = [row for row in rows if row.yardstick.name.startswith(f"{rate.name},")]
        if not mine:
            continue
        look = {"color": style.colour(number)}
        figure.add_scatter(
            x=list(stations),
            y=[bianchi.model_mbps(rate.phy, count) for count in stations],
            mode="lines",
            line=look,
            name=rate.name,
            legendgroup=rate.name,
        )
        mine = [row for row in mine if row.yardstick.name.endswith("stations")]
        counts = [_stations(row) for row in mine]
        for values, symbol, word in (
            ([row.yardstick.published for row in mine], "circle-open", "published"),
            ([row.measured for row in mine], "cross-thin-open", "measured"),
        ):
            figure.add_scatter(
                x=counts,
                y=values,
                mode="markers",
                marker={**look, "symbol": symbol, "size": 10, "line": {"width": 2}},
                name=word,
                legendgroup=rate.name,
                showlegend=number == 0,
            )
    figure.update_xaxes(title="stations that always have data")
    figure.update_yaxes(title="throughput (Mbit/s)", **style.log_ticks([3.0, 40.0]))
    return style.finish(figure, PLOT_PX)


def _stations(row: Row) -> int:
    return int(row.yardstick.name.split(", ")[1].split()[0])


def agreement(rows: Sequence[Row]) -> go.Figure:
    """LTE: measured over published, UE by UE."""
    figure = go.Figure()
    for number, group in enumerate(dict.fromkeys(row.case.group for row in rows)):
        for symbol, direction in (("circle", "downlink"), ("diamond-open", "uplink")):
            mine = [
                row
                for row in rows
                if row.case.group == group and row.yardstick.name.endswith(direction)
            ]
            figure.add_scatter(
                x=[row.yardstick.published for row in mine],
                y=[row.measured for row in mine],
                mode="markers",
                marker={"symbol": symbol, "size": 9, "color": style.colour(number)},
                name=f"{group.removeprefix('lte-').upper()} {direction}",
                text=[row.yardstick.name for row in mine],
                hovertemplate="%{text}: %{y:.6g} of %{x:.6g} byte/s<extra></extra>",
            )
    values = [row.yardstick.published for row in rows]
    ends = [min(values), max(values)]
    figure.add_scatter(x=ends, y=ends, mode="lines", name="equal", line={"color": "#888888"})
    figure.update_xaxes(title="published (byte/s of one UE)", **style.log_ticks(values))
    figure.update_yaxes(title="measured (byte/s of one UE)", **style.log_ticks(values))
    return style.finish(figure, PLOT_PX)


#: Key, title, caption, the groups that it shows (their beginnings), and what draws it.
Drawing = Callable[[Sequence[Row]], go.Figure]
FIGURES: Final[tuple[tuple[str, str, str, str, Drawing], ...]] = (
    (
        "ratios",
        "Every yardstick",
        "How far each measurement is from what was published. Grey: where it has to lie.",
        "",
        ratios,
    ),
    (
        "throughput",
        "Saturated WiFi",
        "Lines: Bianchi's model as this program calculates it. Circles: the published table. "
        "Crosses: measured.",
        "bianchi",
        throughput,
    ),
    (
        "lte",
        "LTE schedulers",
        "Bytes per second and UE, by scheduler, direction, distance and number of UEs.",
        "lte",
        agreement,
    ),
)


def draw(rows: Sequence[Row]) -> dict[str, go.Figure]:
    """The figures that there are rows for, by key."""
    drawn = {}
    for key, _, _, group, drawing in FIGURES:
        mine = [row for row in rows if row.case.group.startswith(group)]
        if mine:
            drawn[key] = drawing(mine)
    return drawn
