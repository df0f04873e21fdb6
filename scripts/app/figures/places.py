# SPDX-License-Identifier: MIT
"""The topology: where the users are, in which cell, and where their requests run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from tandem.agents.common.units import MS_PER_S
from tandem.agents.inference.sites import DEVICE_LABEL, Sites
from tandem.bridge.runs.reader import POSITIONS, Run
from tandem.scripts.app.figures import style
from tandem.scripts.app.figures.figure import NoData
from tandem.scripts.app.inspection import measures

GATEWAY_KINDS: Final = ("ap", "enb", "pgw")
MAP_PX: Final = 640


def topology_map(runs: Sequence[Run]) -> go.Figure:
    """Users at their places with the trails they walked; filled by site, ringed by cell."""
    drawn = [run for run in runs if len(run.table(POSITIONS))]
    if not drawn:
        raise NoData("the runs have no positions: their scenario is not an inference scenario")
    figure, cells, height = style.panels(runs, panel_px=380)
    shown: set[str] = set()
    for index, (run, cell) in enumerate(zip(runs, cells, strict=True)):
        if len(run.table(POSITIONS)):
            _draw(figure, run, index, cell, shown)
        figure.update_yaxes(
            scaleanchor=f"x{index + 1}" if index else "x",
            title="y (m)" if cell["col"] == 1 else None,
            matches="y" if index else None,
            zeroline=False,
            **cell,
        )
        figure.update_xaxes(title="x (m)", matches="x" if index else None, zeroline=False, **cell)
    return style.finish(figure, height)


def favourite_site(requests: pd.DataFrame) -> pd.Series[int]:
    """The site that served most requests of each user."""
    counts = requests.groupby(["user", "site"]).size().unstack(fill_value=0)
    favourite: pd.Series[int] = counts.idxmax(axis=1)
    return favourite


def _draw(figure: go.Figure, run: Run, index: int, cell: dict[str, int], shown: set[str]) -> None:
    places = run.table(POSITIONS)
    places = places[places["episode"] == places["episode"].min()]
    nodes = run.meta["topology"]["nodes"]
    last = places.drop_duplicates("node", keep="last").set_index("node")
    where = {nodes[node]["name"]: (row.x_m, row.y_m) for node, row in last.iterrows()}
    where.update(_host_places(where, Sites.from_meta(run.meta).remote))
    _links(figure, run, where, index, cell, shown)
    for user, trail in places[places["user"] >= 0].groupby("user"):
        figure.add_scatter(
            x=trail["x_m"],
            y=trail["y_m"],
            mode="lines",
            line={"color": "#BBBBBB", "width": 1.5},
            hoverinfo="skip",
            meta={"run": index, "user": int(user)},
            **_once("trail during the episode", shown),
            **cell,
        )
    _users(figure, run, last, index, cell, shown)
    _nodes(figure, run, where, index, cell, shown)


def base_map(run: Run) -> tuple[go.Figure, dict[str, tuple[float, float]]]:
    """What stands still, for a map on which users are drawn as they move.

    Returns:
        The figure, and the place of each gateway, radio and site by name.

    Raises:
        NoData: the run has no positions (yet).
    """
    places = run.table(POSITIONS)
    if not len(places):
        raise NoData("no positions are recorded: the scenario has none, or no decision has ended")
    nodes = run.meta["topology"]["nodes"]
    first = places.drop_duplicates("node").set_index("node")
    everywhere = {nodes[node]["name"]: (row.x_m, row.y_m) for node, row in first.iterrows()}
    sites = _host_places(everywhere, Sites.from_meta(run.meta).remote)
    users = {nodes[node]["name"] for node, row in first.iterrows() if row.user >= 0}
    fixed = {name: place for name, place in everywhere.items() if name not in users} | sites
    figure = make_subplots(rows=1, cols=1)
    cell, shown = {"row": 1, "col": 1}, set[str]()
    _links(figure, run, fixed, 0, cell, shown)
    _nodes(figure, run, fixed, 0, cell, shown)
    figure.update_yaxes(scaleanchor="x", title="y (m)", zeroline=False)
    figure.update_xaxes(title="x (m)", zeroline=False)
    return style.finish(figure, MAP_PX), fixed


def _nodes(
    figure: go.Figure,
    run: Run,
    where: dict[str, tuple[float, float]],
    index: int,
    cell: dict[str, int],
    shown: set[str],
) -> None:
    """Everything but users: background stations, gateways, sites."""
    for kind, label, symbol, colour in (
        ("background", "background station", "x", "#999999"),
        ("gateway", "access point, eNB, PGW", "triangle-up", "#222222"),
        ("host", "site", "square", "#222222"),
    ):
        chosen = [name for name in where if _kind(run, name) == kind]
        if not chosen:
            continue
        figure.add_scatter(
            x=[where[name][0] for name in chosen],
            y=[where[name][1] for name in chosen],
            mode="markers" if kind == "background" else "markers+text",
            text=chosen,
            textposition="top center",
            marker={"symbol": symbol, "size": 9 if kind == "background" else 13, "color": colour},
            hovertemplate="%{text}<extra></extra>",
            meta={"run": index},
            **_once(label, shown),
            **cell,
        )


def _kind(run: Run, name: str) -> str:
    if name in Sites.from_meta(run.meta).remote:
        return "host"
    kind = next(node["kind"] for node in run.meta["topology"]["nodes"] if node["name"] == name)
    return "gateway" if kind in GATEWAY_KINDS else str(kind)


def _host_places(
    where: dict[str, tuple[float, float]], sites: Sequence[str]
) -> dict[str, tuple[float, float]]:
    """Sites have no place in the radio model; they are drawn to the right of all users."""
    right = max(x for x, _ in where.values())
    low, high = min(y for _, y in where.values()), max(y for _, y in where.values())
    span = max(high - low, 1.0)
    left = min(x for x, _ in where.values())
    step = max(right - left, 1.0) * 0.3
    heights = np.linspace(high - 0.2 * span, low + 0.2 * span, len(sites))
    return {site: (right + step, float(y)) for site, y in zip(sites, heights, strict=True)}


def _links(
    figure: go.Figure,
    run: Run,
    where: dict[str, tuple[float, float]],
    index: int,
    cell: dict[str, int],
    shown: set[str],
) -> None:
    for kind, label, line in (
        ("radio", "radio", {"color": "#E3E3E3", "width": 1}),
        ("wire", "wire", {"color": "#888888", "width": 2}),
    ):
        xs: list[float | None] = []
        ys: list[float | None] = []
        middle: dict[str, list[Any]] = {"x": [], "y": [], "text": []}
        for link in run.meta["topology"]["links"]:
            wired = link["kind"] == "point-to-point"
            if wired is not (kind == "wire") or link["a"] not in where or link["b"] not in where:
                continue
            (x0, y0), (x1, y1) = where[link["a"]], where[link["b"]]
            xs += [x0, x1, None]
            ys += [y0, y1, None]
            if wired:
                middle["x"].append((x0 + x1) / 2)
                middle["y"].append((y0 + y1) / 2)
                middle["text"].append(
                    f"{link['a']} – {link['b']}: {link['rate_bps'] / 1e6:g} Mbit/s, "
                    f"{link['delay_s'] * MS_PER_S:g} ms one way"
                )
        if xs:
            figure.add_scatter(
                x=xs,
                y=ys,
                mode="lines",
                line=line,
                hoverinfo="skip",
                meta={"run": index},
                **_once(label, shown),
                **cell,
            )
        if middle["x"]:
            figure.add_scatter(
                **middle,
                mode="markers",
                marker={"size": 14, "opacity": 0},
                hovertemplate="%{text}<extra></extra>",
                showlegend=False,
                meta={"run": index},
                **cell,
            )


def _users(
    figure: go.Figure,
    run: Run,
    last: pd.DataFrame,
    index: int,
    cell: dict[str, int],
    shown: set[str],
) -> None:
    users = last[last["user"] >= 0].set_index("user")
    favourite = favourite_site(run.requests) if len(run.requests) else pd.Series(dtype=int)
    mean_s = measures.counted_requests(run).groupby("user")["response_time_s"].mean()
    sites = Sites.from_meta(run.meta)
    kinds = [entry["name"] for entry in run.meta["cells"]]
    technology = [entry["kind"] for entry in run.meta["cells"]]
    conditions = run.meta.get("conditions") or []
    for user, x_m, y_m in zip(users.index.astype(int), users["x_m"], users["y_m"], strict=True):
        network = kinds[run.meta["user_cells"][user]]
        site = sites.label(favourite[user]) if user in favourite else DEVICE_LABEL
        weak = user < len(conditions) and conditions[user] == "weak"
        figure.add_scatter(
            x=[x_m],
            y=[y_m],
            mode="markers+text",
            text=[str(user)],
            textposition="middle center",
            textfont={"color": "white", "size": 11},
            marker={
                "size": 22,
                "color": style.site_colour(site),
                "line": {
                    "width": 4,
                    "color": style.CELL_COLOURS.get(
                        technology[run.meta["user_cells"][user]], "#444444"
                    ),
                },
                "symbol": "diamond" if weak else "circle",
            },
            customdata=[user],
            hovertemplate=f"user {user}{' (weak network)' if weak else ''}<br>cell: {network}<br>"
            f"mostly at: {site}<br>mean response {mean_s.get(user, float('nan')):.3f} s"
            "<extra></extra>",
            meta={"run": index, "user": int(user)},
            **_once(f"user, mostly at the {site} · ring: {network}", shown),
            **cell,
        )


def _once(label: str, shown: set[str]) -> dict[str, Any]:
    """Legend entry of a trace: the first of its label stands for all of them."""
    first = label not in shown
    shown.add(label)
    return {"name": label, "legendgroup": label, "showlegend": first}
