# SPDX-License-Identifier: MIT
"""Figures of a recorded run of any scenario, as values and as tables in the terminal."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd
from rich.console import Console
from rich.table import Table

from tandem.bridge.runs.reader import Run
from tandem.scripts.app.inspection import columns
from tandem.scripts.app.inspection.columns import BlockValues, RecordValues

STATISTICS: Final = ("mean", "sd", "min", "p50", "p95", "max")
#: Agents that are listed one by one.
MOST_LISTED: Final = 16


def block_table(block: BlockValues) -> pd.DataFrame:
    """Statistics of each column over all decisions and rows.

    Returns:
        Index: column. Columns: unit and `STATISTICS`.
    """
    lines = {}
    for index, name in enumerate(block.columns):
        values = block.values[:, :, index].ravel()
        lines[name] = {"unit": block.units[index], **_statistics(values)}
    return pd.DataFrame.from_dict(lines, orient="index").rename_axis("column")


def record_table(table: RecordValues) -> pd.DataFrame:
    """The same for the columns of a record table that hold numbers."""
    lines = {
        name: {"unit": unit, **_statistics(table.frame[name].to_numpy(np.float64))}
        for name, unit in zip(table.columns, table.units, strict=True)
        if pd.api.types.is_numeric_dtype(table.frame[name])
    }
    return pd.DataFrame.from_dict(lines, orient="index").rename_axis("column")


def agent_table(table: RecordValues) -> pd.DataFrame:
    """Rows and mean of each column per agent; empty where nothing tells agents apart."""
    if table.agent is None:
        return pd.DataFrame()
    groups = table.frame.groupby(table.agent)
    numbers = [name for name in table.columns if pd.api.types.is_numeric_dtype(table.frame[name])]
    return groups[numbers].mean().assign(rows=groups.size())


def figures(run: Run) -> dict[str, Any]:
    """Every figure of one run, as plain values."""
    return {
        "run": run.name,
        "scenario": run.metadata.get("scenario"),
        "status": run.metadata.get("status"),
        "config_sha256": run.metadata.get("config_sha256"),
        "summary": columns.outline(run),
        "actions": {b.name: block_table(b).to_dict(orient="index") for b in columns.actions(run)},
        "observation": {
            b.name: block_table(b).to_dict(orient="index") for b in columns.observations(run)
        },
        "records": {
            table.name: {
                "columns": record_table(table).to_dict(orient="index"),
                "agents": agent_table(table).to_dict(orient="index"),
            }
            for table in columns.records(run)
        },
    }


def print_general(console: Console, run: Run) -> None:
    """Rewards, actions, observations and records of one run as tables."""
    outline = pd.DataFrame([columns.outline(run)], index=[run.name])
    show(console, "run", outline)
    for block in columns.actions(run):
        show(console, f"action {block.name}", block_table(block))
    for block in columns.observations(run):
        show(console, f"observation {block.name}", block_table(block))
    for table in columns.records(run):
        show(console, f"records {table.name}, {len(table.frame)} rows", record_table(table))
        agents = agent_table(table)
        if len(agents):
            title = f"records {table.name}, mean per {table.agent}"
            show(console, title, agents.head(MOST_LISTED))
            if len(agents) > MOST_LISTED:
                console.print(f"… and {len(agents) - MOST_LISTED} more: --format json has all")


def show(console: Console, title: str, frame: pd.DataFrame) -> None:
    """A data frame as a terminal table; numbers as they are, with six digits."""
    table = Table()
    table.add_column(str(frame.index.name or ""))
    for column in frame.columns:
        table.add_column(str(column).replace("_", " "), justify="right")
    for label, row in zip(frame.index, frame.itertuples(index=False, name=None), strict=True):
        table.add_row(str(label), *map(_text, row))
    console.print(f"[bold]{title[0].upper()}{title[1:]}[/]")
    console.print(table)


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    number = float(str(value))
    return "–" if np.isnan(number) else f"{number:.6g}"


def _statistics(values: np.ndarray[Any, Any]) -> dict[str, float]:
    known = values[np.isfinite(values)]
    if not len(known):
        return dict.fromkeys(STATISTICS, float("nan"))
    return {
        "mean": float(known.mean()),
        "sd": float(known.std()),
        "min": float(known.min()),
        "p50": float(np.percentile(known, 50)),
        "p95": float(np.percentile(known, 95)),
        "max": float(known.max()),
    }
