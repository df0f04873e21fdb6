# SPDX-License-Identifier: MIT
"""What the page draws of some decisions: who was where, chose what, and which requests were open.

Column by column, as JSON. Times are simulated seconds.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike

from tandem.agents.inference.options import option_names
from tandem.agents.inference.paths import Paths
from tandem.agents.inference.sites import Sites
from tandem.bridge.runs.reader import POSITIONS, Run
from tandem.scripts.app.figures import style
from tandem.scripts.app.figures.choices import option_colour
from tandem.scripts.app.figures.figure import NoData
from tandem.scripts.app.figures.places import base_map
from tandem.scripts.app.inspection import measures
from tandem.scripts.app.inspection.columns import actions
from tandem.scripts.app.inspection.stages import epochs, stage_times

#: Requests of one answer; of more, the first ones are sent and the page says so.
MOST_REQUESTS: Final = 20_000
#: Agents of which the page shows the actions.
MOST_AGENTS: Final = 200
#: The phases of a request: name, the component that it begins with, and its colour.
PHASES: Final = (
    ("on the device", "device_queue_s", style.COMPONENT_COLOURS["device_compute_s"]),
    ("uplink", "uplink_queue_s", style.COMPONENT_COLOURS["uplink_air_s"]),
    ("service at the site", "site_queue_s", style.COMPONENT_COLOURS["site_compute_s"]),
    ("downlink", "downlink_s", style.COMPONENT_COLOURS["downlink_s"]),
)
_DIGITS: Final = 6


def scene(run: Run) -> dict[str, Any]:
    """What does not change in a run: the map below the users, and names with their colours.

    Args:
        run: with the rows of at least one decision; before that there is no map.
    """
    meta = run.meta
    sites = Sites.from_meta(meta)
    options = option_names(meta)
    cells = list(meta.get("cells") or ())
    nodes = (meta.get("topology") or {}).get("nodes", [])
    try:
        figure, where = base_map(run)
        background, why = figure.to_json(), ""
    except (NoData, KeyError) as lacking:
        background, where, why = None, {}, str(lacking)
    return {
        "scenario": run.schema["scenario"],
        "map": background,
        "no_map": why,
        "where": where,
        "sites": [{"name": n, "colour": style.site_colour(n)} for n in sites.labels],
        "options": {
            str(code): {"name": name, "colour": option_colour(name, code)}
            for code, name in options.items()
        },
        "cells": [
            {
                "name": cell["name"],
                "radio": cell.get("radio"),
                "colour": style.CELL_COLOURS.get(cell["kind"], "#444444"),
            }
            for cell in cells
        ],
        # Of an LTE cell with several, in the order of the columns `serving_…`.
        "enbs": [node["name"] for node in nodes if node["kind"] == "enb"],
        "user_cells": meta.get("user_cells") or [],
        "phases": [{"name": name, "colour": colour} for name, _, colour in PHASES],
        "agents": str((meta.get("agents") or {}).get("name", "user" if cells else "row")),
    }


def moments(run: Run) -> dict[str, Any]:
    """What happened in the decisions of a run's rows."""
    decisions = run.decisions
    begins = _begins(run)
    numbers = decisions["decision"].astype(int).tolist() if len(decisions) else []
    return {
        "decision": numbers,
        "begin": [begins.get(number) for number in numbers],
        "reward": _plain(decisions["reward"]) if len(decisions) else [],
        "actions": _actions(run),
        "places": _places(run, numbers),
        **_requests(run),
    }


def _begins(run: Run) -> dict[int, float]:
    if not measures.has_requests(run):
        return {}
    table = epochs(run)
    return dict(zip(table["decision"].tolist(), _plain(table["begin_s"]), strict=True))


def _actions(run: Run) -> list[list[float]]:
    """The first column of the action of each agent, per decision."""
    blocks = actions(run) if len(run.decisions) else []
    if not blocks:
        return []
    values = blocks[0].values[:, :MOST_AGENTS, 0]
    shown: list[list[float]] = values.round(_DIGITS).tolist()
    return shown


def _places(run: Run, numbers: list[int]) -> list[dict[str, list[float]] | None]:
    """Where the users were at each decision, in their order."""
    table = run.table(POSITIONS)
    if not len(table):
        return [None] * len(numbers)
    users = table[table["user"] >= 0].sort_values("user", kind="stable")
    found = {
        number: {"x": _plain(rows["x_m"]), "y": _plain(rows["y_m"])}
        for number in numbers
        if len(rows := users[users["decision"] == number])
    }
    return [found.get(number) for number in numbers]


def _requests(run: Run) -> dict[str, Any]:
    """Each request: who, where, and when its phases began."""
    requests = run.table("requests")
    if not len(requests):
        return {"requests": {}, "left_out": 0}
    left_out = max(0, len(requests) - MOST_REQUESTS)
    requests = requests.head(MOST_REQUESTS)
    times = stage_times(requests)
    columns: dict[str, Any] = {
        name: requests[name].astype(int).tolist()
        for name in ("user", "site", "option", "status", "serving_start")
        if name in requests
    }
    paths = Paths.from_meta(run.meta)
    if paths.names:
        columns["cell"] = requests["path_cell"].astype(int).tolist()
    begins = [_plain(times[component]) for _, component, _ in PHASES]
    # What is known of a request that did not end: it was open for `response_time_s`.
    ends = np.maximum(times["end_s"], requests["arrival_s"] + requests["response_time_s"])
    columns["times"] = [list(row) for row in zip(*begins, _plain(ends), strict=True)]
    return {"requests": columns, "left_out": left_out}


def _plain(values: ArrayLike) -> list[float]:
    plain: list[float] = np.asarray(values, dtype=np.float64).round(_DIGITS).tolist()
    return plain
