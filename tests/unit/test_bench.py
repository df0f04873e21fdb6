# SPDX-License-Identifier: MIT
"""Files, comparison and the paper model of ``tandem bench``; nothing here is timed."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from tandem.scripts.app.benchmarks import record
from tandem.scripts.app.benchmarks.record import Measurement, Recorded, at_least, at_most
from tandem.scripts.app.benchmarks.scaling import Cluster
from tandem.scripts.app.benchmarks.suite import groups_here
from tandem.scripts.cli import app

FAST = Measurement("g", "trips", "1/s", (90.0, 100.0, 110.0), at_least(95.0))
SLOW = Measurement("g", "delay", "ms", (3.0, 2.5, 2.0), at_most(2.0))
NEW = Measurement("g", "leaps", "m", (7.0,))


def test_aims_are_about_the_median() -> None:
    assert FAST.verdict == "≥ 95 ✓"
    assert SLOW.verdict == "≤ 2 ✗"
    assert (FAST.median, SLOW.spread) == (100.0, "2 … 3")


def test_help_names_every_group() -> None:
    text = CliRunner().invoke(app, ["bench", "--help"], env={"COLUMNS": "300"}).output
    (line,) = (line for line in text.splitlines() if "--only" in line)
    assert all(name in line for name in groups_here())


def test_files_come_back_and_are_compared(tmp_path: Path) -> None:
    first, second = tmp_path / "sub" / "a.json", tmp_path / "b.json"
    machine = record.describe_machine()
    record.write(Recorded([FAST, SLOW], machine), tmp_path / "sub" / "a.md", first)
    faster = Measurement("g", "trips", "1/s", (200.0, 210.0, 220.0))
    record.write(Recorded([faster, SLOW, NEW], machine), tmp_path / "b.md", second)
    assert record.read(first) == Recorded([FAST, SLOW], machine)
    ratios = record.compare(record.read(first).measurements, record.read(second).measurements)
    assert [(r.name, r.ratio, r.apart) for r in ratios] == [
        ("trips", 2.1, True),
        ("delay", 1.0, False),
    ]
    page = (tmp_path / "sub" / "a.md").read_text()
    assert "| trips | 100 | 90 … 110 | 1/s | 3 | ≥ 95 ✓ |" in page
    shown = CliRunner().invoke(app, ["bench", "--compare", str(first), str(second)])
    assert shown.exit_code == 0, shown.output
    assert "2.100" in shown.output


def test_an_earlier_run_gets_a_column() -> None:
    machine = record.describe_machine()
    then = {**machine, "versions": {"ns3-tandem": "0.0.7"}}
    page = record.markdown(Recorded([FAST, NEW], machine), Recorded([SLOW, FAST], then))
    assert "| figure | before | median | spread | unit | runs | aim |" in page
    assert "| trips | 100 | 100 | 90 … 110 | 1/s | 3 | ≥ 95 ✓ |" in page
    assert "| leaps |  | 7 | 7 … 7 | m | 1 |  |" in page
    (line,) = (line for line in page.splitlines() if line.startswith("Before: "))
    assert "ns3-tandem 0.0.7" in line


def test_a_wrong_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text('{"format": 1}')
    for path in (tmp_path / "x.json", tmp_path / "none.json"):
        with pytest.raises(record.BenchFileError, match="tandem bench --json"):
            record.read(path)


def test_the_tightest_part_limits_a_cluster() -> None:
    few = Cluster(epoch_s=0.1, message_bytes=1e4, call_s=1e-3, machines=1, cores=4)
    assert few.steps_per_s == pytest.approx(40.0)
    many = Cluster(epoch_s=0.1, message_bytes=1e4, call_s=1e-3, machines=100, cores=16)
    assert many.steps_per_s == pytest.approx(1000.0)
    wide = Cluster(1e-3, 1e6, 1e-6, machines=100, cores=16, network_bps=8e9)
    assert wide.steps_per_s == pytest.approx(1000.0)
