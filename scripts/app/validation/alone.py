# SPDX-License-Identifier: MIT
"""Scenarios played alone, without an agent, and the table that they leave."""

from __future__ import annotations

import csv
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from tandem.bridge.core.errors import TandemError
from tandem.bridge.core.scenarios import scenario_executable

#: The row of the table `goodput` that is for all users together.
EVERYBODY: Final = "-1"
Table = list[dict[str, str]]


def play(scenario: str, folder: Path, arguments: Mapping[str, object]) -> Table:
    """The rows of a scenario's first record table.

    Raises:
        TandemError: the scenario failed; names the command and quotes its error output.
    """
    table = folder / f"{scenario}.csv"
    given = {"requests": table, **arguments}
    command = [str(scenario_executable(scenario))]
    command += [f"--{name}={value}" for name, value in given.items()]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise TandemError(f"{' '.join(command)} failed: {done.stderr.strip() or done.returncode}")
    with table.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def together(rows: Table) -> dict[str, str]:
    """The row of the table `goodput` for all users."""
    return next(row for row in rows if row["user"] == EVERYBODY)


def users(rows: Table) -> Table:
    """The rows of the table `goodput` for one user each."""
    return [row for row in rows if row["user"] != EVERYBODY]


def mean(rows: Table, column: str) -> float:
    """Of a column; not a number without rows."""
    return sum(float(row[column]) for row in rows) / len(rows) if rows else float("nan")


OPTION_COLUMNS: Final = (
    "option,site,variant,service_s,upload_bytes,reply_bytes,top1_percent,top5_percent,mmacs"
)


def write_options(path: Path, options: Mapping[str, tuple[float, int, int]]) -> Path:
    """An options file with one option per site: service time in s, upload and reply in bytes."""
    lines = [
        f"{number},{site},d0,{service_s!r},{upload},{reply},70.9,89.9,569"
        for number, (site, (service_s, upload, reply)) in enumerate(options.items())
    ]
    path.write_text("\n".join([OPTION_COLUMNS, *lines, ""]), encoding="utf-8")
    return path
