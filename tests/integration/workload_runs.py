# SPDX-License-Identifier: MIT
"""Runs of the inference scenarios for tests: option files, quiet networks, records as rows."""

from __future__ import annotations

import csv
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from tandem.bridge.core.scenarios import scenario_executable

INTEGERS = (
    *("request_id", "user", "decision", "option", "variant", "site", "cell", "status"),
    *("upload_bytes", "reply_bytes", "tcp_retransmissions", "mac_retransmissions"),
)
OK, TIMEOUT, OPEN = 0, 1, 2

# Nothing but the users' own requests, always from the same places at the same instants.
QUIET: Mapping[str, object] = {
    "placement": "ring",
    "mobility": "static",
    "backgroundStations": 0,
    "edgeQuietLoad": 0,
    "edgeBusyLoad": 0,
    "cloudQuietLoad": 0,
    "cloudBusyLoad": 0,
    "arrivalJitter": 0,
    "deviceServiceScale": 1,
}
# One frame per channel access at one rate: the standard tells how long each takes.
QUIET_WIFI = {**QUIET, "radius": 8, "rateControl": "constant:7", "ampdu": 0}
QUIET_LTE = {**QUIET, "radius": 50, "bandwidth": 25}
QUIET_CELL = {"wifi-edge": QUIET_WIFI, "lte-edge": QUIET_LTE}


class Option(NamedTuple):
    """A row of an options file, as far as the network cares."""

    site: str
    service_s: float
    upload_bytes: int = 0
    reply_bytes: int = 0


HEADER = "option,site,variant,service_s,upload_bytes,reply_bytes,top1_percent,top5_percent,mmacs"


def write_options(path: Path, *options: Option) -> Path:
    """Write an options file; the rows get the numbers 0, 1, 2, …"""
    rows = [
        f"{k},{o.site},d0,{o.service_s!r},{o.upload_bytes},{o.reply_bytes},70.9,89.9,569"
        for k, o in enumerate(options)
    ]
    path.write_text("\n".join([HEADER, *rows, ""]), encoding="utf-8")
    return path


def run_alone(scenario: str, folder: Path, **arguments: object) -> list[dict[str, float]]:
    """Play a scenario with --agent=none and return its request records, one dict per request.

    Raises:
        AssertionError: the scenario failed; the message has its stderr.
    """
    table = folder / f"{scenario}.csv"
    given = {"requests": table, "policy": "edge", **arguments}
    command = [str(scenario_executable(scenario))]
    command += [f"--{name}={value}" for name, value in given.items()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stderr}"
    with table.open(encoding="utf-8", newline="") as file:
        return [
            {name: int(value) if name in INTEGERS else float(value) for name, value in row.items()}
            for row in csv.DictReader(file)
        ]


def mean(rows: list[dict[str, float]], column: str) -> float:
    return sum(row[column] for row in rows) / len(rows)
