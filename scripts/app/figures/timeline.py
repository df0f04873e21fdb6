# SPDX-License-Identifier: MIT
"""Requests on a time axis, one line per user: zoom into a decision to see who waited for what."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from tandem.agents.inference.options import option_names
from tandem.agents.inference.request_table import COMPONENTS, RequestStatus
from tandem.agents.inference.sites import Sites
from tandem.bridge.runs.reader import Run
from tandem.scripts.app.figures import style
from tandem.scripts.app.figures.figure import NoData
from tandem.scripts.app.inspection.stages import epochs, stage_times

#: Requests of an episode that are drawn; eight bars each.
MOST_REQUESTS = 2500
LINE_PX = 34
FIRST_EPOCHS = 3
#: What is said of a request, by how it ended.
ENDS = {
    RequestStatus.OK: "",
    RequestStatus.TIMEOUT: ", timed out",
    RequestStatus.OPEN: ", open at the end of the episode",
}


def timeline(runs: Sequence[Run]) -> go.Figure:
    """Components of every request of the first episode as bars from its arrival to its end."""
    users = [int(run.meta.get("users", 0)) for run in runs]
    if not any(len(run.requests) for run in runs):
        raise NoData("the runs have no requests")
    height = sum(users) * LINE_PX + 95 * len(runs)
    figure = make_subplots(
        rows=len(runs),
        cols=1,
        subplot_titles=style.names(runs),
        row_heights=[max(count, 1) for count in users],
        vertical_spacing=min(0.2, 70 / height) if len(runs) > 1 else 0.0,
    )
    for index, run in enumerate(runs):
        cell = {"row": index + 1, "col": 1}
        requests = run.requests
        requests = requests[requests["episode"] == requests["episode"].min()].head(MOST_REQUESTS)
        begins = stage_times(requests)
        site = requests["site"].map(Sites.from_meta(run.meta).label)
        options = requests["option"].map(option_names(run.meta)).fillna(site)
        text = (
            "request "
            + requests["request_id"].astype(str)
            + ", decision "
            + requests["decision"].astype(str)
            + ", "
            + options
            + requests["status"].map(ENDS)
        )
        for component in COMPONENTS:
            keep = requests[component] > 0
            name = style.COMPONENT_NAMES[component]
            figure.add_bar(
                orientation="h",
                y=("user " + requests.loc[keep, "user"].astype(str)),
                x=requests.loc[keep, component],
                base=begins.loc[keep, component],
                name=name,
                legendgroup=component,
                showlegend=index == 0,
                marker={"color": style.COMPONENT_COLOURS[component], "line": {"width": 0}},
                text=text[keep],
                textposition="none",
                customdata=requests.index[keep],
                meta={"run": index, "rows": True},
                hovertemplate=f"%{{text}}<br>{name}: %{{x:.4f}} s from %{{base:.4f}} s"
                "<extra></extra>",
                **cell,
            )
        times = epochs(run)
        times = times[times["episode"] == times["episode"].min()]
        for begin_s in times["begin_s"].head(MOST_REQUESTS):
            figure.add_shape(
                type="line",
                x0=begin_s,
                x1=begin_s,
                y0=0,
                y1=1,
                yref="y domain",
                line={"color": "#CCCCCC", "width": 1},
                layer="below",
                **cell,
            )
        first = times.head(FIRST_EPOCHS)
        figure.update_yaxes(
            categoryorder="array",
            categoryarray=[f"user {user}" for user in reversed(range(users[index]))],
            **cell,
        )
        figure.update_xaxes(
            title="simulated time (s)" if index == len(runs) - 1 else None,
            range=[float(first["begin_s"].iloc[0]), float(first["end_s"].iloc[-1])]
            if len(first)
            else None,
            **cell,
        )
    return style.finish(figure, height + style.MARGIN_PX, barmode="overlay", bargap=0.25)
