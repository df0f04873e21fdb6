# SPDX-License-Identifier: MIT
"""The network over time: throughput, airtime, what was sent again and why."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from tandem.agents.inference.request_table import RequestStatus
from tandem.bridge.runs.reader import Run
from tandem.scripts.app.figures import style
from tandem.scripts.app.figures.figure import NoData
from tandem.scripts.app.inspection import measures
from tandem.scripts.app.inspection.stages import epochs, stage_times

BITS_PER_MBIT = 1e6
#: Kinds of senders in the airtime figure besides the users.
OTHERS = ("AP or eNB", "background")


def throughput_bps(run: Run) -> pd.DataFrame:
    """Upload bits that reached their site, per user and decision epoch, over its length.

    Returns:
        Columns: episode, decision, begin_s, user, throughput_bps.
    """
    requests = run.requests
    times = epochs(run)
    arrived = stage_times(requests)["site_queue_s"]
    sent = (requests["upload_bytes"] > 0) & (requests["status"] == RequestStatus.OK)
    parts = []
    for episode, span in times.groupby("episode"):
        mine = sent & (requests["episode"] == episode)
        edges = [*span["begin_s"], span["end_s"].iloc[-1] + 1e-9]
        for user, group in requests[mine].groupby("user"):
            bits, _ = np.histogram(
                arrived[group.index], bins=edges, weights=8.0 * group["upload_bytes"]
            )
            length_s = np.maximum(np.diff(edges), 1e-9)
            parts.append(
                span[["episode", "decision", "begin_s"]].assign(
                    user=user, throughput_bps=bits / length_s
                )
            )
    if not parts:
        return pd.DataFrame(columns=["episode", "decision", "begin_s", "user", "throughput_bps"])
    return pd.concat(parts, ignore_index=True)


def throughput(runs: Sequence[Run]) -> go.Figure:
    """Uplink throughput of each user over the first episode, stacked; one panel per run."""
    tables = [throughput_bps(run) for run in runs]
    if not any(len(table) for table in tables):
        raise NoData("nobody sends anything: every request runs on its device")
    figure, cells, height = style.panels(runs, shared_yaxes="all")
    shown: set[int] = set()
    for index, (table, cell) in enumerate(zip(tables, cells, strict=True)):
        first = table[table["episode"] == table["episode"].min()]
        ends_s = first_ends_s(runs[index])
        for user, rows in first.groupby("user"):
            bps = list(rows["throughput_bps"] / BITS_PER_MBIT)
            figure.add_scatter(
                x=[*rows["begin_s"], *ends_s[-1:]],
                y=[*bps, *bps[-1:]],
                mode="lines",
                stackgroup="users",
                line={"width": 0.5, "shape": "hv", "color": style.colour(int(user))},
                name=f"user {user}",
                legendgroup=f"user {user}",
                showlegend=int(user) not in shown,
                meta={"run": index, "user": int(user)},
                hovertemplate=f"user {user}: %{{y:.2f}} Mbit/s<extra></extra>",
                **cell,
            )
            shown.add(int(user))
        if not len(first):
            # An axis without a trace is not drawn, so its domain is only known here.
            axes = figure.get_subplot(**cell)
            figure.add_annotation(
                text="nothing is sent",
                showarrow=False,
                font={"color": "#888888"},
                xref="paper",
                yref="paper",
                x=sum(axes.xaxis.domain) / 2,
                y=sum(axes.yaxis.domain) / 2,
            )
        figure.update_xaxes(title="simulated time (s)", **cell)
    figure.update_yaxes(title="uplink (Mbit/s)", col=1)
    return style.finish(figure, height)


def first_ends_s(run: Run) -> list[float]:
    """When each epoch of the first episode ended; a step line needs the last end too."""
    times = epochs(run)
    return list(times["end_s"][times["episode"] == times["episode"].min()])


def senders(run: Run) -> dict[int, str]:
    """Who each node of the topology is, in the words of the airtime figure."""
    named = {}
    for node, entry in enumerate(run.meta["topology"]["nodes"]):
        if entry["kind"] == "user":
            named[node] = str(entry["name"]).replace("-", " ")
        else:
            named[node] = OTHERS[1] if entry["kind"] == "background" else OTHERS[0]
    return named


def airtime_share(run: Run) -> pd.DataFrame:
    """Share of each epoch in which a radio transmitted.

    From the frame tables if the run has them, else only the users' own, as observed.

    Returns:
        Columns: episode, decision, begin_s, sender, share (of one channel; senders on two channels
        or in a collision may add up to more than 1).
    """
    times = epochs(run)
    columns = ["episode", "decision", "begin_s", "sender", "share"]
    airtime = run.table("airtime")
    parts = []
    for episode, span in times.groupby("episode"):
        length_s = np.maximum((span["end_s"] - span["begin_s"]).to_numpy(), 1e-9)
        if len(airtime):
            rows = airtime[airtime["episode"] == episode]
            who = rows["sender"].map(senders(run))
            for sender, group in rows.groupby(who):
                edges = [*span["begin_s"], span["end_s"].iloc[-1]]
                busy_s, _ = np.histogram(group["start_s"], bins=edges, weights=group["duration_s"])
                parts.append(span[columns[:3]].assign(sender=str(sender), share=busy_s / length_s))
    if not len(airtime):
        parts = _observed_airtime(run, times)
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)


def _observed_airtime(run: Run, times: pd.DataFrame) -> list[pd.DataFrame]:
    if "airtime_s" not in run.labels["observation"].get("users", {}).get("columns", ()):
        return []
    # An observation describes the epoch before it.
    seen = run.observation("users")["airtime_s"].reset_index()
    seen["decision"] -= 1
    rows = seen.merge(times, on=["episode", "decision"])
    share = rows["airtime_s"] / (rows["end_s"] - rows["begin_s"]).clip(lower=1e-9)
    rows = rows.assign(sender="user " + rows["row"].astype(str), share=share)
    return [rows[["episode", "decision", "begin_s", "sender", "share"]]]


def airtime(runs: Sequence[Run]) -> go.Figure:
    """Who used the air over the first episode, stacked, and how busy the cell was."""
    tables = [airtime_share(run) for run in runs]
    figure, cells, height = style.panels(runs, shared_yaxes="all")
    shown: set[str] = set()
    for index, (run, table, cell) in enumerate(zip(runs, tables, cells, strict=True)):
        first = table[table["episode"] == table["episode"].min()]
        ends_s = first_ends_s(run)
        for sender, rows in first.groupby("sender"):
            name = str(sender)
            user = int(name.split()[1]) if name.startswith("user ") else None
            grey = "#444444" if name == OTHERS[0] else "#BBBBBB"
            figure.add_scatter(
                x=[*rows["begin_s"], *ends_s[-1:]],
                y=[*rows["share"], *rows["share"].tail(1)],
                mode="lines",
                stackgroup="senders",
                line={
                    "width": 0.5,
                    "shape": "hv",
                    "color": grey if user is None else style.colour(user),
                },
                name=name,
                legendgroup=name,
                showlegend=name not in shown,
                meta={"run": index} if user is None else {"run": index, "user": user},
                hovertemplate=f"{name}: %{{y:.1%}}<extra></extra>",
                **cell,
            )
            shown.add(name)
        _busy(figure, run, index, cell, shown)
        figure.update_xaxes(title="simulated time (s)", **cell)
    if not figure.data:
        raise NoData("the runs have no airtime")
    figure.update_yaxes(tickformat=".0%", rangemode="tozero")
    figure.update_yaxes(title="share of time", col=1)
    return style.finish(figure, height)


def _busy(figure: go.Figure, run: Run, index: int, cell: dict[str, int], shown: set[str]) -> None:
    if "airtime_fraction" not in run.labels["observation"].get("cells", {}).get("columns", ()):
        return
    seen = run.observation("cells")["airtime_fraction"].reset_index()
    seen = seen[seen["episode"] == seen["episode"].min()]
    seen["decision"] -= 1
    rows = seen.merge(epochs(run), on=["episode", "decision"])
    for number, part in rows.groupby("row"):
        entry = run.meta["cells"][int(number)]
        what = "uplink blocks used" if entry["kind"] == "lte" else "channel busy"
        name = f"{entry['name']}: {what}"
        figure.add_scatter(
            x=part["begin_s"],
            y=part["airtime_fraction"],
            mode="lines",
            line={"color": "#000000", "width": 1.2, "shape": "hv", "dash": style.dash(int(number))},
            name=name,
            legendgroup=name,
            showlegend=name not in shown,
            meta={"run": index},
            hovertemplate=f"{name}: %{{y:.1%}}<extra></extra>",
            **cell,
        )
        shown.add(name)


def losses_by_reason(run: Run) -> pd.DataFrame:
    """How many frames were lost for each reason.

    Returns:
        Columns: direction (uplink, downlink), reason, frames. Empty without the frame tables.
    """
    losses = run.table("losses")
    if not len(losses):
        return pd.DataFrame(columns=["direction", "reason", "frames"])
    named = run.meta["loss_reasons"]
    work = pd.DataFrame(
        {
            "direction": np.where(losses["uplink"] == 1, "uplink", "downlink"),
            "reason": losses["reason"].map(lambda code: named[code]),
        }
    )
    return work.value_counts().rename("frames").reset_index()


def retransmissions(runs: Sequence[Run]) -> go.Figure:
    """What the users' radios and TCP sent again, and why frames were lost."""
    counted = [name for name in measures.RETRANSMISSION_COLUMNS if name in runs[0].requests]
    if not counted:
        raise NoData("the runs record no retransmissions")
    reasons = [losses_by_reason(run) for run in runs]
    figure = make_subplots(
        rows=1,
        cols=2,
        column_widths=[0.42, 0.58],
        horizontal_spacing=0.2,
        subplot_titles=["sent again, per user", "lost frames by reason"],
    )
    names = style.names(runs)
    symbols = {"mac_retransmissions": "", "tcp_retransmissions": "/"}
    for index, run in enumerate(runs):
        per_user = run.requests.groupby("user")[counted].sum()
        for column in counted:
            layer = column.split("_")[0].upper()
            figure.add_bar(
                x=[f"user {user}" for user in per_user.index],
                y=per_user[column],
                customdata=per_user.index,
                name=f"{names[index]} · {layer}",
                marker={
                    "color": style.colour(index),
                    "pattern": {"shape": symbols[column], "fgcolor": "white"},
                },
                meta={"run": index, "recompute": "resent", "column": column},
                hovertemplate=f"{names[index]}, %{{x}}: %{{y}} {layer}<extra></extra>",
                row=1,
                col=1,
            )
        table = reasons[index].groupby("reason")["frames"].sum().sort_values()
        figure.add_bar(
            orientation="h",
            y=table.index,
            x=table,
            name=f"{names[index]} · losses",
            showlegend=False,
            marker={"color": style.colour(index)},
            meta={"run": index},
            hovertemplate=f"{names[index]}: %{{x}} frames, %{{y}}<extra></extra>",
            row=1,
            col=2,
        )
    if not any(len(table) for table in reasons):
        figure.add_annotation(
            text="reasons are recorded with <b>--frames</b>",
            showarrow=False,
            xref="x2 domain",
            yref="y2 domain",
            x=0.5,
            y=0.5,
        )
    figure.update_yaxes(title="frames or segments", row=1, col=1)
    figure.update_xaxes(title="frames", row=1, col=2)
    return style.finish(figure, 440, barmode="group")
