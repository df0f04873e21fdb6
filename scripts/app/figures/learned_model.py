# SPDX-License-Identifier: MIT
"""The learned model of an agent of any scenario: is it right, and how far ahead?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from tandem.bridge.runs.reader import Run
from tandem.scripts.app.figures import style
from tandem.scripts.app.figures.figure import Figure, NoData

#: Decisions that a smoothed line averages over.
WINDOW: Final = 50
#: Share of rewards that should lie within the interval that the model says.
NINETY: Final = 0.9
HEIGHT_PX: Final = 960
#: Of the axis of a share beyond 0 and 1.
SHARE_MARGIN: Final = 0.05
#: Drawn as they are: they change in steps.
STEPS: Final = ("rollout_length", "value_share", "model_loss")


def has_model(run: Run) -> bool:
    """Whether a run's history tells of a learned model."""
    return "reward_covered" in run.table("history")


def learned_model(runs: Sequence[Run]) -> go.Figure:
    """Rewards met, expected and imagined; calibration; reach; trust in values; loss."""
    chosen = [index for index, run in enumerate(runs) if has_model(run)]
    if not chosen:
        raise NoData(
            "no run has a learned model: `tandem train --agent hybrid` on any scenario does"
        )
    figure = make_subplots(
        rows=3,
        cols=2,
        horizontal_spacing=0.1,
        vertical_spacing=0.13,
        subplot_titles=[
            f"reward met, expected (dashed), imagined (dotted), mean of {WINDOW}",
            "expected and met",
            f"share of rewards within the expected 90 %, mean of {WINDOW}",
            "decisions ahead that the model is right enough",
            "how much values count in plans",
            "loss of the model where it was fitted",
        ],
    )
    names = style.names(runs)
    for index in chosen:
        history = runs[index].table("history").set_index("interaction")
        smooth = history.select_dtypes("number").rolling(WINDOW, min_periods=1).mean()
        step = style.thin(list(history.index))
        common: dict[str, Any] = {
            "legendgroup": names[index],
            "meta": {"run": index},
            "line": {"color": style.colour(index), "width": 2},
            "mode": "lines",
        }
        lines = (
            ("reward", 1, 1, None),
            ("predicted", 1, 1, "dash"),
            ("imagined_reward", 1, 1, "dot"),
            ("reward_covered", 2, 1, None),
            ("rollout_length", 2, 2, None),
            ("value_share", 3, 1, None),
            ("model_loss", 3, 2, None),
        )
        for name, row, column, dash in lines:
            if name not in history:  # a run of an earlier version
                continue
            values = history[name] if name in STEPS else smooth[name]
            figure.add_scatter(
                x=history.index[step],
                y=values.iloc[step],
                name=names[index],
                showlegend=name == "reward",
                hovertemplate=f"{names[index]}, {name} at %{{x}}: %{{y:.3f}}<extra></extra>",
                row=row,
                col=column,
                **{**common, "line": {**common["line"], "dash": dash}},
            )
        figure.add_scatter(
            x=history["predicted"].iloc[step],
            y=history["reward"].iloc[step],
            row=1,
            col=2,
            showlegend=False,
            hovertemplate="expected %{x:.3f}, met %{y:.3f}<extra></extra>",
            marker={"color": style.colour(index), "size": 4, "opacity": 0.4},
            **{**common, "mode": "markers"},
        )
    figure.add_hline(y=NINETY, line={"color": "#999999", "width": 1, "dash": "dash"}, row=2, col=1)
    figure.update_xaxes(title="interactions")
    figure.update_xaxes(title="expected reward", row=1, col=2)
    figure.update_yaxes(title="met", row=1, col=2)
    figure.update_yaxes(range=[-SHARE_MARGIN, 1.0 + SHARE_MARGIN], row=3, col=1)
    return style.finish(figure, HEIGHT_PX)


LEARNED_MODEL: Final = Figure(
    "learned-model",
    "The learned model",
    "What the agent expected of the actions it played, before it learned from their outcome. Of a "
    "calibrated model nine in ten rewards lie within the expected interval. Imagined: mean reward "
    "of the last imagined episodes; they also try other actions. Values count in plans as far as "
    "what they promised came.",
    learned_model,
)
