# SPDX-License-Identifier: MIT
"""``tandem bench``: what everything costs on this machine, and how two measurements differ."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console

from tandem.scripts.app.benchmarks import record
from tandem.scripts.app.benchmarks.record import Measurement, Recorded
from tandem.scripts.app.benchmarks.suite import groups_here, show, show_ratios
from tandem.scripts.app.common.outputs import check_file

_PAGE: Final = Path("docs/results/bench.md")


def bench(
    out: Annotated[Path, typer.Option(help="Page to write; a .json of that name, too.")] = _PAGE,
    json_path: Annotated[
        Path | None, typer.Option("--json", help="Another place for the JSON file.")
    ] = None,
    only: Annotated[
        list[str] | None,
        typer.Option(
            help="commands, bridge, starts, branches, scenarios, loop, planning or scaling; "
            "repeat it."
        ),
    ] = None,
    before: Annotated[
        Path | None,
        typer.Option(help="An earlier JSON file, whose medians get a column in the page."),
    ] = None,
    compare: Annotated[
        tuple[Path, Path] | None,
        typer.Option(metavar="A.JSON B.JSON", help="Measure nothing: show ratios B/A."),
    ] = None,
) -> None:
    """Measure how fast commands, resets, branches, decisions and planning are here.

    Takes about ten minutes on two quiet cores. On a busy machine the scheduler decides how long
    a round trip takes.

    Example: tandem bench --compare before.json after.json
    """
    console = Console()
    if compare is not None:
        show_ratios(console, *compare)
        return
    groups = groups_here()
    chosen = only or list(groups)
    for name in chosen:
        if name not in groups:
            raise typer.BadParameter(f"--only {name}: choose from {', '.join(groups)}")
    data = json_path or out.with_suffix(".json")
    for path, option in ((out, "--out"), (data, "--json" if json_path else "--out")):
        check_file(path, option)
    earlier = None if before is None else record.read(before)
    machine = record.describe_machine()
    results: list[Measurement] = []
    for name in chosen:
        with console.status(name):
            results.extend(groups[name]())
    show(console, results)
    record.write(Recorded(results, machine), out, data, earlier)
    console.print(f"written: {out}, {data}", highlight=False, soft_wrap=True)
