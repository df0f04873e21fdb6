# SPDX-License-Identifier: MIT
"""Figures of ``tandem bench``: what one is, files of them, and comparison."""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Final

from tandem.bridge.core.documents import read_json
from tandem.bridge.core.errors import TandemError
from tandem.bridge.core.files import replace_text
from tandem.scripts.app.common.markdown import table

#: Version of the JSON file.
FORMAT: Final = 2
_CPU_INFO: Final = Path("/proc/cpuinfo")
_PACKAGES: Final = ("ns3-tandem", "numpy", "gymnasium", "torch", "ray")


class BenchFileError(TandemError):
    """A file that ``tandem bench`` did not write."""


@dataclass(frozen=True)
class Aim:
    """What a figure should be.

    Attributes:
        limit: in the figure's unit.
        at_least: whether larger is better; otherwise ``limit`` is the most.
    """

    limit: float
    at_least: bool

    def met(self, value: float) -> bool:
        """Whether a value meets the aim."""
        return value >= self.limit if self.at_least else value <= self.limit

    def __str__(self) -> str:
        return f"{'≥' if self.at_least else '≤'} {number(self.limit)}"


@dataclass(frozen=True)
class Measurement:
    """One figure: the median of several runs and their range, beside the aim if there is one.

    Attributes:
        group: heading under which it is shown.
        name: unique in all groups.
        unit: of the values.
        values: one per run.
        aim: of the median.
    """

    group: str
    name: str
    unit: str
    values: tuple[float, ...]
    aim: Aim | None = None

    @property
    def median(self) -> float:
        """Of the runs."""
        return statistics.median(self.values)

    @property
    def spread(self) -> str:
        """Lowest and highest run."""
        return f"{number(min(self.values))} … {number(max(self.values))}"

    @property
    def verdict(self) -> str:
        """The aim and whether the median meets it."""
        if self.aim is None:
            return ""
        return f"{self.aim} {'✓' if self.aim.met(self.median) else '✗'}"


def at_least(limit: float) -> Aim:
    """An aim for figures where more is better."""
    return Aim(limit, at_least=True)


def at_most(limit: float) -> Aim:
    """An aim for figures where less is better."""
    return Aim(limit, at_least=False)


def number(value: float) -> str:
    """A value with three digits, or all digits before the point."""
    return f"{value:,.0f}".replace(",", " ") if abs(value) >= 1000 else f"{value:.3g}"  # noqa: PLR2004


def describe_machine() -> dict[str, Any]:
    """Where and with what was measured."""
    versions = {}
    for package in _PACKAGES:
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return {
        "date": datetime.now(timezone.utc).date().isoformat(),
        "processor": _processor(),
        "processors": len(os.sched_getaffinity(0)),
        "load_before": round(os.getloadavg()[0], 2),
        "system": platform.platform(),
        "python": platform.python_version(),
        "versions": versions,
    }


@dataclass(frozen=True)
class Recorded:
    """What one run of ``tandem bench`` measured, and where."""

    measurements: Sequence[Measurement]
    machine: Mapping[str, Any]

    @property
    def where(self) -> str:
        """The machine, and what ran on it."""
        machine = self.machine
        versions = ", ".join(f"{name} {version}" for name, version in machine["versions"].items())
        return (
            f"{machine['date']}, {machine['processors']} processors ({machine['processor']}), load "
            f"before the start {machine['load_before']}, {machine['system']}, Python "
            f"{machine['python']}, {versions}"
        )


def markdown(now: Recorded, before: Recorded | None = None) -> str:
    """A page with one table per group; medians of an earlier run get a column."""
    lines = [
        "<!-- SPDX-License-Identifier: MIT -->",
        "# Measured by `tandem bench`",
        "",
        f"{now.where}. Medians of as many runs as given; ✓ and ✗ show whether the median meets "
        "its aim.",
    ]
    earlier = {m.name: number(m.median) for m in before.measurements} if before else {}
    columns = ["figure", "median", "spread", "unit", "runs", "aim"]
    if before is not None:
        lines += ["", f"Before: {before.where}."]
        columns.insert(1, "before")
    for group in dict.fromkeys(m.group for m in now.measurements):
        rows = []
        for m in now.measurements:
            if m.group == group:
                was = [] if before is None else [earlier.get(m.name, "")]
                cells = [number(m.median), m.spread, m.unit, str(len(m.values)), m.verdict]
                rows.append([m.name, *was, *cells])
        lines += ["", f"## {group}", "", table(columns, rows).rstrip("\n")]
    return "\n".join(lines) + "\n"


def write(now: Recorded, page: Path, data: Path, before: Recorded | None = None) -> None:
    """Write both files; folders are made."""
    for path in (page, data):
        path.parent.mkdir(parents=True, exist_ok=True)
    replace_text(page, markdown(now, before))
    rows = [{**asdict(m), "median": m.median} for m in now.measurements]
    content = {"format": FORMAT, "machine": dict(now.machine), "results": rows}
    replace_text(data, json.dumps(content, indent=2, ensure_ascii=False) + "\n")


def read(path: Path) -> Recorded:
    """What a JSON file holds.

    Raises:
        BenchFileError: it is missing or of another kind.
    """
    try:
        content = read_json(path)
        if content["format"] != FORMAT:
            raise ValueError(f"format {content['format']}, this version reads {FORMAT}")
        return Recorded([_row(row) for row in content["results"]], content["machine"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BenchFileError(
            f"{path} is not a result of `tandem bench` ({error!r}): write one with "
            f"`tandem bench --json {path}`"
        ) from error


@dataclass(frozen=True)
class Ratio:
    """One figure in two files.

    Attributes:
        ratio: second over first; NaN where the first is 0.
        apart: whether the ranges of the runs do not overlap.
    """

    name: str
    unit: str
    first: float
    second: float
    ratio: float
    apart: bool


def compare(first: Iterable[Measurement], second: Iterable[Measurement]) -> list[Ratio]:
    """The figures that both have, in the order of the first."""
    others = {m.name: m for m in second}
    ratios = []
    for m in first:
        other = others.get(m.name)
        if other is None or other.unit != m.unit:
            continue
        ratio = other.median / m.median if m.median else float("nan")
        apart = min(m.values) > max(other.values) or max(m.values) < min(other.values)
        ratios.append(Ratio(m.name, m.unit, m.median, other.median, ratio, apart))
    return ratios


def _row(row: dict[str, Any]) -> Measurement:
    aim = Aim(**row["aim"]) if row["aim"] else None
    values = tuple(float(value) for value in row["values"])
    return Measurement(row["group"], row["name"], row["unit"], values, aim)


def _processor() -> str:
    for line in _CPU_INFO.read_text().splitlines() if _CPU_INFO.is_file() else ():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()
