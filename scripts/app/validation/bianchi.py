# SPDX-License-Identifier: MIT
"""Saturated WiFi against Bianchi's model, by the tables that come with ns-3."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from tandem.scripts.app.validation.alone import play, together
from tandem.scripts.app.validation.yardstick import Band, Case, Yardstick

SOURCE: Final = (
    "Bianchi, IEEE JSAC 18(3), 2000, by ns-3's tables (src/wifi/examples/wifi-bianchi.cc, "
    "bianchiResultsDifs). Those of 802.11a count that a station may send again at once (seizing), "
    "those of 802.11ax do not, so a line of its own has the model with it"
)
#: To either side of what the model says.
SLACK: Final = 0.03
STATIONS: Final = (5, 10, 50)
#: Networks that share a channel contend as one does.
SHARED_CELLS: Final = 2
SLOT_S: Final = 9e-6
SIFS_S: Final = 16e-6
DIFS_S: Final = 34e-6
SMALLEST_WINDOW: Final = 16
SEIZING: Final = 1 / SMALLEST_WINDOW
DOUBLINGS: Final = 6
SERVICE_AND_TAIL_BITS: Final = 16 + 6
ACK_BYTES: Final = 14
OFDM_PREAMBLE_S: Final = 20e-6
OFDM_SYMBOL_S: Final = 4e-6
#: What a frame carries, of which the tables count each byte: an IP packet here.
PACKET_BYTES: Final = 1500
UDP_IP_BYTES: Final = 28
MBPS: Final = 1e6
MEASURED_S: Final = 10.0
QUICK_S: Final = 3.0
BISECTIONS: Final = 60


@dataclass(frozen=True)
class Phy:
    """A rate, as the authors of the tables reckoned its frames.

    Attributes:
        data_bits: bits per symbol.
        ack_bits: bits per OFDM symbol of the acknowledgement.
        preamble_s: and headers, of a data frame.
        symbol_s: of data, with its guard interval.
        header_bytes: of MAC and above, added to the packet.
        seizing: share of successes after which the same station sends again at once, because it
            draws a back-off of 0 while the others stand at 1 or more (Tinnirello, Bianchi and Xiao,
            IEEE TVT 59(3), 2010).
    """

    data_bits: float
    ack_bits: float
    preamble_s: float
    symbol_s: float
    header_bytes: int
    seizing: float


def _legacy(mbps: int) -> Phy:
    bits = mbps * MBPS * OFDM_SYMBOL_S
    return Phy(bits, bits, OFDM_PREAMBLE_S, OFDM_SYMBOL_S, 28 + 6, SEIZING)


def _he(data_bps: float, ack_mbps: int) -> Phy:
    symbol_s = 12.8e-6 + 0.8e-6
    ack_bits = ack_mbps * MBPS * OFDM_SYMBOL_S
    return Phy(data_bps * symbol_s, ack_bits, 44e-6, symbol_s, 30 + 8, 0.0)


@dataclass(frozen=True)
class Rate:
    """A rate with its row of ns-3's tables, Mbit/s at `STATIONS`."""

    name: str
    standard: str
    constant: int
    phy: Phy
    published_mbps: tuple[float, ...]


RATES: Final = (
    Rate("802.11a 6 Mbit/s", "80211a", 6, _legacy(6), (4.7087, 4.3453, 3.5071)),
    Rate("802.11a 12 Mbit/s", "80211a", 12, _legacy(12), (8.9515, 8.2901, 6.7278)),
    Rate("802.11a 24 Mbit/s", "80211a", 24, _legacy(24), (16.2470, 15.1426, 12.4144)),
    Rate("802.11ax MCS 0", "80211ax", 0, _he(8.603e6, 6), (6.3746, 5.8670, 4.7004)),
    Rate("802.11ax MCS 7", "80211ax", 7, _he(86e6, 24), (34.9671, 33.0739, 27.6975)),
)
#: Of `--quick`: rate and stations.
QUICK: Final = (("802.11a 24 Mbit/s", 5), ("802.11ax MCS 7", 10))


@dataclass(frozen=True)
class Exchange:
    """What a station does once it has the channel.

    Attributes:
        success_s: frame, answer and the wait after it.
        collision_s: how long a collision holds the medium.
        bits: that a success delivers.
    """

    success_s: float
    collision_s: float
    bits: float


def model_mbps(phy: Phy, stations: int) -> float:
    """Bianchi's saturated throughput with unlimited retries, as ns-3's scripts reckon it.

    A collision holds the medium for a frame and a DIFS (``bianchi11ax.py``, ``Bianchi11a.m`` in
    ns-3's src/wifi/examples/reference).
    """
    bits = SERVICE_AND_TAIL_BITS + 8 * (phy.header_bytes + PACKET_BYTES)
    data_s = phy.preamble_s + phy.symbol_s * math.ceil(bits / phy.data_bits)
    ack_symbols = math.ceil((SERVICE_AND_TAIL_BITS + 8 * ACK_BYTES) / phy.ack_bits)
    exchange = Exchange(
        success_s=data_s + SIFS_S + OFDM_PREAMBLE_S + OFDM_SYMBOL_S * ack_symbols + DIFS_S,
        collision_s=data_s + DIFS_S,
        bits=8 * PACKET_BYTES,
    )
    return throughput_mbps(exchange, stations, phy.seizing)


def throughput_mbps(exchange: Exchange, stations: int, seizing: float) -> float:
    """Bianchi's saturated throughput; after a success one slot passes in which nobody sends.

    Args:
        seizing: as in `Phy`.
    """
    tau = _attempts_per_slot(stations)
    busy = 1 - (1 - tau) ** stations
    success = stations * tau * (1 - tau) ** (stations - 1)
    frames = 1 / (1 - seizing)  # of a station in a row
    slot_s = (
        (1 - busy) * SLOT_S
        + success * (frames * exchange.success_s + SLOT_S)
        + (busy - success) * exchange.collision_s
    )
    return success * frames * exchange.bits / slot_s / MBPS


def _attempts_per_slot(stations: int) -> float:
    low, high = 0.0, 1.0
    for _ in range(BISECTIONS):
        tau = (low + high) / 2
        collision = 1 - (1 - tau) ** (stations - 1)
        doublings = sum((2 * collision) ** k for k in range(DOUBLINGS))
        implied = 2 / (1 + SMALLEST_WINDOW + collision * SMALLEST_WINDOW * doublings)
        low, high = (tau, high) if implied > tau else (low, tau)
    return low


def measured_mbps(
    folder: Path, rate: Rate, stations: int, duration_s: float, cells: int = 1
) -> float:
    """What IP packets carry on the channel, Mbit/s, with DIFS in the place of an AIFS.

    Args:
        cells: networks at the same place that share the stations and the channel.
    """
    arguments: dict[str, object] = {
        "standard": rate.standard,
        "rateControl": f"constant:{rate.constant}",
        "users": stations // cells,
        "cells": cells,
        "spacing": 0,
        "ampdu": 0,  # the model knows one frame per channel access
        "aifsn": 2,
        "placement": "ring",  # equal powers: no frame of a collision gets through
        "radius": 2,
        "payload": PACKET_BYTES - UDP_IP_BYTES,
        "settle": 1,
        "duration": duration_s,
        "epochs": 1,
    }
    goodput_bps = float(together(play("saturation", folder, arguments))["goodput_bps"])
    return goodput_bps * PACKET_BYTES / (PACKET_BYTES - UDP_IP_BYTES) / MBPS


def cases(quick: bool = False) -> Sequence[Case]:
    """A case per rate and number of stations.

    Args:
        quick: measure for a shorter time.
    """
    duration_s = QUICK_S if quick else MEASURED_S
    alone = [
        _case(rate, stations, published, duration_s)
        for rate in RATES
        for stations, published in zip(STATIONS, rate.published_mbps, strict=True)
    ]
    shared = RATES[-1]
    return [*alone, _case(shared, STATIONS[1], shared.published_mbps[1], duration_s, SHARED_CELLS)]


def yardsticks(
    rate: Rate, stations: int, published: float, cells: int = 1
) -> tuple[Yardstick, ...]:
    """The table's figure; where it leaves out seizing, the figure with it, too."""
    where = f" in {cells} cells" if cells > 1 else ""
    name = f"{rate.name}, {stations} stations{where}"
    table = Yardstick(name, published, "Mbit/s", Band.within(SLACK), model_mbps(rate.phy, stations))
    whole = model_mbps(replace(rate.phy, seizing=SEIZING), stations)
    if rate.phy.seizing == SEIZING:
        return (table,)
    # What the table leaves out can only come on top.
    wider = Band(1 - SLACK, (1 + SLACK) * whole / published)
    return (
        replace(table, band=wider),
        Yardstick(f"{name}, with seizing", whole, "Mbit/s", Band.within(SLACK), whole),
    )


def _case(rate: Rate, stations: int, published: float, duration_s: float, cells: int = 1) -> Case:
    rows = yardsticks(rate, stations, published, cells)
    which = f"-cells{cells}" if cells > 1 else ""
    return Case(
        name=f"bianchi{which}-{rate.standard}-{rate.constant}-{stations}",
        group="bianchi",
        source=SOURCE,
        yardsticks=rows,
        measure=lambda folder: (
            [measured_mbps(folder, rate, stations, duration_s, cells)] * len(rows)
        ),
        weight=2 + stations // 5,
        quick=cells == 1 and (rate.name, stations) in QUICK,
    )
