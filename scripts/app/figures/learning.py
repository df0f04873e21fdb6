# SPDX-License-Identifier: MIT
"""Learning: cost against real interactions, and how accurate the agent's model is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from tandem.agents.evaluation.aggregate import Bounded, summarise
from tandem.bridge.runs.reader import Run
from tandem.scripts.app.figures import style
from tandem.scripts.app.figures.figure import NoData

#: Interactions that a smoothed curve averages over.
WINDOW: Final = 25
NINETY_FIVE: Final = 1.96
#: Points of a curve with an interval: each one is a bootstrap.
MOST_STEPS: Final = 100
QUANTILE_BINS: Final = 8
TARGET_RATIO: Final = 1.05
#: Settings in which runs of one group may differ.
OF_ONE_RUN: Final = ("seed", "interactions", "checkpoint_every")


@dataclass(frozen=True)
class Group:
    """Runs that differ in their seed only."""

    name: str
    runs: tuple[int, ...]


def groups(runs: Sequence[Run]) -> list[Group]:
    """Runs with a history, put together where only the seed differs."""
    members: dict[str, list[int]] = {}
    for index, run in enumerate(runs):
        if len(run.table("history")):
            settings = {k: v for k, v in run.config.items() if k not in OF_ONE_RUN}
            members.setdefault(repr(sorted(settings.items(), key=str)), []).append(index)
    names = style.names(runs)
    found = []
    for indices in members.values():
        agent = str(runs[indices[0]].config.get("agent", names[indices[0]]))
        name = names[indices[0]] if len(indices) == 1 else f"{agent}, {len(indices)} seeds"
        found.append(Group(name, tuple(indices)))
    return found


def learning_curve(runs: Sequence[Run]) -> go.Figure:
    """Cost of real interactions, and the greedy policy's cost over the oracle's."""
    found = groups(runs)
    if not found:
        raise NoData("no run was trained: make one with `tandem train`")
    figure = make_subplots(
        rows=1,
        cols=2,
        horizontal_spacing=0.1,
        subplot_titles=["cost while learning", "greedy policy, cost over the oracle's"],
    )
    for number, group in enumerate(found):
        paint = style.colour(number)
        histories = [runs[index].table("history") for index in group.runs]
        curve = cost_curve(histories)
        meta = {"run": group.runs[0]}
        _band(figure, curve, group.name, paint, meta, {"row": 1, "col": 1})
        evaluations = [runs[index].table("evaluation") for index in group.runs]
        if all(len(table) for table in evaluations):
            curve = evaluation_curve(evaluations)
            _band(figure, curve, group.name, paint, meta, {"row": 1, "col": 2}, legend=False)
    figure.add_hline(
        y=TARGET_RATIO,
        line={"color": "#999999", "width": 1, "dash": "dash"},
        annotation={"text": f"{TARGET_RATIO} × oracle", "font": {"color": "#666666"}},
        row=1,
        col=2,
    )
    figure.update_xaxes(title="real interactions")
    figure.update_yaxes(title=f"cost (s), mean of {WINDOW}", row=1, col=1)
    figure.update_yaxes(title="ratio", row=1, col=2)
    return style.finish(figure, 420)


def cost_curve(histories: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Smoothed cost with a 95 % interval: over seeds if there are several, else of the mean of
    the window.

    Returns:
        Index: interaction. Columns: mean, low, high.
    """
    series = [table.set_index("interaction")["cost_s"].sort_index() for table in histories]
    smooth = [one.rolling(WINDOW, min_periods=1).mean() for one in series]
    if len(series) == 1:
        spread = series[0].rolling(WINDOW, min_periods=2).std()
        count = series[0].rolling(WINDOW, min_periods=1).count()
        reach = NINETY_FIVE * spread / np.sqrt(count)
        return pd.DataFrame(
            {"mean": smooth[0], "low": smooth[0] - reach, "high": smooth[0] + reach}
        )
    table = pd.concat(smooth, axis=1, join="inner")
    step = style.thin(list(table.index), MOST_STEPS)
    return _over_seeds(table.iloc[step])


def evaluation_curve(evaluations: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Ratio to the oracle per evaluation, with a 95 % interval over seeds.

    Returns:
        Index: interaction. Columns: mean (interquartile), low, high; NaN for a single seed.
    """
    series = [table.set_index("interaction")["ratio"] for table in evaluations]
    return _over_seeds(pd.concat(series, axis=1, join="inner").sort_index())


def _over_seeds(table: pd.DataFrame) -> pd.DataFrame:
    rows = {}
    for interaction, values in table.iterrows():
        summary = summarise([Bounded(float(value)) for value in values])
        rows[interaction] = (summary.iqm.value, summary.low.value, summary.high.value)
    return pd.DataFrame.from_dict(rows, orient="index", columns=["mean", "low", "high"])


def _band(
    figure: go.Figure,
    curve: pd.DataFrame,
    name: str,
    paint: str,
    meta: dict[str, Any],
    cell: dict[str, int],
    *,
    legend: bool = True,
) -> None:
    known = curve.dropna()
    if len(known):
        figure.add_scatter(
            x=[*known.index, *known.index[::-1]],
            y=[*known["high"], *known["low"][::-1]],
            fill="toself",
            fillcolor=paint,
            opacity=0.18,
            line={"width": 0},
            hoverinfo="skip",
            legendgroup=name,
            showlegend=False,
            meta=meta,
            **cell,
        )
    figure.add_scatter(
        x=curve.index,
        y=curve["mean"],
        mode="lines",
        line={"color": paint, "width": 2},
        name=name,
        legendgroup=name,
        showlegend=legend,
        meta=meta,
        hovertemplate=f"{name}, interaction %{{x}}: %{{y:.3f}}<extra></extra>",
        **cell,
    )


def model_error(runs: Sequence[Run]) -> go.Figure:
    """Error of the agent's model over interactions, and predictions against simulated times."""
    chosen = [
        index
        for index, run in enumerate(runs)
        if "model_error" in run.table("history")
        and run.table("history")["model_error"].notna().any()
    ]
    if not chosen:
        raise NoData("no run was trained with a model: `tandem train --agent hybrid` does")
    figure = make_subplots(
        rows=1,
        cols=2,
        horizontal_spacing=0.1,
        subplot_titles=["model error while learning", "calibration: predicted and simulated"],
    )
    names = style.names(runs)
    largest = 0.0
    for index in chosen:
        history = runs[index].table("history")
        paint = style.colour(index)
        error = history.set_index("interaction")["model_error"]
        figure.add_scatter(
            x=error.index,
            y=error.rolling(WINDOW, min_periods=1).mean(),
            mode="lines",
            line={"color": paint, "width": 2},
            name=names[index],
            legendgroup=names[index],
            meta={"run": index},
            hovertemplate=f"{names[index]}, interaction %{{x}}: %{{y:.3f}}<extra></extra>",
            row=1,
            col=1,
        )
        pairs = predictions(runs[index])
        largest = max(largest, *pairs.max().tolist()) if len(pairs) else largest
        figure.add_scatter(
            x=pairs["predicted_s"],
            y=pairs["simulated_s"],
            mode="markers",
            marker={"color": paint, "size": 4, "opacity": 0.3},
            showlegend=False,
            legendgroup=names[index],
            meta={"run": index},
            hovertemplate="predicted %{x:.3f} s, simulated %{y:.3f} s<extra></extra>",
            row=1,
            col=2,
        )
        binned = calibration_bins(pairs)
        figure.add_scatter(
            x=binned["predicted_s"],
            y=binned["simulated_s"],
            error_y={"type": "data", "array": binned["reach_s"], "color": paint},
            mode="markers+lines",
            marker={"color": paint, "size": 8},
            line={"color": paint, "width": 1},
            showlegend=False,
            legendgroup=names[index],
            meta={"run": index},
            hovertemplate="bin: predicted %{x:.3f} s, simulated %{y:.3f} s<extra></extra>",
            row=1,
            col=2,
        )
    figure.add_shape(
        type="line",
        x0=0,
        y0=0,
        x1=largest,
        y1=largest,
        line={"color": "#999999", "width": 1, "dash": "dash"},
        row=1,
        col=2,
    )
    figure.update_xaxes(title="real interactions", row=1, col=1)
    figure.update_yaxes(title=f"mean |log error|, mean of {WINDOW}", row=1, col=1)
    figure.update_xaxes(title="predicted mean response time (s)", row=1, col=2)
    figure.update_yaxes(title="simulated (s)", row=1, col=2)
    return style.finish(figure, 420)


def predictions(run: Run) -> pd.DataFrame:
    """What the model predicted for the joint action that was played, and what was simulated.

    Returns:
        Columns: predicted_s, simulated_s (mean response times), without early interactions that
        were not predicted.
    """
    history = run.table("history")
    simulated = run.decisions.get("mean_response_time_s", pd.Series(dtype=float))
    count = min(len(history), len(simulated))
    pairs = pd.DataFrame(
        {
            "predicted_s": history["predicted_s"].to_numpy()[:count],
            "simulated_s": simulated.to_numpy()[:count],
        }
    )
    return pairs.replace([math.inf, -math.inf], math.nan).dropna()


def calibration_bins(pairs: pd.DataFrame) -> pd.DataFrame:
    """Means within bins of equal count of the prediction.

    Returns:
        Columns: predicted_s, simulated_s, reach_s (half of the 95 % interval of the mean).
    """
    if len(pairs) < QUANTILE_BINS:
        return pd.DataFrame(columns=["predicted_s", "simulated_s", "reach_s"])
    bins = pd.qcut(pairs["predicted_s"], QUANTILE_BINS, labels=False, duplicates="drop")
    grouped = pairs.groupby(bins)
    table = grouped.mean()
    spread: pd.Series[float] = grouped["simulated_s"].std() / np.sqrt(
        grouped["simulated_s"].count()
    )
    return table.assign(reach_s=NINETY_FIVE * spread)
