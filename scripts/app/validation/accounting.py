# SPDX-License-Identifier: MIT
"""The simulator's books: components of response times, and bytes against packet traces."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tandem.agents.inference.request_table import COMPONENTS
from tandem.scripts.app.validation.alone import Table, play
from tandem.scripts.app.validation.pcap import stream_bytes
from tandem.scripts.app.validation.yardstick import Band, Case, Yardstick

SUM_SOURCE: Final = "definition: the response time is the sum of its parts, in every request"
PCAP_SOURCE: Final = "the packet trace of the same run, at the edge's wire"
SUM_BAND: Final = Band.within(1e-6)
EXACT: Final = Band.within(1e-12)
SITES: Final = ("wifi-edge", "lte-edge")
ARGUMENTS: Final[dict[str, object]] = {"users": 4, "epochs": 10, "seed": 3}


def worst_sum(folder: Path, scenario: str) -> float:
    """Sum of the components over the response time, where it is farthest from 1."""
    rows = play(scenario, folder, {**ARGUMENTS, "policy": "random"})
    ratios = [
        sum(float(row[part]) for part in COMPONENTS) / float(row["response_time_s"]) for row in rows
    ]
    return max(ratios, key=lambda ratio: abs(ratio - 1))


def traced_and_told(folder: Path, scenario: str) -> float:
    """Bytes of uploads in the trace at the edge, over those in the request table."""
    prefix = folder / "trace"
    rows: Table = play(scenario, folder, {**ARGUMENTS, "policy": "edge", "pcap": prefix})
    told = sum(int(row["upload_bytes"]) for row in rows)
    traces = sorted(folder.glob("trace*edge*.pcap"))
    return sum(stream_bytes(trace) for trace in traces) / told if told else float("nan")


def cases() -> Sequence[Case]:
    """Two cases per kind of cell."""
    return [case for scenario in SITES for case in _cases(scenario)]


def _cases(scenario: str) -> Sequence[Case]:
    return [
        Case(
            name=f"books-sum-{scenario}",
            group="books",
            source=SUM_SOURCE,
            yardsticks=(Yardstick(f"{scenario}: sum of components", 1.0, "", SUM_BAND),),
            measure=lambda folder: [worst_sum(folder, scenario)],
            weight=2,
            quick=True,
        ),
        Case(
            name=f"books-pcap-{scenario}",
            group="books",
            source=PCAP_SOURCE,
            yardsticks=(Yardstick(f"{scenario}: bytes in trace and table", 1.0, "", EXACT),),
            measure=lambda folder: [traced_and_told(folder, scenario)],
            weight=2,
            quick=True,
        ),
    ]
