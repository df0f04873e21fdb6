# SPDX-License-Identifier: MIT
"""Small panels with the same horizontal axis."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from tandem.scripts.app.figures import style
from tandem.scripts.app.figures.figure import NoData

PANEL_PX: Final = 230
GAP_PX: Final = 90
COLUMNS: Final = 2
#: Points of a line: panels are many and small.
MOST_POINTS: Final = 2000


@dataclass(frozen=True)
class Line:
    """One line of a panel.

    Attributes:
        name: in the legend, once for all panels.
        values: by decision.
        paint: colour.
        run: index of its run, for the filter of the page.
        dash: number of its line style.
        faint: draw it thin.
    """

    name: str
    values: pd.Series[Any]
    paint: str
    run: int
    dash: int = 0
    faint: bool = False


def multiples(panels: Mapping[str, Sequence[Line]], across: str) -> go.Figure:
    """One panel per title.

    Raises:
        NoData: there is no panel.
    """
    if not panels:
        raise NoData("no column was recorded")
    width = min(COLUMNS, len(panels))
    rows = math.ceil(len(panels) / width)
    total_px = rows * PANEL_PX + (rows - 1) * GAP_PX
    figure = make_subplots(
        rows=rows,
        cols=width,
        subplot_titles=list(panels),
        vertical_spacing=GAP_PX / total_px if rows > 1 else 0.0,
        horizontal_spacing=0.08,
    )
    shown: set[str] = set()
    for number, lines in enumerate(panels.values()):
        cell = {"row": 1 + number // width, "col": 1 + number % width}
        for line in lines:
            step = style.thin(line.values, MOST_POINTS)
            figure.add_scatter(
                x=line.values.index[step],
                y=line.values.iloc[step],
                mode="lines",
                line={
                    "color": line.paint,
                    "width": 1 if line.faint else 1.6,
                    "dash": style.dash(line.dash),
                },
                opacity=0.5 if line.faint else 1.0,
                name=line.name,
                legendgroup=line.name,
                showlegend=line.name not in shown,
                meta={"run": line.run},
                **cell,
            )
            shown.add(line.name)
        figure.update_xaxes(title=across, **cell)
    return style.finish(figure, total_px + style.MARGIN_PX)
