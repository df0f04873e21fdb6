# SPDX-License-Identifier: MIT
"""LTE schedulers in both directions against the tables of ns-3's own tests."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tandem.scripts.app.validation.alone import mean, play, users
from tandem.scripts.app.validation.yardstick import Band, Case, Yardstick

SOURCES: Final = {
    "rr": "ns-3's test suite lte-rr-ff-mac-scheduler, from TS 36.213 table 7.1.7.2.1-1",
    "pf": "ns-3's test suite lte-pf-ff-mac-scheduler, from TS 36.213 table 7.1.7.2.1-1",
}
#: Of ns-3's tests it is 10 %.
BAND: Final = Band.within(0.01)
#: Bytes per second and UE, downlink and uplink, by distance in metres and number of UEs.
Published = dict[int, dict[int, tuple[float, float]]]
TABLES: Final[dict[str, Published]] = {
    "rr": {
        0: {
            1: (2_196_000, 2_292_000),
            3: (749_000, 749_000),
            6: (373_000, 373_000),
            9: (185_000, 246_220),
            12: (185_000, 184_670),
            15: (148_000, 147_730),
        },
        4800: {
            1: (1_383_000, 807_000),
            3: (469_000, 253_000),
            6: (233_000, 125_000),
            9: (113_000, 82_667),
            12: (113_000, 62_000),
            15: (90_400, 49_600),
        },
        6000: {
            1: (1_191_000, 621_000),
            3: (389_000, 201_000),
            6: (193_000, 97_000),
            9: (97_000, 64_889),
            12: (97_000, 48_667),
            15: (77_600, 38_993),
        },
        20_000: {
            1: (421_000, 137_000),
            3: (137_000, 41_000),
            6: (67_000, 22_000),
            9: (32_000, 16_000),
            12: (32_000, 12_000),
            15: (25_600, 9_600),
        },
    },
    "pf": {
        0: {
            1: (2_196_000, 2_292_000),
            3: (732_000, 749_000),
            6: (366_000, 373_000),
            12: (183_000, 184_670),
            15: (146_400, 147_730),
        },
        4800: {
            1: (1_383_000, 807_000),
            3: (461_000, 253_000),
            6: (230_500, 125_000),
            12: (115_250, 62_000),
            15: (92_200, 49_600),
        },
        6000: {
            1: (1_191_000, 621_000),
            3: (397_000, 201_000),
            6: (198_500, 97_000),
            12: (99_250, 48_667),
            15: (79_400, 38_993),
        },
        10_000: {
            1: (775_000, 437_000),
            3: (258_333, 137_000),
            6: (129_167, 67_000),
            12: (64_583, 32_667),
            15: (51_667, 26_133),
        },
        20_000: {
            1: (421_000, 137_000),
            3: (140_333, 41_000),
            6: (70_167, 22_000),
            12: (35_083, 12_000),
            15: (28_067, 9_600),
        },
    },
}
#: Of `--quick`: scheduler, distance and UEs.
QUICK: Final = (("rr", 0, 1), ("rr", 4800, 3), ("pf", 0, 3), ("pf", 4800, 15))
#: ns-3's carriers of band 1, EARFCN 100 and 18100.
DOWNLINK_HZ: Final = 2.12e9
UPLINK_HZ: Final = 1.93e9
ENB_DBM: Final = 30.0
NEAREST_M: Final = 1
MEASURED_S: Final = 0.6
BITS_PER_BYTE: Final = 8


def measured(folder: Path, scheduler: str, distance_m: int, ues: int) -> tuple[float, float]:
    """Bytes of transport blocks per second and UE, downlink and uplink."""
    # The cell applies the path loss of the uplink's carrier to both directions; in the tests the
    # downlink loses more.
    carrier_db = 20 * math.log10(DOWNLINK_HZ / UPLINK_HZ)
    arguments: dict[str, object] = {
        "cell": "lte",
        "users": ues,
        "scheduler": scheduler,
        "bandwidth": 25,
        "placement": "ring",
        "radius": max(distance_m, NEAREST_M),
        "pathLossExponent": 2,
        "enbTxPower": f"{ENB_DBM - carrier_db:.3f}",
        "ueTxPower": 23,
        "powerControl": 0,
        "direction": "both",
        "settle": 0.3,
        "duration": MEASURED_S,
        "epochs": 1,
    }
    rows = users(play("saturation", folder, arguments))
    downlink = mean(rows, "downlink_block_bps") / BITS_PER_BYTE
    uplink = mean(rows, "granted_bits") / MEASURED_S / BITS_PER_BYTE
    return downlink, uplink


def cases() -> Sequence[Case]:
    """A case per scheduler, distance and number of UEs."""
    return [
        _case(scheduler, distance_m, ues, published)
        for scheduler, table in TABLES.items()
        for distance_m, row in table.items()
        for ues, published in row.items()
    ]


def _case(scheduler: str, distance_m: int, ues: int, published: tuple[float, float]) -> Case:
    title = f"LTE {scheduler.upper()}, {ues} UE, {distance_m} m"
    return Case(
        name=f"lte-{scheduler}-{distance_m}-{ues}",
        group=f"lte-{scheduler}",
        source=SOURCES[scheduler],
        yardsticks=tuple(
            Yardstick(f"{title}, {direction}", figure, "byte/s", BAND)
            for direction, figure in zip(("downlink", "uplink"), published, strict=True)
        ),
        measure=lambda folder: measured(folder, scheduler, distance_m, ues),
        weight=1 + ues // 5,
        quick=(scheduler, distance_m, ues) in QUICK,
    )
