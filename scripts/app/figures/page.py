# SPDX-License-Identifier: MIT
"""The report as one HTML file that needs no network: figures, requests, filters."""

from __future__ import annotations

import html
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import plotly.graph_objects as go

from tandem.agents.inference.request_table import COMPONENTS, answer_accuracy, counted
from tandem.agents.inference.sites import Sites
from tandem.bridge.runs.reader import Run
from tandem.scripts.app.common.objective import INFERENCE
from tandem.scripts.app.figures import style
from tandem.scripts.app.figures.choices import decision_number
from tandem.scripts.app.figures.document import Document, link, place, section
from tandem.scripts.app.figures.figure import Figure
from tandem.scripts.app.inspection import columns, measures
from tandem.scripts.app.inspection.stages import epochs

#: Digits that a time in seconds keeps in the page: nanoseconds.
TIME_DIGITS: Final = 9
SUMMARY: Final = (
    ("requests", "requests", 1.0, "d"),
    ("timeouts", "time-outs", 1.0, "d"),
    ("open", "open at the end", 1.0, "d"),
    ("mean_s", "mean (ms)", 1e3, ".1f"),
    ("p50_s", "p50 (ms)", 1e3, ".1f"),
    ("p95_s", "p95 (ms)", 1e3, ".1f"),
    ("p99_s", "p99 (ms)", 1e3, ".1f"),
    ("accuracy_percent", "top-5 (%)", 1.0, ".2f"),
    ("mac_retransmissions", "MAC resent", 1.0, "d"),
    ("tcp_retransmissions", "TCP resent", 1.0, "d"),
    ("jain_response_time", "Jain", 1.0, ".3f"),
)


def page(
    runs: Sequence[Run],
    shown: Sequence[Figure],
    figures: Mapping[str, go.Figure],
    missing: Mapping[str, str],
) -> str:
    """The whole page.

    Args:
        runs: in the order in which they are shown.
        shown: what the figures are, in order.
        figures: those that could be drawn, by key.
        missing: why the others could not, by key.
    """
    names = style.names(runs)
    title = names[0] if len(names) == 1 else " · ".join(names)
    inference = all(measures.has_requests(run) for run in runs)
    summary = _summary if inference else _outline
    return Document(
        title=title,
        facts="".join(f'<p class="facts">{_facts(run)}</p>' for run in _distinct(runs)),
        summary=summary(runs, names),
        contents="".join(link(f.key, f.title) for f in shown),
        controls=_controls(runs, names) if inference else _boxes("run", dict(enumerate(names))),
        sections="\n".join(
            _section(f.key, f.title, f.caption, missing.get(f.key), runs) for f in shown
        ),
        figures=figures,
        data={"percentiles": measures.PERCENTILES, "runs": _page_data(runs, inference)},
    ).render()


def _data(run: Run) -> dict[str, Any]:
    """The requests of a run, column by column, for the filters."""
    requests = run.requests
    columns: dict[str, Any] = {
        name: requests[name].tolist()
        for name in (
            "user",
            "site",
            "option",
            "episode",
            "decision",
            *measures.RETRANSMISSION_COLUMNS,
        )
        if name in requests
    }
    user_cells = run.meta.get("user_cells") or [0] * (int(requests["user"].max()) + 1)
    own = [user_cells[user] for user in requests["user"]]
    columns["cell"] = requests["path_cell"].tolist() if "path_cell" in requests else own
    columns["number"] = decision_number(run).tolist()
    columns["response_time_s"] = requests["response_time_s"].round(TIME_DIGITS).tolist()
    columns["accuracy_percent"] = answer_accuracy(requests).tolist()
    columns["counted"] = counted(requests).tolist()
    columns["components"] = {
        name: requests[name].round(TIME_DIGITS).tolist() for name in COMPONENTS
    }
    times = epochs(run)
    times = times[times["episode"] == times["episode"].min()]
    return {
        "user_cells": user_cells,
        "requests": columns,
        "epochs": times[["begin_s", "end_s"]].round(TIME_DIGITS).to_numpy().tolist(),
    }


def _page_data(runs: Sequence[Run], inference: bool) -> list[dict[str, Any]]:
    """What the filters work on; runs without requests can only be hidden as a whole."""
    return [_data(run) if inference else {"requests": None, "user_cells": []} for run in runs]


def _distinct(runs: Sequence[Run]) -> list[Run]:
    """One run per scenario and build: policies that share both need no line each."""
    seen: dict[str, Run] = {}
    for run in runs:
        seen.setdefault(_facts(run), run)
    return list(seen.values())


def _facts(run: Run) -> str:
    meta, config = run.meta, run.config
    cells = ", ".join(f"{cell['standard']} cell" for cell in meta.get("cells", ()))
    episodes = len(run.episodes)
    parts = [
        str(run.schema["scenario"]),
        *([f"{meta.get('users')} users, {cells}"] if cells else []),
        f"{episodes} episode{'s' if episodes != 1 else ''} from seed {config.get('seed')}",
        *_reward(run),
        f"ns-3 {run.metadata.get('ns3_version')} ({run.metadata.get('ns3_provider')})",
        f"ns3-tandem {run.metadata.get('tandem_version')}",
    ]
    if run.metadata.get("status") != "complete":
        parts.append(f"this run is {run.metadata.get('status')}")
    return html.escape(" · ".join(parts))


def _reward(run: Run) -> list[str]:
    """What the rewards are, where the run tells."""
    objective, threshold = run.config.get("objective"), run.config.get("accuracy_threshold")
    if not objective or (objective in INFERENCE and not measures.has_requests(run)):
        return []  # the scenario's own
    name = Path(str(objective)).name  # of the file, without its folder
    accuracy = f", accuracy from {threshold} %" if threshold and objective in INFERENCE else ""
    return [f"reward {name}{accuracy}"]


def _summary(runs: Sequence[Run], names: Sequence[str]) -> str:
    head = "".join(f"<th>{heading}</th>" for _, heading, _, _ in SUMMARY)
    rows = []
    for run, name in zip(runs, names, strict=True):
        line = measures.summary(run.requests)
        cells = []
        for key, _, factor, form in SUMMARY:
            value = line.get(key)
            known = value is not None and not math.isnan(value)
            number = value if form == "d" or not known else float(value or 0) * factor
            cells.append(f"<td>{format(number, form) if known else '–'}</td>")
        rows.append(f"<tr><td>{html.escape(name)}</td>{''.join(cells)}</tr>")
    return (
        f"<table><thead><tr><th>run</th>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
    )


def _outline(runs: Sequence[Run], names: Sequence[str]) -> str:
    """A line per run of any scenario."""
    lines = [columns.outline(run) for run in runs]
    headings = list(dict.fromkeys(name for line in lines for name in line))
    head = "".join(f"<th>{html.escape(name.replace('_', ' '))}</th>" for name in headings)
    rows = []
    for line, name in zip(lines, names, strict=True):
        cells = "".join(f"<td>{_number(line.get(heading))}</td>" for heading in headings)
        rows.append(f"<tr><td>{html.escape(name)}</td>{cells}</tr>")
    return (
        f"<table><thead><tr><th>run</th>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
    )


def _number(value: float | None) -> str:
    return "–" if value is None or math.isnan(value) else f"{value:.6g}"


def _controls(runs: Sequence[Run], names: Sequence[str]) -> str:
    sites = {
        site: label
        for run in runs
        for site, label in enumerate(Sites.from_meta(run.meta).labels)
        if (run.requests["site"] == site).any()
    }
    users = sorted({int(user) for run in runs for user in run.requests["user"].unique()})
    cells = {
        index: str(cell["name"]) for run in runs for index, cell in enumerate(run.meta["cells"])
    }
    parts = [
        _boxes("run", dict(enumerate(names))),
        _boxes("site", dict(sorted(sites.items()))),
        _boxes("cell", cells),
        _boxes("user", {user: str(user) for user in users}),
        '<fieldset><legend>decisions</legend><input type="number" id="from" min="0" '
        'placeholder="first" aria-label="first decision"> – <input type="number" id="to" min="0" '
        'placeholder="last" aria-label="last decision"></fieldset>',
    ]
    return "\n".join(parts)


def _boxes(name: str, values: Mapping[int, str]) -> str:
    boxes = "".join(
        f'<label><input type="checkbox" name="{name}" value="{value}" checked> '
        f"{html.escape(label)}</label>"
        for value, label in values.items()
    )
    hidden = ' style="display:none"' if len(values) <= 1 else ""
    return f"<fieldset{hidden}><legend>{name}s</legend>{boxes}</fieldset>"


def _section(key: str, title: str, caption: str, missing: str | None, runs: Sequence[Run]) -> str:
    if missing is not None:
        body = f'<p class="missing">Not drawn: {html.escape(missing)}.</p>'
    else:
        body = place(key, caption, _decision_choice(runs) if key == "timeline" else "")
    return section(key, title, body)


def _decision_choice(runs: Sequence[Run]) -> str:
    count = max(len(_data(run)["epochs"]) for run in runs)
    options = "".join(f'<option value="{k}">decision {k}</option>' for k in range(count))
    return (
        '<label>zoom to <select id="decision"><option value="">the first decisions</option>'
        '<option value="all">the whole episode</option>'
        f"{options}</select></label>"
    )
