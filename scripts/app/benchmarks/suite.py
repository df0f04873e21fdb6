# SPDX-License-Identifier: MIT
"""All benchmarks, and their results in the terminal."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tandem.bridge.core.packages import is_there
from tandem.scripts.app.benchmarks import (
    bridge,
    commands,
    loop,
    record,
    scaling,
    scenarios,
    starts,
)
from tandem.scripts.app.benchmarks.record import Measurement, number

Group = Callable[[], list[Measurement]]


def groups_here() -> dict[str, Group]:
    """What can be measured here: planning needs PyTorch."""
    groups: dict[str, Group] = {
        "commands": commands.commands,
        "bridge": bridge.bridge,
        "starts": starts.starts,
        "branches": starts.branches,
        "scenarios": scenarios.scenarios,
        "loop": lambda: [*loop.loop("wifi-edge"), *loop.loop("lte-edge")],
        "scaling": scaling.scaling,
    }
    if is_there("torch"):
        from tandem.scripts.app.benchmarks import planning

        groups["planning"] = planning.planning
    return groups


def show(console: Console, results: Sequence[Measurement]) -> None:
    table = Table(title="medians (lowest … highest)")
    for column in ("figure", "median", "range", "unit", "aim"):
        table.add_column(column, justify="right" if column == "median" else "left")
    for group in dict.fromkeys(m.group for m in results):
        table.add_section()
        table.add_row(f"[bold]{group}[/]")
        for m in results:
            if m.group == group:
                table.add_row(m.name, number(m.median), m.spread, m.unit, m.verdict)
    console.print(table)


def show_ratios(console: Console, first: Path, second: Path) -> None:
    table = Table(title=f"{second} / {first}; bold: the ranges of the runs do not overlap")
    for column in ("figure", "first", "second", "ratio", "unit"):
        table.add_column(column, justify="left" if column in ("figure", "unit") else "right")
    for row in record.compare(record.read(first).measurements, record.read(second).measurements):
        ratio = f"{row.ratio:.3f}"
        shown = f"[bold]{ratio}[/]" if row.apart else ratio
        table.add_row(row.name, number(row.first), number(row.second), shown, row.unit)
    console.print(table)
