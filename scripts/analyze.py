# SPDX-License-Identifier: MIT
"""``tandem analyze``: figures of recorded runs."""

from __future__ import annotations

import enum
import json
import math
from pathlib import Path
from typing import Annotated, Any, Final

import pandas as pd
import typer
from rich.console import Console
from rich.table import Table

from tandem.bridge.runs.reader import Run
from tandem.scripts.app.inspection import measures

#: Characters per line of output that goes to no terminal.
PIPE_WIDTH: Final = 132
SHORT_HEADINGS: Final = {"tcp_retransmissions": "TCP resent", "mac_retransmissions": "MAC resent"}


class OutputFormat(str, enum.Enum):
    """How figures are printed."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


def analyze(
    folders: Annotated[list[Path], typer.Argument(help="Run folders.")],
    output: Annotated[
        OutputFormat,
        typer.Option("--format", help="csv: one line per run; json: every figure."),
    ] = OutputFormat.TABLE,
) -> None:
    """Print response times, their components, retransmissions, airtime and fairness."""
    runs = [measures.load_run(folder) for folder in folders]
    if output is OutputFormat.JSON:
        typer.echo(json.dumps([_finite(report(run)) for run in runs], indent=2))
    elif output is OutputFormat.CSV:
        typer.echo(comparison(runs).to_csv(), nl=False)
    else:
        console = wide_console()
        for run in runs:
            print_run(console, run)
        if len(runs) > 1:
            print_table(console, "comparison", comparison(runs))


def report(run: Run) -> dict[str, Any]:
    """Every figure of one run, as plain values."""
    requests = run.requests
    return {
        "run": run.name,
        "scenario": run.metadata.get("scenario"),
        "status": run.metadata.get("status"),
        "config_sha256": run.metadata.get("config_sha256"),
        "summary": measures.summary(requests),
        "latency": measures.latency(requests).to_dict(orient="index"),
        "components": measures.components(requests).to_dict(),
        "users": measures.users(requests).to_dict(orient="index"),
        "cells": measures.cell_airtime(run).to_dict(orient="index"),
        "decision_mix": measures.decision_mix(requests, run.labels).to_dict(orient="records"),
    }


def comparison(runs: list[Run]) -> pd.DataFrame:
    """One line per run."""
    lines = {run.name: measures.summary(run.requests) for run in runs}
    return pd.DataFrame.from_dict(lines, orient="index").rename_axis("run")


def print_run(console: Console, run: Run) -> None:
    """All figures of one run as tables."""
    requests = run.requests
    status = run.metadata.get("status")
    console.rule(f"[bold]{run.name}[/] · {run.metadata.get('scenario')} · {status}")
    if status != "complete":
        console.print(f"[yellow]this run is {status}: {run.metadata.get('error')}[/]")
    print_table(console, "response time per site", measures.latency(requests))
    print_table(console, "mean of each component", measures.components(requests))
    per_user = measures.users(requests).rename(columns=SHORT_HEADINGS)
    print_table(console, "users (resent: retransmissions)", per_user)
    cells = measures.cell_airtime(run)
    if len(cells):
        print_table(console, "share of airtime (WiFi) or uplink blocks (LTE) in use", cells)
    print_table(console, "decisions", measures.decision_mix(requests, run.labels))
    fairness = measures.fairness(requests)
    console.print(
        f"Jain's index over users: response time {_cell(fairness['jain_response_time'], '')}, "
        f"uplink goodput {_cell(fairness['jain_goodput'], '')}"
    )


def wide_console() -> Console:
    """The terminal; into a file or a pipe, wide enough for every table."""
    console = Console()
    return console if console.is_terminal else Console(width=PIPE_WIDTH)


def print_table(console: Console, title: str, frame: pd.DataFrame) -> None:
    """A data frame as a terminal table; seconds are shown in ms, rates in Mbit/s."""
    table = Table()
    table.add_column(str(frame.index.name or ""))
    for column in frame.columns:
        table.add_column(_heading(str(column)), justify="right")
    for label, row in zip(frame.index, frame.itertuples(index=False, name=None), strict=True):
        unit_of_row = str(label) if str(label).endswith("_s") else ""
        cells = [
            _cell(value, str(column) if _unit(str(column)) else unit_of_row)
            for column, value in zip(frame.columns, row, strict=True)
        ]
        table.add_row(_heading(str(label)), *cells)
    console.print(f"[bold]{title[0].upper()}{title[1:]}[/]")
    console.print(table)


def _unit(name: str) -> tuple[str, float, str] | None:
    """(suffix to drop, factor, unit shown) of a column."""
    for suffix, factor, unit in (
        ("_bps", 1e-6, "Mbit/s"),
        ("_bytes", 1e-3, "kB"),
        ("_percent", 1.0, "%"),
        ("_s", 1e3, "ms"),
    ):
        if name.endswith(suffix):
            return suffix, factor, unit
    return None


def _heading(name: str) -> str:
    unit = _unit(name)
    text = name if unit is None else f"{name.removesuffix(unit[0])} ({unit[2]})"
    return text.replace("_", " ")


def _cell(value: Any, column: str) -> str:
    if isinstance(value, str):
        return value
    number = float(value)
    if math.isnan(number):
        return "–"
    unit = _unit(column)
    if unit is not None:
        return f"{number * unit[1]:.1f}"
    return f"{number:.0f}" if number.is_integer() and abs(number) != 1.0 else f"{number:.3f}"


def _finite(value: Any) -> Any:
    """NaN has no JSON: it becomes null, and numpy's numbers become Python's."""
    if isinstance(value, dict):
        return {str(key): _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
