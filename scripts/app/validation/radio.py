# SPDX-License-Identifier: MIT
"""Signal-to-noise ratios and delays against sums done by hand."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from tandem.bridge.core.simulator import Simulator
from tandem.scripts.app.validation.alone import mean, play, write_options
from tandem.scripts.app.validation.yardstick import Band, Case, Yardstick

SOURCE: Final = (
    "by hand: power less log-distance path loss from 1 m (Friis there) less thermal noise, "
    "bandwidth and noise figure"
)
DELAY_SOURCE: Final = "by hand: 100 ms more on a wire, there and back"
BAND: Final = Band.within(0.001)
LIGHT_MPS: Final = 299_792_458.0
#: Of 290 K for WiFi, rounded for LTE, as in ns-3.
WIFI_THERMAL_DBM_HZ: Final = 10 * math.log10(1.3803e-23 * 290) + 30
LTE_THERMAL_DBM_HZ: Final = -174.0
#: The library takes the path loss of this one for all channels of the band.
WIFI_HZ: Final = 5.18e9
MS_PER_S: Final = 1e3
SHORT_MS: Final = 10
LONG_MS: Final = 110


@dataclass(frozen=True)
class Link:
    """An uplink whose signal-to-noise ratio is reckoned.

    Attributes:
        arguments: of the scenario `saturation`, without the distance.
        noise_db: noise figure of the receiver.
        thermal_dbm_hz: noise without it.
        breakpoint_m: up to there the loss is that of free space; nearer than the distance.
    """

    title: str
    arguments: tuple[tuple[str, object], ...]
    power_dbm: float
    carrier_hz: float
    bandwidth_hz: float
    noise_db: float
    thermal_dbm_hz: float
    distance_m: float
    exponent: float = 3.0
    breakpoint_m: float = 1.0

    @property
    def snr_db(self) -> float:
        """By hand."""
        first_m_db = 20 * math.log10(4 * math.pi * self.carrier_hz / LIGHT_MPS)
        free_db = 20 * math.log10(self.breakpoint_m)
        beyond_db = 10 * self.exponent * math.log10(self.distance_m / self.breakpoint_m)
        loss_db = first_m_db + free_db + beyond_db
        noise_dbm = self.thermal_dbm_hz + 10 * math.log10(self.bandwidth_hz) + self.noise_db
        return self.power_dbm - loss_db - noise_dbm


WIFI: Final = (("standard", "80211ax"), ("rateControl", "constant:0"))
LINKS: Final = (
    Link("WiFi, 20 MHz, 20 m", WIFI, 16.0, WIFI_HZ, 20e6, 7.0, WIFI_THERMAL_DBM_HZ, 20.0),
    Link(
        "WiFi, 80 MHz, 12 m",
        (*WIFI, ("channelWidth", 80)),
        16.0,
        WIFI_HZ,
        80e6,
        7.0,
        WIFI_THERMAL_DBM_HZ,
        12.0,
    ),
    Link(
        "LTE, 25 PRB, 300 m",
        (("cell", "lte"), ("bandwidth", 25), ("powerControl", 0)),
        23.0,
        1.93e9,
        25 * 180e3,
        5.0,
        LTE_THERMAL_DBM_HZ,
        300.0,
    ),
    # An antenna of -2 dB and a stronger AP, which is not heard in the uplink.
    Link(
        "WiFi, 20 MHz, 20 m, breakpoint at 10 m",
        (*WIFI, ("stationGain", -2), ("apExtraPower", 5)),
        14.0,
        WIFI_HZ,
        20e6,
        7.0,
        WIFI_THERMAL_DBM_HZ,
        20.0,
        3.5,
        10.0,
    ),
    Link(
        "LTE, 25 PRB, 300 m, breakpoint at 50 m",
        (("cell", "lte"), ("bandwidth", 25), ("powerControl", 0)),
        23.0,
        1.93e9,
        25 * 180e3,
        5.0,
        LTE_THERMAL_DBM_HZ,
        300.0,
        3.5,
        50.0,
    ),
)


def measured_snr_db(folder: Path, link: Link) -> float:
    """What the receiver reports of a user that sends."""
    arguments = {
        **dict(link.arguments),
        "users": 1,
        "placement": "ring",
        "radius": link.distance_m,
        "pathLossExponent": link.exponent,
        "pathLossBreakpoint": link.breakpoint_m,
        "epochs": 2,
        "duration": 0.2,
    }
    with Simulator("saturation", arguments) as simulator:
        simulator.reset(1)
        frame = simulator.step(np.ones(1, dtype=np.int64))
        block = simulator.schema.block("users")
        names = [column.name for column in block.columns]
        return float(frame.observation["users"][0, names.index("snr_db")])


def wire_ms(folder: Path) -> float:
    """How much longer requests to the cloud take when the wire there is longer."""
    sizes = (0.01, 1000, 1000)
    options = write_options(
        folder / "options.csv", {"device": (0.01, 0, 0), "edge": sizes, "cloud": sizes}
    )
    times = []
    for delay_ms in (SHORT_MS, LONG_MS):
        arguments: dict[str, object] = {
            **{"users": 1, "policy": "cloud", "options": options, "cloudDelay": delay_ms},
            **{"placement": "ring", "radius": 8, "mobility": "static", "epochs": 20},
            **{"cloudQuietLoad": 0, "cloudBusyLoad": 0, "backgroundStations": 0},
            "rateControl": "constant:7",
        }
        times.append(mean(play("wifi-edge", folder, arguments), "response_time_s"))
    return MS_PER_S * (times[1] - times[0])


def cases() -> Sequence[Case]:
    """A case per link, and one of the wire."""
    wire = Case(
        name="radio-wire",
        group="radio",
        source=DELAY_SOURCE,
        yardsticks=(Yardstick("wire delay, 2 × 100 ms", 2.0 * (LONG_MS - SHORT_MS), "ms", BAND),),
        measure=lambda folder: [wire_ms(folder)],
        weight=1,
        quick=True,
    )
    return [*(_case(number, link) for number, link in enumerate(LINKS)), wire]


def _case(number: int, link: Link) -> Case:
    return Case(
        name=f"radio-snr-{number}",
        group="radio",
        source=SOURCE,
        yardsticks=(Yardstick(f"SNR, {link.title}", link.snr_db, "dB", BAND),),
        measure=lambda folder: [measured_snr_db(folder, link)],
        weight=1,
        quick=True,
    )
