# SPDX-License-Identifier: MIT
"""Box 5 of the TGax calibration: three networks on one channel of 80 MHz, 26 stations in all."""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tandem.scripts.app.validation import bianchi, fading
from tandem.scripts.app.validation.alone import play, together
from tandem.scripts.app.validation.yardstick import Band, Case, Yardstick

SOURCE_TOGETHER: Final = (
    "IEEE 802.11-15/0623r1 (Hiertz et al., box 5 calibration results), totals of three networks; "
    "places and parameters as in the companies' submissions of 2015: 802.11ac, 80 MHz, MCS 7"
)
SOURCE_ALONE: Final = (
    "box 5's network B alone, no shadowing: durations by the standard's formulas, back-off by "
    "Bianchi's model, calculated here; the companies' own figures for it are pictures"
)
#: Of a total. Fixed before the first measurement, by a calculation without ns-3 (places, path
#: loss, who senses whom, a threshold of the SINR): the draw of the shadowing moves a total by 10
#: to 22 % (standard deviation), and the published one is one tool's. MCS 7 was said to need about
#: 25 dB with multipath fading: 0.92 ... 1.18 of the published totals. If all stations shared the
#: channel the total would be 0.7, if none heard another network 2.1.
BAND_TOGETHER: Final = Band(0.75, 1.5)
#: Frames and answers only.
BAND_DOWNLINK: Final = Band.within(0.03)
#: The model has no block ack request, with which ns-3 asks after a collision.
BAND_UPLINK: Final = Band.within(0.05)

#: Places in m: the APs, and each network's stations as seen from its AP.
APS: Final = ((0.0, 0.0), (40.0, 20.0), (-40.0, -20.0))
STATIONS: Final = (
    (
        *((5.0, -9.5), (3.5, 7.5), (-4.5, 0.5), (-1.5, 6.0), (-9.0, -5.0), (-8.5, 8.5)),
        *((-3.0, 0.5), (-0.5, 8.0), (-4.0, -4.0), (7.5, -1.0), (8.0, -6.0), (0.0, -7.5)),
        *((-2.5, -4.5), (0.5, -2.0), (3.5, -5.0), (9.0, 9.5), (-8.0, -5.5), (1.5, 3.5)),
    ),
    ((7.5, -9.5), (7.0, -7.5), (3.0, -0.5), (-6.0, 2.5)),
    ((-5.5, 4.5), (7.0, 7.0), (10.0, 0.5), (9.5, 3.5)),
)
#: The network that is measured alone.
ALONE: Final = 1
PUBLISHED_MBPS: Final = {"downlink": 311.6, "uplink": 339.1, "both": 349.5}
#: Each is a draw of the shadowing: the first eight with which every station hears its AP.
SEEDS: Final = (1, 2, 3, 4, 7, 8, 9, 10)
MEASURED_S: Final = 0.5
MEASURED_ALONE_S: Final = 2.0
SHADOWING_DB: Final = 5.0
PARAMETERS: Final[dict[str, object]] = {
    "standard": "80211ac",
    "channelWidth": 80,
    "rateControl": "constant:7",
    # TGac D: free space up to 10 m.
    "pathLossBreakpoint": 10,
    "pathLossExponent": 3.5,
    # Stations 15 dBm, APs 20 dBm; antennas of -2 and 0 dBi; a carrier is sensed from -70 dBm on.
    "txPower": 15,
    "apExtraPower": 5,
    "stationGain": -2,
    "detection": -70,
    "payload": 1472,
    "backlog": 1_000_000,
    "settle": 0.5,
    "epochs": 1,
}
MBPS: Final = 1e6

#: 65535 bytes of A-MPDU, as many MPDUs of 1500 bytes as fit.
MPDUS: Final = 42
SUBFRAME_BYTES: Final = 1544
PADDING_BYTES: Final = 2
PACKET_BYTES: Final = 1500
UDP_IP_BYTES: Final = 28
SERVICE_AND_TAIL_BITS: Final = 16 + 6
#: MCS 7: 234 carriers, 6 bits each, 5/6 of them data.
BITS_PER_SYMBOL: Final = 234 * 6 * 5 // 6
SYMBOL_S: Final = 4e-6
PREAMBLE_S: Final = 40e-6
#: A compressed block ack of 32 bytes at 24 Mbit/s.
ANSWER_S: Final = 20e-6 + SYMBOL_S * math.ceil((SERVICE_AND_TAIL_BITS + 8 * 32) / 96)
SIFS_S: Final = 16e-6
AIFS_S: Final = SIFS_S + 3 * 9e-6
SLOT_S: Final = 9e-6
MEAN_BACKOFF_SLOTS: Final = 7.5
BITS: Final = 8 * MPDUS * PACKET_BYTES


def frame_s() -> float:
    """An A-MPDU on the air."""
    bits = SERVICE_AND_TAIL_BITS + 8 * (MPDUS * SUBFRAME_BYTES - PADDING_BYTES)
    return PREAMBLE_S + SYMBOL_S * math.ceil(bits / BITS_PER_SYMBOL)


def downlink_mbps() -> float:
    """What one AP sends if nobody else does: no collisions."""
    cycle_s = frame_s() + SIFS_S + ANSWER_S + AIFS_S + MEAN_BACKOFF_SLOTS * SLOT_S
    return BITS / cycle_s / MBPS


def uplink_mbps(stations: int) -> float:
    """Bianchi's saturated throughput with whole A-MPDUs in the place of frames."""
    exchange = bianchi.Exchange(
        success_s=frame_s() + SIFS_S + ANSWER_S + AIFS_S, collision_s=frame_s() + AIFS_S, bits=BITS
    )
    return bianchi.throughput_mbps(exchange, stations, bianchi.SEIZING)


def write_places(path: Path, networks: Sequence[int]) -> Path:
    """The file of ``saturation --places`` with these networks, numbered from 0."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["cell", "kind", "x_m", "y_m"])
        for cell, network in enumerate(networks):
            ap_x, ap_y = APS[network]
            writer.writerow([cell, "ap", ap_x, ap_y])
            for x, y in STATIONS[network]:
                writer.writerow([cell, "user", ap_x + x, ap_y + y])
    return path


def measured_mbps(
    folder: Path,
    networks: Sequence[int],
    direction: str,
    duration_s: float,
    shadowing_db: float,
    seed: int,
    fading_db: float = 0.0,
) -> float:
    """IP packets that arrived in all networks, both ways."""
    places = write_places(folder / "places.csv", networks)
    chosen = {
        "direction": direction,
        "duration": duration_s,
        "shadowing": shadowing_db,
        "fadingLoss": fading_db,
    }
    everybody = together(
        play("saturation", folder, {**PARAMETERS, **chosen, "places": places, "seed": seed})
    )
    payload_bps = float(everybody["goodput_bps"]) + float(everybody["downlink_bps"])
    return payload_bps * PACKET_BYTES / (PACKET_BYTES - UDP_IP_BYTES) / MBPS


def total_mbps(folder: Path, direction: str) -> float:
    """Mean over draws of the shadowing. The published channel fades within its width."""
    fading_db = round(fading.loss_db(), 1)
    draws = [
        measured_mbps(folder, range(len(APS)), direction, MEASURED_S, SHADOWING_DB, seed, fading_db)
        for seed in SEEDS
    ]
    return sum(draws) / len(draws)


def cases() -> Sequence[Case]:
    """One network alone, and all three."""
    stations = len(STATIONS[ALONE])
    return [
        _alone("downlink", downlink_mbps(), BAND_DOWNLINK),
        _alone("uplink", uplink_mbps(stations), BAND_UPLINK),
        *(_together(direction, published) for direction, published in PUBLISHED_MBPS.items()),
    ]


def _alone(direction: str, expected: float, band: Band) -> Case:
    return Case(
        name=f"tgax-box5-alone-{direction}",
        group="tgax",
        source=SOURCE_ALONE,
        yardsticks=(
            Yardstick(f"TGax box 5, network B alone, {direction}", expected, "Mbit/s", band),
        ),
        measure=lambda folder: [
            measured_mbps(folder, [ALONE], direction, MEASURED_ALONE_S, 0.0, SEEDS[0])
        ],
        weight=5,
        quick=True,
    )


def _together(direction: str, published: float) -> Case:
    return Case(
        name=f"tgax-box5-{direction}",
        group="tgax",
        source=SOURCE_TOGETHER,
        yardsticks=(
            Yardstick(
                f"TGax box 5, three networks, {direction}",
                published,
                "Mbit/s",
                BAND_TOGETHER,
            ),
        ),
        measure=lambda folder: [total_mbps(folder, direction)],
        weight=15,
        quick=direction == "downlink",
    )
