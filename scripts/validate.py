# SPDX-License-Identifier: MIT
"""``tandem validate``: the simulation against what others have published."""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console

from tandem.bridge.core.files import replace_text
from tandem.bridge.core.packages import require
from tandem.scripts.app.common.outputs import check_folder
from tandem.scripts.app.common.toolchain import Toolchain
from tandem.scripts.app.progress import progress
from tandem.scripts.app.tables import wide_console
from tandem.scripts.app.validation.record import csv_text, json_text, show, summary, verdict
from tandem.scripts.app.validation.suite import choose, run
from tandem.scripts.app.validation.yardstick import Case, Row
from tandem.scripts.options import Quiet

#: Exit status when a yardstick is missed.
EXIT_OUTSIDE: Final = 1
PAGE: Final = "report.html"
DATA: Final = "validation.json"
SHEET: Final = "validation.csv"


def validate(
    quick: Annotated[
        bool, typer.Option("--quick", help="A few yardsticks of each kind: two minutes.")
    ] = False,
    out: Annotated[
        Path | None, typer.Option(help=f"Folder for {PAGE}, {DATA} and {SHEET}. Default: none.")
    ] = None,
    only: Annotated[
        list[str] | None,
        typer.Option(
            help="bianchi, lte-rr, lte-pf, tgax, tcp, queue, radio or books, or how the name of a "
            "case begins; repeatable."
        ),
    ] = None,
    jobs: Annotated[int, typer.Option(min=1, help="Simulators; default: one per core.")] = len(
        os.sched_getaffinity(0)
    ),
    quiet: Quiet = False,
) -> None:
    """Measure how near the simulation comes to what others have published.

    Bianchi's model of saturated WiFi, the tables of ns-3's own LTE tests, a TGax calibration test,
    TCP over a wire, queueing theory, and sums done by hand. Each line runs ns-3. Exit status 1 if a
    line lies outside its band.

    Example: tandem validate --quick

    Example: tandem validate --only bianchi --out runs/validation
    """
    if out is not None:
        require("plotly", "--out")
        check_folder(out, "--out")
    cases = choose(quick, only or [])
    console = Console(stderr=True)
    started_s = time.monotonic()
    with (
        tempfile.TemporaryDirectory(prefix="tandem-validate-") as folder,
        progress("validate", sum(c.weight for c in cases), "", console=console, quiet=quiet) as bar,
    ):

        def done(case: Case, rows: list[Row]) -> None:
            bar.advance(case.weight)
            bar.note(case.name)
            if not quiet and not console.is_terminal:
                for row in rows:
                    console.print(f"{row.yardstick.name}: {verdict(row)}", highlight=False)

        rows = run(cases, Path(folder), jobs, done)
    toolchain = Toolchain.installed()
    facts = {
        "ns-3": f"{toolchain.ns3_version} ({toolchain.ns3_provider})",
        "cases": len(cases),
        "wall time": f"{time.monotonic() - started_s:.0f} s, {jobs} at a time",
    }
    show(wide_console(), rows)
    if out is not None:
        from tandem.scripts.app.validation.page import page

        out.mkdir(parents=True, exist_ok=True)
        replace_text(out / PAGE, page(rows, facts))
        replace_text(out / DATA, json_text(rows, facts))
        replace_text(out / SHEET, csv_text(rows))
        console.print(f"written: {out / PAGE}, {DATA}, {SHEET}", highlight=False, soft_wrap=True)
    console.print(summary(rows), highlight=False)
    if not all(row.passes for row in rows):
        raise typer.Exit(EXIT_OUTSIDE)
