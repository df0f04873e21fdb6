# SPDX-License-Identifier: MIT
"""Scenarios drawn at random, and those that are never drawn.

Held out, so that what was learned can be judged where it was not:

* **the default cells**: 802.11n at 20 MHz with one background station; LTE with 50 PRB and two.
  Loads, delays, sizes and service times of the default are numbers among continuous draws, so no
  drawn scenario has them either;
* **802.11ax**: another standard than those that were seen;
* **placement=hidden**: stations that do not hear each other;
* **scheduler=rr** of LTE;
* **more than 8 users**, and time-varying knowledge such as a device that is throttled in mid-run.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

import numpy as np

from tandem.dnn_profiles.options import read_options
from tandem.dnn_profiles.rows import Option

ScenarioName = Literal["wifi-edge", "lte-edge", "hetnet"]
Arguments = dict[str, Any]
#: Keeps what scenarios are apart from how they are played.
SCENARIO_STREAM: Final = 101

#: How often each scenario is drawn.
SHARES: Final[Mapping[ScenarioName, float]] = {"wifi-edge": 0.72, "lte-edge": 0.16, "hetnet": 0.12}
#: Numbers of users; small cells, which are simulated faster, more often.
USERS: Final = (2, 2, 3, 3, 3, 4, 4, 4, 5, 5, 6, 7, 8)
#: Standards and channel widths.
STANDARDS: Final = (
    *(("80211n", 20),) * 4,
    ("80211n", 40),
    ("80211ac", 20),
    ("80211ac", 80),
)
PLACEMENTS: Final = ("disc", "disc", "ring", "line", "nearfar")
CORES: Final = (1, 1, 1, 2, 2, 3)
UPLOAD_BYTES: Final = (4e4, 5e5)
REPLY_BYTES: Final = (1e3, 4e4)
#: How often sites take uploads of one size, and how often a site has a second option.
ALIKE_SHARE: Final = 0.6
SECOND_SHARE: Final = 0.3
#: Path gain at 1 m less what a WiFi radio notices at least: -46.7 dB + 82 dBm.
WIFI_FLOOR_DB: Final = -35.2
DEFAULT_WIFI: Final = ("80211n", 20, 1)
DEFAULT_LTE: Final = (50, 2)


@dataclass(frozen=True)
class DrawnScenario:
    """A scenario to play.

    Attributes:
        name: of the scenario.
        arguments: that differ from its defaults, without ``options``.
        options: its option table.
    """

    name: ScenarioName
    arguments: Arguments
    options: tuple[Option, ...] = field(repr=False)


def draw_scenario(seed: int, index: int) -> DrawnScenario:
    """The ``index``-th scenario of a seed."""
    rng = np.random.default_rng([seed, SCENARIO_STREAM, index])
    names = list(SHARES)
    name = names[int(rng.choice(len(names), p=list(SHARES.values())))]
    users = int(rng.choice(USERS))
    arguments: Arguments = {"users": users}
    if name == "wifi-edge":
        arguments |= _wifi(rng)
    elif name == "lte-edge":
        arguments |= _lte(rng)
    else:
        arguments["wifiUsers"] = int(rng.integers(1, users))
        arguments |= _prefixed("wifi", _wifi(rng)) | _prefixed("lte", _lte(rng))
    arguments |= _sites(rng) | _links(rng, users)
    return DrawnScenario(name, arguments, _options(rng))


def _wifi(rng: np.random.Generator) -> Arguments:
    def draw() -> tuple[str, int, int]:
        standard, width = STANDARDS[int(rng.integers(len(STANDARDS)))]
        return standard, width, int(rng.integers(0, 5))

    standard, width, stations = _not_the_default(draw, DEFAULT_WIFI)
    power_dbm, exponent = _between(rng, 14.0, 20.0), _between(rng, 2.7, 3.3)
    reach_m = 10.0 ** ((power_dbm - WIFI_FLOOR_DB) / (10.0 * exponent))
    # Minstrel takes longer than an episode to learn the many rates of 802.11ac.
    ideal = standard == "80211ac"
    return {
        "standard": standard,
        "channelWidth": width,
        "rateControl": "ideal" if ideal else "minstrel",
        "guardInterval": int(rng.choice([400, 800, 800, 800])),
        "txPower": power_dbm,
        "pathLossExponent": exponent,
        "radius": reach_m * _between(rng, 0.2, 0.98),
        **_cell(rng, stations, 4.0),
    }


def _lte(rng: np.random.Generator) -> Arguments:
    def draw() -> tuple[int, int]:
        return int(rng.choice([15, 25, 50, 75, 100])), int(rng.integers(0, 4))

    bandwidth, stations = _not_the_default(draw, DEFAULT_LTE)
    return {
        "bandwidth": bandwidth,
        "rlc": str(rng.choice(["um", "am"])),
        "pathLossExponent": _between(rng, 2.8, 3.2),
        "radius": _log_between(rng, 80.0, 450.0),
        **_cell(rng, stations, 2.0),
    }


def _cell(rng: np.random.Generator, stations: int, most_mbps: float) -> Arguments:
    """What both kinds of cells have."""
    return {
        "placement": PLACEMENTS[int(rng.integers(len(PLACEMENTS)))],
        "mobility": str(rng.choice(["walk", "static"])),
        "shadowing": float(rng.choice([0.0, _between(rng, 1.0, 4.0)])),
        "backgroundStations": stations,
        "backgroundRate": _log_between(rng, 0.4, most_mbps),
        "backgroundOn": _log_between(rng, 0.3, 3.0),
        "backgroundOff": _log_between(rng, 0.3, 4.0),
    }


def _sites(rng: np.random.Generator) -> Arguments:
    arguments: Arguments = {}
    for site in ("edge", "cloud"):
        arguments |= {
            f"{site}Cores": int(rng.choice(CORES)),
            f"{site}QuietLoad": _between(rng, 0.0, 0.3),
            f"{site}BusyLoad": 1.0 - _log_between(rng, 0.02, 0.4),
            f"{site}LoadDwell": _log_between(rng, 2.0, 12.0),
            f"{site}JobTime": _log_between(rng, 0.01, 0.04),
        }
    return arguments


def _links(rng: np.random.Generator, users: int) -> Arguments:
    return {
        "edgeDelay": _log_between(rng, 0.2, 5.0),
        "edgeRate": _log_between(rng, 100.0, 1000.0),
        "cloudDelay": _log_between(rng, 6.0, 60.0),
        "cloudRate": _log_between(rng, 30.0, 500.0),
        "weakUsers": int(rng.integers(0, users // 2 + 1)),
        "weakDelay": _log_between(rng, 5.0, 40.0),
        # Service times of the devices are drawn as they are used.
        "deviceServiceScale": 1.0,
    }


def _options(rng: np.random.Generator) -> tuple[Option, ...]:
    """Device variants of the package's table at other speeds; one or two options at each site."""
    table = read_options()
    local = [row for row in table if row.site == "device"]
    remote = [row for row in table if row.site != "device"]
    device = _log_between(rng, 2.0, 9.0)
    rows = [
        row.model_copy(update={"service_s": row.service_s * device * _log_between(rng, 0.8, 1.25)})
        for row in local
    ]
    sizes = [int(_log_between(rng, *UPLOAD_BYTES)) for _ in range(len(remote))]
    if rng.random() < ALIKE_SHARE:
        sizes = [sizes[0]] * len(sizes)
    for row, size in zip(remote, sizes, strict=True):
        changed: dict[str, Any] = {
            "service_s": row.service_s * _log_between(rng, 0.25, 2.5),
            "upload_bytes": size,
            "reply_bytes": int(_log_between(rng, *REPLY_BYTES)),
        }
        rows.append(row.model_copy(update=changed))
        if rng.random() < SECOND_SHARE:
            # Another option at the same site, as a smaller variant or a split network has it.
            changed = {
                "variant": local[1].variant,
                "service_s": changed["service_s"] * _log_between(rng, 0.2, 1.0),
                "upload_bytes": int(_log_between(rng, *UPLOAD_BYTES)),
            }
            rows.append(rows[-1].model_copy(update=changed))
    return tuple(row.model_copy(update={"option": index}) for index, row in enumerate(rows))


def _prefixed(prefix: str, arguments: Arguments) -> Arguments:
    return {f"{prefix}{name[0].upper()}{name[1:]}": value for name, value in arguments.items()}


def _not_the_default(draw: Callable[[], Any], default: tuple[Any, ...]) -> Any:
    while (drawn := draw()) == default:
        pass
    return drawn


def _between(rng: np.random.Generator, low: float, high: float) -> float:
    return float(rng.uniform(low, high))


def _log_between(rng: np.random.Generator, low: float, high: float) -> float:
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))
