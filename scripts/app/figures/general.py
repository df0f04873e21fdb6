# SPDX-License-Identifier: MIT
"""Figures of any run, from what its scenario declared: rewards, actions, observations, records."""

from __future__ import annotations

import functools
import re
from collections.abc import Collection, Iterator, Sequence
from typing import Any, Final

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from tandem.bridge.runs.reader import Run
from tandem.scripts.app.figures import style
from tandem.scripts.app.figures.figure import Figure, NoData
from tandem.scripts.app.figures.learned_model import LEARNED_MODEL, has_model
from tandem.scripts.app.figures.multiples import Line, multiples
from tandem.scripts.app.figures.record_figures import record_figure
from tandem.scripts.app.inspection import columns
from tandem.scripts.app.inspection.columns import BlockValues

#: Decisions that a smoothed line averages over.
WINDOW: Final = 50
#: Rows of a block that are drawn one by one; of more, the mean and the extremes.
MOST_ROWS: Final = 8
HEIGHT_PX: Final = 420
#: Decisions of a run beyond which actions and observations are smoothed.
LONG: Final = 400
#: Episodes up to which each has a mark on the axis.
FEW_EPISODES: Final = 20


def general_figures(runs: Sequence[Run], covered: Collection[str]) -> Iterator[Figure]:
    """Figures for these runs.

    Args:
        runs: of any scenarios.
        covered: record tables that other figures show.
    """
    yield Figure(
        "rewards",
        "Rewards",
        f"Reward of each decision, as the mean of the last {WINDOW} (thin: each one), and the "
        "return of each finished episode.",
        rewards,
    )
    if any("return_mean" in run.table("evaluation") for run in runs):
        yield Figure(
            "training",
            "Training",
            "Mean return of the deterministic policy in evaluation episodes; band: standard "
            "deviation over episodes; dashed: random actions in the same episodes.",
            training,
        )
    if any(has_model(run) for run in runs):
        yield LEARNED_MODEL
    for name in _names(block.name for run in runs for block in columns.actions(run)):
        yield Figure(
            f"action-{_key(name)}",
            f"Actions: {name}",
            f"What was played at each decision; of long runs the mean of the last {WINDOW}.",
            functools.partial(_blocks, name=name, kind="action"),
        )
    for name in _names(block.name for run in runs for block in columns.observations(run)):
        yield Figure(
            f"observation-{_key(name)}",
            f"Observation: {name}",
            f"What the agent saw at each decision, a panel per column; of long runs the mean of "
            f"the last {WINDOW}. Of more than {MOST_ROWS} rows: mean, least and greatest.",
            functools.partial(_blocks, name=name, kind="observation"),
        )
    for name in _names(table.name for run in runs for table in columns.records(run)):
        if name not in covered:
            yield Figure(
                f"records-{_key(name)}",
                f"Records: {name}",
                "A line of panels per column. Left: share of rows up to a value. Middle: mean per "
                "agent. Right: mean over the run, in the order of the rows.",
                functools.partial(record_figure, name=name),
            )


def rewards(runs: Sequence[Run]) -> go.Figure:
    """Reward per decision and return per episode."""
    if not any(len(run.decisions) for run in runs):
        raise NoData("no decision was recorded")
    figure = make_subplots(
        rows=1,
        cols=2,
        horizontal_spacing=0.1,
        subplot_titles=["reward of each decision", "return of each episode"],
    )
    names = style.names(runs)
    for index, run in enumerate(runs):
        series = run.decisions["reward"].reset_index(drop=True)
        smooth = series.rolling(WINDOW, min_periods=1).mean()
        step = style.thin(series)
        common: dict[str, Any] = {"legendgroup": names[index], "meta": {"run": index}}
        paint = style.colour(index)
        left = {"row": 1, "col": 1}
        figure.add_scatter(
            x=series.index[step], y=series[step], mode="lines", opacity=0.25, showlegend=False,
            line={"color": paint, "width": 1}, hoverinfo="skip", **common, **left,
        )  # fmt: skip
        figure.add_scatter(
            x=smooth.index[step], y=smooth[step], mode="lines", name=names[index],
            line={"color": paint, "width": 2}, **common, **left,
        )  # fmt: skip
        done = run.episodes[run.episodes["finished"]] if len(run.episodes) else run.episodes
        if len(done):
            figure.add_scatter(
                x=done["episode"], y=done["return"], mode="lines+markers", showlegend=False,
                line={"color": paint, "width": 1}, marker={"size": 6}, row=1, col=2, **common,
            )  # fmt: skip
    figure.update_xaxes(title="decision of the run", row=1, col=1)
    few = max(len(run.episodes) for run in runs) <= FEW_EPISODES
    figure.update_xaxes(title="episode", dtick=1 if few else None, row=1, col=2)
    figure.update_yaxes(title="reward", row=1, col=1)
    figure.update_yaxes(title="return", row=1, col=2)
    return style.finish(figure, HEIGHT_PX)


def training(runs: Sequence[Run]) -> go.Figure:
    """Evaluations of a run by Stable-Baselines3."""
    figure = go.Figure()
    names = style.names(runs)
    for index, run in enumerate(runs):
        table = run.table("evaluation")
        if "return_mean" not in table:
            continue
        paint, meta = style.colour(index), {"run": index}
        x = table["interaction"]
        low, high = (table["return_mean"] + sign * table["return_sd"] for sign in (-1, 1))
        if table["return_sd"].notna().all():
            figure.add_scatter(
                x=[*x, *x[::-1]], y=[*low, *high[::-1]], fill="toself", fillcolor=paint,
                opacity=0.15, line={"width": 0}, hoverinfo="skip", showlegend=False,
                legendgroup=names[index], meta=meta,
            )  # fmt: skip
        figure.add_scatter(
            x=x, y=table["return_mean"], mode="lines+markers", name=names[index],
            line={"color": paint, "width": 2}, legendgroup=names[index], meta=meta,
        )  # fmt: skip
        figure.add_scatter(
            x=x, y=table["random_return"], mode="lines", showlegend=False,
            line={"color": paint, "width": 1, "dash": "dash"}, legendgroup=names[index], meta=meta,
        )  # fmt: skip
    figure.update_xaxes(title="interactions")
    figure.update_yaxes(title="mean return")
    return style.finish(figure, HEIGHT_PX)


def _blocks(runs: Sequence[Run], name: str, kind: str) -> go.Figure:
    """One block of every run that has it, a panel per column."""
    find = columns.actions if kind == "action" else columns.observations
    found = [
        (index, block)
        for index, run in enumerate(runs)
        for block in find(run)
        if block.name == name
    ]
    first = max((block for _, block in found), key=lambda block: len(block.columns))
    panels: dict[str, list[Line]] = {}
    for column, title in enumerate(map(first.title, range(len(first.columns)))):
        panels[title] = [
            line
            for index, block in found
            if column < len(block.columns)
            for line in _lines(runs, index, block, column, smooth=len(block.values) > LONG)
        ]
    return multiples(panels, "decision of the run")


def _lines(
    runs: Sequence[Run], index: int, block: BlockValues, column: int, *, smooth: bool
) -> Iterator[Line]:
    """The rows of a column, or what sums them up."""
    values = pd.DataFrame(block.values[:, :, column])
    if smooth:
        values = values.rolling(WINDOW, min_periods=1).mean()
    rows = values.shape[1]
    names = style.names(runs)
    prefix = f"{names[index]}, " if len(runs) > 1 else ""
    word = block.rows or "row"
    if rows > MOST_ROWS:
        for label, line in (
            ("mean", values.mean(axis=1)),
            ("least", values.min(axis=1)),
            ("greatest", values.max(axis=1)),
        ):
            paint = style.colour(index)
            yield Line(f"{prefix}{label}", line, paint, index, faint=label != "mean")
        return
    for row in range(rows):
        paint = style.colour(row if len(runs) == 1 else index)
        label = f"{word} {row}" if rows > 1 else names[index]
        named = f"{prefix}{label}" if rows > 1 else label
        yield Line(named, values[row], paint, index, dash=row if len(runs) > 1 else 0)


def _names(names: Iterator[str]) -> list[str]:
    """Each name once, in the order of its first use."""
    return list(dict.fromkeys(names))


def _key(name: str) -> str:
    """A name that may stand in an anchor and in a file's name."""
    return re.sub(r"[^\w-]+", "-", name)
