# SPDX-License-Identifier: MIT
"""``tandem analyze``: figures of recorded runs."""

from __future__ import annotations

import enum
import json
from pathlib import Path
from typing import Annotated

import typer

from tandem.scripts.app.common.finite import finite
from tandem.scripts.app.inspection.analysis import (
    all_figures,
    comparison,
    print_run,
    server_rule,
)
from tandem.scripts.app.inspection.rating import load_rated
from tandem.scripts.app.tables import (
    print_table,
    wide_console,
)
from tandem.scripts.options import OtherObjective


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
    objective: OtherObjective = None,
    latency_bound: Annotated[
        float | None,
        typer.Option(
            min=0.0,
            help="Whether 99 % of the requests were answered within so many seconds, which is "
            "MLPerf Server's rule.",
        ),
    ] = None,
) -> None:
    """Print what runs recorded.

    Of any scenario: returns and rewards, and statistics of each action, observation column and
    record table. Of inference scenarios: response times, their components, retransmissions, airtime
    and fairness.
    """
    runs = [load_rated(folder, objective) for folder in folders]
    if output is OutputFormat.JSON:
        typer.echo(json.dumps([finite(all_figures(run)) for run in runs], indent=2))
    elif output is OutputFormat.CSV:
        typer.echo(comparison(runs).to_csv(), nl=False)
    else:
        console = wide_console()
        for run in runs:
            print_run(console, run)
            if latency_bound is not None:
                console.print(server_rule(run, latency_bound))
        if len(runs) > 1:
            print_table(console, "comparison", comparison(runs))
