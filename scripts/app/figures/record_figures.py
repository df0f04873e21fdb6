# SPDX-License-Identifier: MIT
"""A record table of any scenario: how its columns are distributed, per agent, and over time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from tandem.bridge.runs.reader import Run
from tandem.scripts.app.figures import style
from tandem.scripts.app.figures.figure import NoData
from tandem.scripts.app.inspection import columns
from tandem.scripts.app.inspection.columns import RecordValues, with_unit

PANEL_PX: Final = 210
GAP_PX: Final = 90
#: Points of a distribution, and parts of a run over time.
MOST_POINTS: Final = 500
MOST_PARTS: Final = 100


def record_figure(runs: Sequence[Run], name: str) -> go.Figure:
    """The table of that name in every run that has it.

    Raises:
        NoData: it has no column with numbers.
    """
    tables = {
        index: table
        for index, run in enumerate(runs)
        for table in columns.records(run)
        if table.name == name
    }
    units = {
        column: unit
        for table in tables.values()
        for column, unit in zip(table.columns, table.units, strict=True)
        if pd.api.types.is_numeric_dtype(table.frame[column])
    }
    if not units:
        raise NoData(f"the table {name} has no column with measured numbers")
    total_px = len(units) * PANEL_PX + (len(units) - 1) * GAP_PX
    titles = [
        title
        for column in units
        for title in (f"{column}: distribution", "per agent", "over the run")
    ]
    figure = make_subplots(
        rows=len(units),
        cols=3,
        subplot_titles=titles,
        vertical_spacing=GAP_PX / total_px if len(units) > 1 else 0.0,
        horizontal_spacing=0.08,
    )
    names = style.names(runs)
    for row, (column, unit) in enumerate(units.items(), start=1):
        for index, table in tables.items():
            if column in table.columns:
                common: dict[str, Any] = {
                    "name": names[index],
                    "legendgroup": names[index],
                    "meta": {"run": index},
                }
                _draw(figure, table, column, row, style.colour(index), common)
        figure.update_xaxes(title=with_unit(column, unit), row=row, col=1)
        figure.update_yaxes(title="share of rows", range=[0, 1], row=row, col=1)
        figure.update_yaxes(title=with_unit(column, unit), row=row, col=2)
        agents = {table.agent for table in tables.values() if table.agent}
        figure.update_xaxes(title=", ".join(sorted(agents)) or "all rows", row=row, col=2)
        figure.update_xaxes(title="row", row=row, col=3)
    return style.finish(figure, total_px + style.MARGIN_PX)


def _draw(
    figure: go.Figure,
    table: RecordValues,
    column: str,
    row: int,
    paint: str,
    common: dict[str, Any],
) -> None:
    values = table.frame[column].astype(float)
    ordered = np.sort(values.to_numpy())
    share = np.arange(1, len(ordered) + 1) / len(ordered)
    step = style.thin(ordered, MOST_POINTS)
    figure.add_scatter(
        x=ordered[step], y=share[step], mode="lines", line={"color": paint, "width": 2},
        showlegend=row == 1, row=row, col=1, **common,
    )  # fmt: skip
    means = per_agent(table, column)
    figure.add_bar(
        x=means.index.astype(str), y=means, marker={"color": paint}, showlegend=False,
        row=row, col=2, **common,
    )  # fmt: skip
    parts = over_time(values)
    figure.add_scatter(
        x=parts.index, y=parts, mode="lines", line={"color": paint, "width": 1.6},
        showlegend=False, row=row, col=3, **common,
    )  # fmt: skip


def per_agent(table: RecordValues, column: str) -> pd.Series[Any]:
    """Mean of a column per agent; of all rows where nothing tells agents apart."""
    if table.agent is None:
        return pd.Series({"all": table.frame[column].mean()})
    return table.frame.groupby(table.agent)[column].mean()


def over_time(values: pd.Series[Any]) -> pd.Series[Any]:
    """Means of up to `MOST_PARTS` equal parts of the rows, by the number of their first row."""
    size = max(1, -(-len(values) // MOST_PARTS))
    numbered = values.reset_index(drop=True)
    return numbered.groupby(numbered.index // size * size).mean()
