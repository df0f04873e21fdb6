# SPDX-License-Identifier: MIT
"""Test 1a of the TGax calibration: what the MAC of one pair of stations costs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tandem.scripts.app.validation.alone import play, together
from tandem.scripts.app.validation.yardstick import Band, Case, Yardstick

SOURCE: Final = (
    "IEEE 802.11-15/0078 (TGax, clarification on calibration test cases), test 1a: 802.11ac, "
    "20 MHz, 2 MPDUs per A-MPDU, no RTS, AIFS = DIFS; durations by its formulas"
)
#: ns-3 leaves out VHT-SIG-B of a single-user frame, 4 us: up to 1.3 % of a cycle here. Beacons and
#: the back-off of a finite measurement come in, too.
BAND: Final = Band(0.99, 1.02)
MEASURED_S: Final = 4.0
#: IP packets; the test sweeps MSDUs up to 2000 bytes, the scenario's UDP has 1500.
PACKETS_BYTES: Final = (500, 1000, 1500)
UDP_IP_BYTES: Final = 28
#: LLC, MAC header with QoS control, FCS, delimiter.
OVERHEAD_BYTES: Final = 8 + 26 + 4 + 4
ALIGNMENT_BYTES: Final = 4
MPDUS: Final = 2
#: Bits per symbol of one VHT stream in 20 MHz with the long guard interval, by MCS, …
VHT_BITS: Final = {0: 26, 8: 312}
#: … and of the OFDM rate that ns-3 answers with: 6 and 24 Mbit/s.
ANSWER_BITS: Final = {0: 24, 8: 96}
VHT_PREAMBLE_S: Final = 40e-6
OFDM_PREAMBLE_S: Final = 20e-6
SYMBOL_S: Final = 4e-6
SIFS_S: Final = 16e-6
DIFS_S: Final = 34e-6
SLOT_S: Final = 9e-6
MEAN_BACKOFF_SLOTS: Final = 7.5
SERVICE_AND_TAIL_BITS: Final = 16 + 6
#: Compressed, with a bitmap of 64 bits.
BLOCK_ACK_BYTES: Final = 32
MBPS: Final = 1e6


def expected_mbps(mcs: int, packet_bytes: int) -> float:
    """Throughput of packets by the durations that the test prescribes."""
    # The last subframe is not filled up.
    bytes_ = (MPDUS - 1) * _subframe_bytes(packet_bytes) + OVERHEAD_BYTES + packet_bytes
    bits = SERVICE_AND_TAIL_BITS + 8 * bytes_
    data_s = VHT_PREAMBLE_S + SYMBOL_S * math.ceil(bits / VHT_BITS[mcs])
    answer_bits = SERVICE_AND_TAIL_BITS + 8 * BLOCK_ACK_BYTES
    answer_s = OFDM_PREAMBLE_S + SYMBOL_S * math.ceil(answer_bits / ANSWER_BITS[mcs])
    cycle_s = data_s + SIFS_S + answer_s + DIFS_S + MEAN_BACKOFF_SLOTS * SLOT_S
    return MPDUS * 8 * packet_bytes / cycle_s / MBPS


def _subframe_bytes(packet_bytes: int) -> int:
    return ALIGNMENT_BYTES * math.ceil((OVERHEAD_BYTES + packet_bytes) / ALIGNMENT_BYTES)


def measured_mbps(folder: Path, mcs: int, packet_bytes: int) -> float:
    """Throughput of one station's packets."""
    payload = packet_bytes - UDP_IP_BYTES
    arguments: dict[str, object] = {
        "users": 1,
        "standard": "80211ac",
        "rateControl": f"constant:{mcs}",
        "aifsn": 2,
        "ampdu": MPDUS * _subframe_bytes(packet_bytes),
        "placement": "ring",
        "radius": 2,
        "payload": payload,
        "settle": 0.5,
        "duration": MEASURED_S,
        "epochs": 1,
    }
    goodput_bps = float(together(play("saturation", folder, arguments))["goodput_bps"])
    return goodput_bps * packet_bytes / payload / MBPS


def cases() -> Sequence[Case]:
    """A case per MCS and packet size."""
    return [_case(mcs, size) for mcs in VHT_BITS for size in PACKETS_BYTES]


def _case(mcs: int, packet_bytes: int) -> Case:
    name = f"TGax test 1a, MCS {mcs}, {packet_bytes} bytes"
    return Case(
        name=f"tgax-1a-{mcs}-{packet_bytes}",
        group="tgax",
        source=SOURCE,
        yardsticks=(Yardstick(name, expected_mbps(mcs, packet_bytes), "Mbit/s", BAND),),
        measure=lambda folder: [measured_mbps(folder, mcs, packet_bytes)],
        weight=3,
        quick=packet_bytes == PACKETS_BYTES[-1],
    )
