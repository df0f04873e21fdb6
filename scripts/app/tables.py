# SPDX-License-Identifier: MIT
"""Tables in the terminal."""

from __future__ import annotations

import math
from typing import Any, Final

import pandas as pd
from rich.console import Console
from rich.table import Table

#: Characters per line of output that goes to no terminal.
PIPE_WIDTH: Final = 132


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
            cell_text(value, str(column) if _unit(str(column)) else unit_of_row)
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
        ("_j", 1e3, "mJ"),
        ("_s", 1e3, "ms"),
    ):
        if name.endswith(suffix):
            return suffix, factor, unit
    return None


def _heading(name: str) -> str:
    unit = _unit(name)
    text = name if unit is None else f"{name.removesuffix(unit[0])} ({unit[2]})"
    return text.replace("_", " ")


def cell_text(value: Any, column: str) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, int) and _unit(column) is None:
        return str(value)
    number = float(value)
    if math.isnan(number):
        return "–"
    unit = _unit(column)
    if unit is not None:
        return f"{number * unit[1]:.1f}"
    return f"{number:.0f}" if number.is_integer() and abs(number) != 1.0 else f"{number:.3f}"
