# SPDX-License-Identifier: MIT
"""What requests took: response times, where the time goes, energy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from tandem.agents.common.units import MJ_PER_J, MS_PER_S
from tandem.agents.inference.request_table import COMPONENTS, ENERGY_COLUMNS
from tandem.agents.inference.sites import Sites
from tandem.bridge.runs.reader import Run
from tandem.scripts.app.figures import style
from tandem.scripts.app.figures.figure import NoData
from tandem.scripts.app.inspection import measures

#: In the colours of the uplink on air and of the device's service.
ENERGY_COLOURS: Final = dict(
    zip(
        ENERGY_COLUMNS,
        (style.COMPONENT_COLOURS["uplink_air_s"], style.COMPONENT_COLOURS["device_compute_s"]),
        strict=True,
    )
)


def latency_cdf(runs: Sequence[Run]) -> go.Figure:
    """Empirical distribution of the response time per site, with its percentiles."""
    figure = go.Figure()
    several = len(runs) > 1
    for index, (run, name) in enumerate(zip(runs, style.names(runs), strict=True)):
        requests = measures.counted_requests(run)
        sites = Sites.from_meta(run.meta)
        groups: list[tuple[int | None, pd.DataFrame]] = [(None, requests)]
        groups += [
            (site, requests[requests["site"] == site])
            for site in sites.codes
            if 0 < (requests["site"] == site).sum() < len(requests)
        ]
        for site, group in groups:
            times_s = np.sort(group["response_time_s"].to_numpy())
            if not len(times_s):
                continue
            label = "all" if site is None else sites.label(site)
            paint = style.colour(index) if several else style.site_colour(label)
            line = {
                "color": paint,
                "width": 2.5 if site is None else 1.3,
                "shape": "hv",
                "dash": "solid" if site is None else style.dash(1 + site),
            }
            key = f"{name} · {label}" if several else label
            meta = {"run": index, "site": site}
            figure.add_scatter(
                x=times_s,
                y=np.arange(1, len(times_s) + 1) / len(times_s),
                mode="lines",
                name=key,
                legendgroup=key,
                line=line,
                meta={**meta, "recompute": "ecdf"},
                hovertemplate=f"{key}<br>%{{x:.4g}} s: %{{y:.1%}}<extra></extra>",
                # One run: its sites are the point. Several: the runs are, their sites on demand.
                visible=True if site is None or not several else "legendonly",
            )
            if site is not None:
                continue
            marks = [np.percentile(times_s, percent) for percent in measures.PERCENTILES]
            figure.add_scatter(
                x=marks,
                y=[percent / 100 for percent in measures.PERCENTILES],
                mode="markers",
                marker={"color": paint, "size": 9, "symbol": "diamond"},
                text=[f"p{percent}" for percent in measures.PERCENTILES],
                showlegend=False,
                legendgroup=key,
                meta={**meta, "recompute": "percentiles"},
                hovertemplate=f"{key}<br>%{{text}}: %{{x:.4g}} s<extra></extra>",
            )
    if not figure.data:
        raise NoData("the runs have no requests")
    for percent in measures.PERCENTILES:
        figure.add_hline(
            y=percent / 100,
            line={"color": "#BBBBBB", "width": 1, "dash": "dot"},
            annotation={"text": f"p{percent}", "font": {"size": 11, "color": "#777777"}},
            annotation_position="right",
        )
    times_s = np.concatenate([measures.counted_requests(run)["response_time_s"] for run in runs])
    figure.update_xaxes(title="response time (s)", **style.log_ticks(times_s))
    figure.update_yaxes(title="share of requests", range=[0, 1.03], tickformat=".0%")
    return style.finish(figure, 470)


def components(runs: Sequence[Run]) -> go.Figure:
    """Mean of each component per site, stacked; one panel per run."""
    if not any(len(run.requests) for run in runs):
        raise NoData("the runs have no requests")
    figure, cells, height = style.panels(runs, shared_yaxes="all")
    for index, (run, cell) in enumerate(zip(runs, cells, strict=True)):
        table = measures.components(run.requests, Sites.from_meta(run.meta))
        sites = list(table.columns)
        for component in COMPONENTS:
            values_ms = table.loc[component] * MS_PER_S
            name = style.COMPONENT_NAMES[component]
            figure.add_bar(
                x=sites,
                y=values_ms,
                name=name,
                legendgroup=component,
                showlegend=index == 0,
                marker={"color": style.COMPONENT_COLOURS[component]},
                meta={"run": index, "component": component, "recompute": "components"},
                hovertemplate=f"%{{x}}<br>{name}: %{{y:.1f}} ms<extra></extra>",
                **cell,
            )
    figure.update_yaxes(title="mean time (ms)", col=1)
    return style.finish(figure, height, barmode="stack")


def energy(runs: Sequence[Run]) -> go.Figure:
    """Mean energy of a request per site, radio and device stacked; one panel per run."""
    figure, cells, height = style.panels(runs, shared_yaxes="all")
    for index, (run, cell) in enumerate(zip(runs, cells, strict=True)):
        table = measures.energy(run.requests, Sites.from_meta(run.meta))
        if table.empty:
            raise NoData("the runs did not watch energy (--set energy=1)")
        table = table.loc[:"all"]
        for name in table.columns:
            label = name.removesuffix("_energy_j")
            figure.add_bar(
                x=list(table.index),
                y=table[name] * MJ_PER_J,
                name=label,
                legendgroup=name,
                showlegend=index == 0,
                marker={"color": ENERGY_COLOURS[name]},
                hovertemplate=f"%{{x}}<br>{label}: %{{y:.1f}} mJ<extra></extra>",
                **cell,
            )
    figure.update_yaxes(title="mean energy (mJ)", col=1)
    return style.finish(figure, height, barmode="stack")
