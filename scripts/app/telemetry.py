# SPDX-License-Identifier: MIT
"""The state of a server in the terminal."""

from __future__ import annotations

from typing import Final

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from tandem.agents.common.units import MS_PER_S
from tandem.bridge.server.telemetry import Snapshot

BYTES_PER_MIB: Final = 1024 * 1024


def view(state: Snapshot) -> RenderableType:
    """A snapshot as `tandem top` shows it."""
    head = Text.assemble(
        (state.address, "bold"),
        f"  up {_duration(state.uptime_s)}, ns3-tandem {state.version}, "
        f"{state.resident_bytes / BYTES_PER_MIB:.0f} MiB, {state.descriptors} descriptors\n",
        f"simulators {state.simulators} of {state.simulator_limit}, ",
        (f"{state.epochs_per_s:.1f} decisions/s", "bold"),
        f" ({state.epochs} in all), step {state.step_p50_s * MS_PER_S:.1f} ms median, "
        f"{state.step_p99_s * MS_PER_S:.1f} ms p99\n",
        "requests " + (_counts(state.requests) or "none"),
        "; errors ",
        (_counts(state.errors) or "none", "red" if state.errors else ""),
    )
    table = Table(box=None, pad_edge=False)
    for column in ("client", "name", "scenario", "state"):
        table.add_column(column)
    for column in ("decisions", "idle s"):
        table.add_column(column, justify="right")
    for row in state.clients:
        table.add_row(
            *(escape(text) for text in (row.client, row.name, row.scenario or "–", row.state)),
            str(row.epochs),
            f"{row.idle_s:.0f}",
        )
    return Group(head, table) if state.clients else head


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items()))


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}"
