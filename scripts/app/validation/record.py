# SPDX-License-Identifier: MIT
"""What a validation found: in the terminal, and as files for programs."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from tandem.scripts.app.validation.yardstick import Row

HEADINGS: Final = ("yardstick", "measured", "published", "unit", "ratio", "band", "verdict")
WITHIN: Final = "within"
OUTSIDE: Final = "outside"
LARGE: Final = 1e6


def verdict(row: Row) -> str:
    """In a word."""
    return WITHIN if row.passes else OUTSIDE


def cells(row: Row) -> tuple[str, ...]:
    """A row as text, in the order of `HEADINGS`."""
    yardstick = row.yardstick
    return (
        yardstick.name,
        number(row.measured),
        number(yardstick.published),
        yardstick.unit,
        f"{row.ratio:.4f}",
        str(yardstick.band),
        verdict(row),
    )


def summary(rows: Sequence[Row]) -> str:
    """How many are where."""
    return f"{sum(row.passes for row in rows)} of {len(rows)} within their bands"


def number(value: float) -> str:
    """Six digits; large ones whole."""
    return f"{value:.0f}" if abs(value) >= LARGE else f"{value:.6g}"


def show(console: Console, rows: Sequence[Row]) -> None:
    """A table with a section per group, and the sources below it."""
    table = Table()
    for heading in HEADINGS:
        numeric = heading in ("measured", "published", "ratio")
        table.add_column(heading, justify="right" if numeric else "left")
    table.add_column("source", justify="right")
    sources = numbered_sources(rows)
    group = ""
    for row in rows:
        if row.case.group != group:
            table.add_section()
            group = row.case.group
        style = None if row.passes else "bold red"
        table.add_row(*cells(row), str(sources[row.case.source]), style=style)
    console.print(table)
    for source, number in sources.items():
        console.print(f"[{number}] {source}", markup=False, highlight=False, soft_wrap=True)


def numbered_sources(rows: Sequence[Row]) -> dict[str, int]:
    """Each source with its number, from 1."""
    return {
        source: number
        for number, source in enumerate(dict.fromkeys(row.case.source for row in rows), start=1)
    }


def as_records(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Rows as plain values."""
    return [
        {
            "group": row.case.group,
            "case": row.case.name,
            "yardstick": row.yardstick.name,
            "unit": row.yardstick.unit,
            "measured": row.measured,
            "published": row.yardstick.published,
            "model": row.yardstick.model,
            "ratio": row.ratio,
            "low": row.yardstick.band.low,
            "high": row.yardstick.band.high,
            "passes": row.passes,
            "source": row.case.source,
        }
        for row in rows
    ]


def json_text(rows: Sequence[Row], facts: Mapping[str, Any]) -> str:
    """Facts and rows."""
    return json.dumps({**facts, "rows": as_records(rows)}, indent=2) + "\n"


def csv_text(rows: Sequence[Row]) -> str:
    """Rows."""
    records = as_records(rows)
    out = io.StringIO()
    writer = csv.DictWriter(out, list(records[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(records)
    return out.getvalue()
