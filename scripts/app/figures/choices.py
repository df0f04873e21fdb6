# SPDX-License-Identifier: MIT
"""Decisions: which options were used, accuracy and response time, and fairness."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from tandem.agents.inference.options import option_names
from tandem.agents.inference.request_table import answer_accuracy, counted
from tandem.bridge.runs.reader import Run
from tandem.scripts.app.figures import style
from tandem.scripts.app.figures.figure import NoData
from tandem.scripts.app.inspection import measures

#: Bars of the decision mix; with more decisions, a bar stands for several.
MOST_BARS = 60
#: Share of an access network's colour in that of an option that goes through it.
PATH_SHARE = 0.4
WHITE = "#FFFFFF"


def decision_mix(runs: Sequence[Run]) -> go.Figure:
    """Share of each option among the requests of a decision, over the run; one panel per run."""
    if not any(len(run.requests) for run in runs):
        raise NoData("the runs have no requests")
    figure, cells, height = style.panels(runs, shared_yaxes="all")
    shown: set[str] = set()
    for index, (run, cell) in enumerate(zip(runs, cells, strict=True)):
        table, per_bar = mix_over_time(run)
        named = option_names(run.meta)
        for option in table.columns:
            name = named.get(int(option), f"option {option}")
            figure.add_bar(
                x=table.index,
                y=table[option],
                width=float(per_bar),
                name=name,
                legendgroup=name,
                showlegend=name not in shown,
                marker={"color": option_colour(name, int(option)), "line": {"width": 0}},
                meta={
                    "run": index,
                    "recompute": "mix",
                    "option": int(option),
                    "per_bar": per_bar,
                },
                hovertemplate=f"decision %{{x}}: {name} %{{y:.0%}}<extra></extra>",
                **cell,
            )
            shown.add(name)
        figure.update_xaxes(title="decision" if per_bar == 1 else f"decision, by {per_bar}", **cell)
    figure.update_yaxes(tickformat=".0%", range=[0, 1])
    figure.update_yaxes(title="share of requests", col=1)
    return style.finish(figure, height, barmode="stack", bargap=0)


def mix_over_time(run: Run) -> tuple[pd.DataFrame, int]:
    """Share of each option per bar, and how many decisions a bar stands for.

    Returns:
        Index: number of the first decision of the bar, counted over all episodes. Columns: option.
    """
    decision = decision_number(run)
    per_bar = max(1, int(np.ceil((decision.max() + 1) / MOST_BARS))) if len(decision) else 1
    counts = (
        run.requests.groupby([decision // per_bar * per_bar, "option"]).size().unstack(fill_value=0)
    )
    return counts.div(counts.sum(axis=1), axis=0), per_bar


def decision_number(run: Run) -> pd.Series[int]:
    """The decision that each request belongs to, counted over all episodes."""
    lengths = run.requests.groupby("episode")["decision"].max() + 1
    before = lengths.cumsum() - lengths
    number: pd.Series[int] = run.requests["episode"].map(before) + run.requests["decision"]
    return number.rename("decision").astype(int)


def option_colour(name: str, option: int) -> str:
    """The site's colour, lighter for the later variants of the device, and with some of the access
    network's where there are several paths."""
    site, _, rest = name.partition("/")
    base = style.site_colour(site)
    path = rest.partition(" via ")[2]
    if path:
        return _mixed(base, style.CELL_COLOURS.get(path, WHITE), PATH_SHARE)
    return _mixed(base, WHITE, min(option, 9) / 12) if site == "device" else base


def _mixed(colour: str, other: str, share: float) -> str:
    """A colour with a share of another one, both ``#RRGGBB``."""
    parts = [[int(text[i : i + 2], 16) for i in (1, 3, 5)] for text in (colour, other)]
    mixed = [round(a + (b - a) * share) for a, b in zip(*parts, strict=True)]
    return f"rgb({mixed[0]},{mixed[1]},{mixed[2]})"


def fairness(runs: Sequence[Run]) -> go.Figure:
    """Mean response time of each user, and Jain's index of them over time."""
    if not any(len(run.requests) for run in runs):
        raise NoData("the runs have no requests")
    figure = make_subplots(
        rows=1,
        cols=2,
        horizontal_spacing=0.1,
        subplot_titles=["mean response time per user", "Jain's index up to each decision"],
    )
    for index, (run, name) in enumerate(zip(runs, style.names(runs), strict=True)):
        mean_s = measures.counted_requests(run).groupby("user")["response_time_s"].mean()
        figure.add_bar(
            x=[f"user {user}" for user in mean_s.index],
            y=mean_s,
            name=name,
            legendgroup=name,
            marker={"color": style.colour(index)},
            meta={"run": index, "recompute": "user_mean"},
            hovertemplate=f"{name}, %{{x}}: %{{y:.3f}} s<extra></extra>",
            row=1,
            col=1,
        )
        over_time = jain_over_time(run)
        figure.add_scatter(
            x=over_time.index,
            y=over_time,
            mode="lines",
            line={"color": style.colour(index), "width": 2},
            name=name,
            legendgroup=name,
            showlegend=False,
            meta={"run": index},
            hovertemplate=f"{name}, decision %{{x}}: %{{y:.3f}}<extra></extra>",
            row=1,
            col=2,
        )
    figure.update_yaxes(title="mean response time (s)", row=1, col=1)
    figure.update_yaxes(title="Jain's index", range=[0, 1.04], row=1, col=2)
    figure.update_xaxes(title="decision", row=1, col=2)
    return style.finish(figure, 420, barmode="group")


def jain_over_time(run: Run) -> pd.Series[float]:
    """Jain's index of the users' mean response times up to each decision."""
    table = (
        run.requests.assign(decision=decision_number(run))[counted(run.requests)]
        .pivot_table(
            index="decision", columns="user", values="response_time_s", aggfunc=["sum", "count"]
        )
        .fillna(0.0)
        .cumsum()
    )
    means = (table["sum"] / table["count"].replace(0, np.nan)).to_numpy()
    indices = [measures.jain_index(row[np.isfinite(row)]) for row in means]
    return pd.Series(indices, index=table.index, name="jain_index")


def accuracy_latency(runs: Sequence[Run]) -> go.Figure:
    """Each decision, each run's mean and the oracle as points of accuracy and response time."""
    if not any(len(run.decisions) for run in runs):
        raise NoData("the runs have no decisions")
    figure = go.Figure()
    names = style.names(runs)
    for index, run in enumerate(runs):
        epochs = _epoch_points(run)
        paint = style.colour(index)
        figure.add_scatter(
            x=epochs["response_time_s"],
            y=epochs["accuracy_percent"],
            mode="markers",
            marker={"color": paint, "size": 5, "opacity": 0.35},
            name=names[index],
            legendgroup=names[index],
            showlegend=False,
            meta={"run": index, "recompute": "plane"},
            hovertemplate=f"{names[index]}, decision<br>%{{x:.3f}} s, %{{y:.2f}} %<extra></extra>",
        )
        figure.add_scatter(
            x=[epochs["response_time_s"].mean()],
            y=[epochs["accuracy_percent"].mean()],
            mode="markers",
            marker={
                "color": paint,
                "size": 15,
                "symbol": style.SYMBOLS[index % len(style.SYMBOLS)],
                "line": {"color": "white", "width": 2},
            },
            name=names[index],
            legendgroup=names[index],
            meta={"run": index, "recompute": "plane_mean"},
            hovertemplate=f"{names[index]}, mean<br>%{{x:.3f}} s, %{{y:.2f}} %<extra></extra>",
        )
        oracle = run.table("oracle")
        if len(oracle):
            best = "oracle" if bool(oracle["exact"].all()) else "best known"
            figure.add_scatter(
                x=oracle["mean_response_time_s"],
                y=oracle["mean_accuracy_percent"],
                mode="markers",
                marker={
                    "color": paint,
                    "size": 12,
                    "symbol": "star",
                    "line": {"color": "#222222", "width": 1},
                },
                name=f"{best} at states of {names[index]}",
                meta={"run": index},
                hovertemplate=f"{best}, a state of {names[index]}<br>%{{x:.3f}} s, %{{y:.2f}} %"
                "<extra></extra>",
            )
    _evaluated_oracles(figure, runs, names)
    for threshold in sorted({value for run in runs if (value := threshold_percent(run))}):
        figure.add_hline(
            y=threshold,
            line={"color": "#999999", "width": 1, "dash": "dash"},
            annotation={"text": f"threshold {threshold:g} %", "font": {"color": "#666666"}},
            annotation_position="bottom right",
        )
    times_s = [value for trace in figure.data for value in trace.x]
    figure.update_xaxes(title="mean response time (s)", **style.log_ticks(times_s))
    figure.update_yaxes(title="mean top-5 accuracy (%)")
    return style.finish(figure, 460)


def _evaluated_oracles(figure: go.Figure, runs: Sequence[Run], names: Sequence[str]) -> None:
    """The oracle's mean time at the states of a training run's evaluations, as a line.

    Its cost there is a mean response time, since it meets the threshold; its accuracy is not in
    the table.
    """
    heights = [value for trace in figure.data for value in trace.y]
    for index, run in enumerate(runs):
        evaluation = run.table("evaluation")
        if not len(evaluation) or not heights:
            continue
        oracle_s = float(evaluation["oracle_s"].iloc[-1])
        figure.add_scatter(
            x=[oracle_s, oracle_s],
            y=[min(heights), max(heights)],
            mode="lines",
            line={"color": style.colour(index), "width": 2, "dash": "dot"},
            name=f"oracle's time at the evaluation states of {names[index]}",
            meta={"run": index},
            hovertemplate=f"oracle at evaluation states: {oracle_s:.3f} s<extra></extra>",
        )


def threshold_percent(run: Run) -> float | None:
    """The accuracy threshold of the run's objective as a number, if it has one."""
    given = run.config.get("accuracy_threshold")
    if given is None or given == "min":
        return None
    if given == "max":
        return max(float(row["top5_percent"]) for row in run.meta["options"])
    return float(given)


def _epoch_points(run: Run) -> pd.DataFrame:
    requests = measures.counted_requests(run)
    work = requests.assign(accuracy_percent=answer_accuracy(requests))
    return work.groupby(["episode", "decision"])[["response_time_s", "accuracy_percent"]].mean()
