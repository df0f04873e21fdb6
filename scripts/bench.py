# SPDX-License-Identifier: MIT
"""``tandem bench``: what everything costs on this machine, and how two measurements differ."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.table import Table

from tandem.scripts.app.benchmarks import record
from tandem.scripts.app.benchmarks.record import Measurement, number

Group = Callable[[], list[Measurement]]
_PAGE: Final = Path("docs/results/bench.md")


def bench(
    out: Annotated[Path, typer.Option(help="Page to write; a .json of that name, too.")] = _PAGE,
    json_path: Annotated[
        Path | None, typer.Option("--json", help="Another place for the JSON file.")
    ] = None,
    only: Annotated[
        list[str] | None,
        typer.Option(help="bridge, starts, branches, loop, planning, scaling; repeatable."),
    ] = None,
    compare: Annotated[
        tuple[Path, Path] | None,
        typer.Option(metavar="A.JSON B.JSON", help="Measure nothing: show ratios B/A."),
    ] = None,
) -> None:
    """Measure how fast commands, resets, branches, decisions and planning are here.

    Takes less than ten minutes on two quiet cores. On a busy machine a round trip costs what the
    scheduler makes of it.

    Example: tandem bench --compare before.json after.json
    """
    console = Console()
    if compare is not None:
        _show_ratios(console, *compare)
        return
    groups = _groups()
    chosen = only or list(groups)
    for name in chosen:
        if name not in groups:
            raise typer.BadParameter(f"--only {name}: choose from {', '.join(groups)}")
    machine = record.describe_machine()
    results: list[Measurement] = []
    for name in chosen:
        with console.status(name):
            results.extend(groups[name]())
    _show(console, results)
    data = json_path or out.with_suffix(".json")
    record.write(results, machine, out, data)
    console.print(f"written: {out}, {data}", highlight=False, soft_wrap=True)


def _groups() -> dict[str, Group]:
    from tandem.scripts.app.benchmarks import bridge, loop, scaling, starts

    groups: dict[str, Group] = {
        "bridge": bridge.bridge,
        "starts": starts.starts,
        "branches": starts.branches,
        "loop": lambda: [*loop.loop("wifi-edge"), *loop.loop("lte-edge")],
        "scaling": scaling.scaling,
    }
    if importlib.util.find_spec("torch") is not None:
        from tandem.scripts.app.benchmarks import planning

        groups["planning"] = planning.planning
    return groups


def _show(console: Console, results: Sequence[Measurement]) -> None:
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


def _show_ratios(console: Console, first: Path, second: Path) -> None:
    table = Table(title=f"{second} / {first}; bold: the ranges of the runs do not overlap")
    for column in ("figure", "first", "second", "ratio", "unit"):
        table.add_column(column, justify="left" if column in ("figure", "unit") else "right")
    for row in record.compare(record.read(first), record.read(second)):
        ratio = f"{row.ratio:.3f}"
        shown = f"[bold]{ratio}[/]" if row.apart else ratio
        table.add_row(row.name, number(row.first), number(row.second), shown, row.unit)
    console.print(table)
