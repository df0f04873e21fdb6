# SPDX-License-Identifier: MIT
"""TCP over a wired bottleneck against what headers leave of its rate."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tandem.scripts.app.validation.alone import play
from tandem.scripts.app.validation.yardstick import Band, Case, Yardstick

SOURCE: Final = (
    "closed form: a segment's data over data, TCP with timestamps, IPv4 and PPP headers "
    "(RFC 9293, 7323, 791), at a bottleneck whose queue never runs empty"
)
BAND: Final = Band.within(0.005)
RATE_MBPS: Final = 20
SEGMENT_BYTES: Final = 1448
TCP_BYTES: Final = 20 + 12
IP_BYTES: Final = 20
PPP_BYTES: Final = 2
EPOCH_S: Final = 0.2
#: Past slow start.
FIRST_EPOCH: Final = 50
EPOCHS: Final = 300
#: Twice the bandwidth-delay product and more: halving the window leaves the link full.
BUFFER_PACKETS: Final = 400
#: Of congestion controls and numbers of flows.
FLOWS: Final = {"TcpNewReno": 1, "TcpCubic": 4}
MBPS: Final = 1e6


def expected_mbps() -> float:
    """Goodput of all flows together."""
    whole = SEGMENT_BYTES + TCP_BYTES + IP_BYTES + PPP_BYTES
    return RATE_MBPS * SEGMENT_BYTES / whole


def measured_mbps(folder: Path, congestion: str, flows: int) -> float:
    """Acknowledged data per time of all flows."""
    arguments: dict[str, object] = {
        "congestion": congestion,
        "flows": flows,
        "rate": RATE_MBPS,
        "buffer": BUFFER_PACKETS,
        "crossLoad": 0,
        "epoch": EPOCH_S,
        "epochs": EPOCHS,
    }
    rows = [
        float(row["throughput_bps"])
        for row in play("tcp-bottleneck", folder, arguments)
        if int(row["decision"]) >= FIRST_EPOCH
    ]
    return sum(rows) / (EPOCHS - FIRST_EPOCH) / MBPS


def cases() -> Sequence[Case]:
    """A case per congestion control."""
    return [_case(congestion, flows) for congestion, flows in FLOWS.items()]


def _case(congestion: str, flows: int) -> Case:
    name = f"{congestion}, {flows} flow{'s' if flows > 1 else ''}, {RATE_MBPS} Mbit/s"
    return Case(
        name=f"tcp-{congestion}-{flows}",
        group="tcp",
        source=SOURCE,
        yardsticks=(Yardstick(name, expected_mbps(), "Mbit/s", BAND),),
        measure=lambda folder: [measured_mbps(folder, congestion, flows)],
        weight=4,
        quick=True,
    )
