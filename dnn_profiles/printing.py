# SPDX-License-Identifier: MIT
"""The catalogue as tables on a terminal."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.table import Table

from tandem.dnn_profiles.fit import LINE_DEVICE, Derivation
from tandem.dnn_profiles.onnx_graph import Graph
from tandem.dnn_profiles.options import option_columns
from tandem.dnn_profiles.rows import Energy, Option, Profile, Split
from tandem.dnn_profiles.table import format_cell

MS = 1e3
#: Wide enough for every table where the output is a file or a pipe.
PIPE_WIDTH = 160


def make_console() -> Console:
    """A console that keeps a table's columns whole where the output is not a terminal."""
    return Console(
        soft_wrap=True,
        markup=False,
        highlight=False,
        width=None if sys.stdout.isatty() else PIPE_WIDTH,
    )


def _table(title: str) -> Table:
    return Table(title=title, box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), title_justify="left")


def print_profiles(console: Console, rows: Sequence[Profile], title: str) -> None:
    """Print profiles, the device in the title where there is only one."""
    devices = {row.device for row in rows}
    if len(devices) == 1:
        title = f"{title}, device {rows[0].device}"
    table = _table(title)
    table.add_column("variant")
    if len(devices) > 1:
        table.add_column("device")
    for name in ("type", "threads", "runtime"):
        table.add_column(name)
    for name in ("MMACs", "top-1 %", "top-5 %", "p50 ms", "p90 ms"):
        table.add_column(name, justify="right")
    table.add_column("evidence")
    for row in rows:
        p90 = row.latency_p90_s
        table.add_row(
            row.variant,
            *((row.device,) if len(devices) > 1 else ()),
            row.precision,
            "–" if row.threads is None else str(row.threads),
            row.runtime,
            format_cell(row.mmacs),
            "–" if row.top1_percent is None else f"{row.top1_percent:.1f}",
            "–" if row.top5_percent is None else f"{row.top5_percent:.1f}",
            f"{row.latency_p50_s * MS:.2f}",
            "–" if p90 is None else f"{p90 * MS:.2f}",
            row.evidence,
        )
    console.print(table)


def provenance(row: Profile) -> str:
    """Where a row's figures are from, with its note."""
    accuracy = f"; accuracy: {row.accuracy_source}" if row.accuracy_source else ""
    note = f"\n    {row.note}" if row.note else ""
    return f"[{row.device}] {row.evidence}: {row.source} ({row.licence}){accuracy}{note}"


def print_derivation(console: Console, result: Derivation) -> None:
    """Print the fitted lines with residuals, and the steps from them to the computed rows."""
    for precision, line in result.lines.items():
        table = _table(
            f"{LINE_DEVICE} {precision}: t = {line.overhead_s * MS:.3f} ms + "
            f"MACs / {line.macs_per_s / 1e9:.2f} GMAC/s, "
            f"worst residual {line.worst_percent:.1f} %"
        )
        for name in ("variant", "MMACs", "published ms", "fitted ms", "residual ms", "residual %"):
            table.add_column(name, justify="right")
        for (name, macs, seconds), (_, fitted, residual) in zip(
            line.points, line.residuals(), strict=True
        ):
            table.add_row(
                name,
                f"{macs / 1e6:g}",
                f"{seconds * MS:.2f}",
                f"{fitted * MS:.2f}",
                f"{residual * MS:+.2f}",
                f"{100 * residual / seconds:+.1f}",
            )
        console.print(table)
    anchor = result.anchor
    console.print(
        f"{anchor.variant} {anchor.precision} on {anchor.device}: "
        f"{anchor.latency_p50_s * MS:.2f} ms, taken as that of all its cores"
    )
    for name, seconds in result.core_s.items():
        console.print(f"  scaled by clock and cores to one core of {name}: {seconds * MS:.1f} ms")


def print_options(console: Console, rows: Sequence[Option]) -> None:
    """Print an option table."""
    printed = _table(f"{len(rows)} options")
    names = option_columns(rows)
    for name in names:
        printed.add_column(name, justify="left" if name in ("site", "variant") else "right")
    for row in rows:
        printed.add_row(*(format_cell(getattr(row, name)) for name in names))
    console.print(printed)


def print_splits(console: Console, rows: Sequence[Split]) -> None:
    """Print split points."""
    table = _table("split points: layers up to and including this one run on the device")
    for name in ("split", "layer", "MMACs before", "MMACs after", "bytes sent", "tensors"):
        table.add_column(name, justify="left" if name == "layer" else "right")
    for row in rows:
        table.add_row(
            str(row.split),
            row.layer,
            f"{row.mmacs_before:.2f}",
            f"{row.mmacs_after:.2f}",
            str(row.activation_bytes),
            str(row.tensors),
        )
    console.print(table)


def print_tensors(console: Console, graph: Graph) -> None:
    """Print every activation of a graph with its size."""
    table = _table("activations")
    for name in ("node", "operator", "tensor", "shape", "bytes", "MMACs"):
        table.add_column(name)
    for node in graph.nodes:
        for output in node.outputs:
            known = graph.tensors.get(output)
            table.add_row(
                node.name,
                node.operator,
                output,
                str(list(known.shape)) if known else "–",
                str(known.size) if known else "–",
                f"{node.macs / 1e6:.3f}",
            )
    console.print(table)


def print_energy(console: Console, rows: Sequence[Energy]) -> None:
    """What computing and sending cost on a device, a line per source."""
    for row in rows:
        costs = (
            ("J per MAC", row.mac_j),
            ("W while sending", row.radio_tx_w),
            ("W while receiving", row.radio_rx_w),
        )
        text = ", ".join(f"{value:g} {unit}" for unit, value in costs if value is not None)
        console.print(f"energy ({row.radio or row.precision}, {row.evidence}): {text}")
    if not rows:
        console.print("energy: no source known")
