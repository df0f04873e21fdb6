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
#: A mean over some ten thousand waiting times, which follow one another.
BAND: Final = Band.within(0.05)
#: A request no longer than its header, so that the network hardly changes when it arrives.
SMALLEST_BYTES: Final = 100
HEADER_BYTES: Final = 36
MS_PER_S: Final = 1e3
DEVICE: Final = "device"
EDGE: Final = "edge"
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


def device_wait_s(folder: Path) -> float:
    """Requests of 0.7 of what a device can compute; every user has a queue of its own."""
    options = _options(folder, 0.02)
    arguments = {"users": 8, "rate": 35, "epochs": 400, "policy": DEVICE, "options": options}
    return mean(play("wifi-edge", folder, {**QUIET, **arguments}), "device_queue_s")


def server_wait_s(folder: Path) -> float:
    """Requests of half of what the edge can compute, from many users, over the radio."""
    options = _options(folder, 0.02)
    arguments = {"users": 10, "rate": 2.5, "epochs": 900, "policy": EDGE, "options": options}
    return mean(play("wifi-edge", folder, {**QUIET, **arguments}), "site_queue_s")


def busy_server_wait_s(folder: Path) -> float:
    """Requests that take no time see the queue of jobs of exponential length on three cores."""
    load = {"edgeCores": 3, "edgeQuietLoad": 0.8, "edgeBusyLoad": 0.8, "edgeJobTime": 0.001}
    options = _options(folder, 0.0)
    arguments = {"users": 5, "rate": 4, "epochs": 1000, "policy": EDGE, "options": options}
    return mean(play("wifi-edge", folder, {**QUIET, **load, **arguments}), "site_queue_s")


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
            device_wait_s,
            weight=3,
            quick=True,
        ),
        _case(
            "server",
            "M/D/1, edge server, load 0.5",
            "the Pollaczek-Khinchine formula",
            md1_wait_s(0.5, 0.02),
            server_wait_s,
            weight=30,
        ),
        _case(
            "cores",
            "M/M/3, edge server, load 0.8",
            "Erlang's C formula",
            mmc_wait_s(3, 0.8, 0.001),
            busy_server_wait_s,
            weight=30,
        ),
    ]


def _case(
    name: str,
    title: str,
    formula: str,
    expected_s: float,
    wait_s: Callable[[Path], float],
    *,
    weight: int,
    quick: bool = False,
) -> Case:
    return Case(
        name=f"queue-{name}",
        group="queue",
        source=SOURCE.format(formula),
        yardsticks=(Yardstick(title, expected_s * MS_PER_S, "ms", BAND),),
        measure=lambda folder: [wait_s(folder) * MS_PER_S],
        weight=weight,
        quick=quick,
    )
