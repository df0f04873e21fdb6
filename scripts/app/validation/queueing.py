# SPDX-License-Identifier: MIT
"""Waiting at devices and servers against queueing theory."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from tandem.scripts.app.validation.alone import mean, play, write_options
from tandem.scripts.app.validation.yardstick import Band, Case, Yardstick

SOURCE: Final = "mean waiting time by {} (Kleinrock, Queueing Systems I, 1975)"
RECURSION: Final = "each waiting time by Lindley's recursion (1952) from the run's own arrivals"
#: Waiting times follow one another, so a mean over 60 000 to 300 000 of them still has a standard
#: error of about 1 % (measured with the recursion over random arrivals): four of those.
BAND: Final = Band.within(0.04)
#: The recursion leaves nothing to chance: rounding of recorded times.
EXACT: Final = Band.within(1e-9)
#: Runs whose waiting times are taken together: one of fifteen minutes has an error of 2 %.
SEEDS: Final = (1, 2, 3)
#: A request no longer than its header, so that the network hardly changes when it arrives.
SMALLEST_BYTES: Final = 100
HEADER_BYTES: Final = 36
MS_PER_S: Final = 1e3
DEVICE: Final = "device"
EDGE: Final = "edge"
#: Of the column `status`.
FINISHED: Final = "0"
#: What adds up to the time at which a request is at its site.
BEFORE_SITE: Final = (
    "arrival_s",
    "device_queue_s",
    "device_compute_s",
    "uplink_queue_s",
    "uplink_air_s",
    "uplink_backhaul_s",
)
#: Nothing but the users' own requests, at one rate of the radio.
QUIET: Final[dict[str, object]] = {
    "placement": "ring",
    "radius": 8,
    "mobility": "static",
    "rateControl": "constant:7",
    "backgroundStations": 0,
    "edgeQuietLoad": 0,
    "edgeBusyLoad": 0,
    "cloudQuietLoad": 0,
    "cloudBusyLoad": 0,
    "deviceServiceScale": 1,
    "arrivals": "poisson",
    "epochLength": 1,
}


def md1_wait_s(utilisation: float, service_s: float) -> float:
    """One server, deterministic service: Pollaczek and Khinchine's mean waiting time."""
    return utilisation * service_s / (2 * (1 - utilisation))


def mmc_wait_s(servers: int, utilisation: float, service_s: float) -> float:
    """Several servers, exponential service: Erlang's C formula."""
    offered = servers * utilisation
    all_busy = offered**servers / math.factorial(servers) / (1 - utilisation)
    fewer = sum(offered**k / math.factorial(k) for k in range(servers))
    waits = all_busy / (all_busy + fewer)
    return waits * service_s / (servers * (1 - utilisation))


def lindley_wait_s(jobs: Sequence[tuple[float, float]]) -> float:
    """Mean waiting time at one server, first come first served.

    Args:
        jobs: arrival and service time of each, in s, in any order.
    """
    free_s = total_s = 0.0
    for arrival_s, service_s in sorted(jobs):
        wait_s = max(0.0, free_s - arrival_s)
        total_s += wait_s
        free_s = arrival_s + wait_s + service_s
    return total_s / len(jobs)


def device_waits(folder: Path) -> list[float]:
    """Requests of 0.7 of what a device can compute; every user has a queue of its own."""
    options = _options(folder, 0.02)
    arguments = {"users": 8, "rate": 35, "epochs": 1200, "policy": DEVICE, "options": options}
    rows = play("wifi-edge", folder, {**QUIET, **arguments})
    wait_s = mean(rows, "device_queue_s")
    queues: dict[str, list[tuple[float, float]]] = {}
    for row in rows:
        job = (float(row["arrival_s"]), float(row["device_compute_s"]))
        queues.setdefault(row["user"], []).append(job)
    expected_s = sum(len(jobs) * lindley_wait_s(jobs) for jobs in queues.values()) / len(rows)
    return [wait_s * MS_PER_S, wait_s / expected_s]


def server_waits(folder: Path) -> list[float]:
    """Requests of half of what the edge can compute, from many users, over the radio."""
    options = _options(folder, 0.02)
    arguments = {"users": 10, "rate": 2.5, "epochs": 900, "policy": EDGE, "options": options}
    waits, expected = [], []
    for seed in SEEDS:
        rows = play("wifi-edge", folder, {**QUIET, **arguments, "seed": seed})
        rows = [row for row in rows if row["status"] == FINISHED]
        waits.append(mean(rows, "site_queue_s"))
        jobs = [
            (sum(float(row[column]) for column in BEFORE_SITE), float(row["site_compute_s"]))
            for row in rows
        ]
        expected.append(lindley_wait_s(jobs))
    return [sum(waits) / len(waits) * MS_PER_S, sum(waits) / sum(expected)]


def busy_server_waits(folder: Path) -> list[float]:
    """Requests that take no time see the queue of jobs of exponential length on three cores."""
    load = {"edgeCores": 3, "edgeQuietLoad": 0.8, "edgeBusyLoad": 0.8, "edgeJobTime": 0.001}
    options = _options(folder, 0.0)
    arguments = {"users": 5, "rate": 4, "epochs": 1000, "policy": EDGE, "options": options}
    waits = [
        mean(
            play("wifi-edge", folder, {**QUIET, **load, **arguments, "seed": seed}), "site_queue_s"
        )
        for seed in SEEDS
    ]
    return [sum(waits) / len(waits) * MS_PER_S]


def _options(folder: Path, service_s: float) -> Path:
    sizes = (service_s, SMALLEST_BYTES, HEADER_BYTES)
    return write_options(
        folder / "options.csv", {DEVICE: (service_s, 0, 0), EDGE: sizes, "cloud": sizes}
    )


def cases() -> Sequence[Case]:
    """The three queues."""
    return [
        _case(
            "device",
            "M/D/1, device, load 0.7",
            "the Pollaczek-Khinchine formula",
            md1_wait_s(0.7, 0.02),
            device_waits,
            weight=9,
            quick=True,
        ),
        _case(
            "server",
            "M/D/1, edge server, load 0.5",
            "the Pollaczek-Khinchine formula",
            md1_wait_s(0.5, 0.02),
            server_waits,
            weight=60,
        ),
        _case(
            "cores",
            "M/M/3, edge server, load 0.8",
            "Erlang's C formula",
            mmc_wait_s(3, 0.8, 0.001),
            busy_server_waits,
            weight=60,
            recursion=False,  # the other jobs' arrivals are in no table
        ),
    ]


def _case(
    name: str,
    title: str,
    formula: str,
    expected_s: float,
    waits: Callable[[Path], list[float]],
    *,
    weight: int,
    quick: bool = False,
    recursion: bool = True,
) -> Case:
    source = SOURCE.format(formula)
    rows = [Yardstick(title, expected_s * MS_PER_S, "ms", BAND)]
    if recursion:
        source += f"; {RECURSION}"
        rows.append(Yardstick(f"{title}, by its arrivals", 1.0, "", EXACT))
    return Case(
        name=f"queue-{name}",
        group="queue",
        source=source,
        yardsticks=tuple(rows),
        measure=waits,
        weight=weight,
        quick=quick,
    )
