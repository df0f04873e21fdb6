# SPDX-License-Identifier: MIT
"""The command line on real ns-3."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

import pandas as pd
import pytest

from tandem.bridge.runs.entries import ADD
from tandem.bridge.runs.folder import JOURNAL
from tandem.bridge.runs.journal import read
from tandem.bridge.runs.reader import load_run
from tandem.scripts.app.common.stop_request import EXIT_INTERRUPTED
from tandem.scripts.cli import EXIT_ERROR
from tandem.scripts.main import main

TIMEOUT_S = 60


def command(*arguments: str | Path) -> list[str]:
    return [sys.executable, "-m", "tandem.scripts.main", *map(str, arguments)]


class Result(NamedTuple):
    """What a command left behind."""

    stdout: str
    stderr: str


def tandem(*arguments: str | Path, status: int = 0) -> Result:
    """Run ``tandem`` in this process (its imports take longer than its work); check its status."""
    output, errors = io.StringIO(), io.StringIO()
    with (
        pytest.MonkeyPatch.context() as patch,
        contextlib.redirect_stdout(output),
        contextlib.redirect_stderr(errors),
    ):
        patch.setattr("sys.argv", ["tandem", *map(str, arguments)])
        with pytest.raises(SystemExit) as stop:
            main()
    assert stop.value.code == status, output.getvalue() + errors.getvalue()
    return Result(output.getvalue(), errors.getvalue())


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small run of wifi-edge."""
    folder = tmp_path_factory.mktemp("cli") / "run"
    tandem("run", "--users", "3", "--epochs", "4", "--seed", "1", "--out", folder)
    return folder


@pytest.mark.parametrize("scenario", ["wifi-edge", "lte-edge", "hetnet"])
@pytest.mark.parametrize("policy", ["random", "greedy"])
def test_run_and_analyze(scenario: str, policy: str, tmp_path: Path) -> None:
    arguments = ("--scenario", scenario, "--policy", policy, "--users", "4", "--epochs", "3")
    tandem("run", *arguments, "--out", tmp_path / "run")
    assert len(pd.read_parquet(tmp_path / "run" / "requests.parquet")) == 4 * 3
    (report,) = json.loads(tandem("analyze", tmp_path / "run", "--format", "json").stdout)
    assert report["scenario"] == scenario
    assert report["summary"]["requests"] == 4 * 3
    assert report["summary"]["timeouts"] == 0


def test_analyze_prints_every_figure(recorded: Path) -> None:
    output = tandem("analyze", recorded).stdout
    for words in ("p99", "uplink air", "retransmissions", "airtime", "Jain", "edge/d0"):
        assert words in output, output


def test_analyze_compares_runs_as_csv(recorded: Path, tmp_path: Path) -> None:
    tandem("run", "--users", "3", "--epochs", "4", "--policy", "cloud", "--out", tmp_path / "c")
    rows = list(
        csv.DictReader(
            io.StringIO(tandem("analyze", recorded, tmp_path / "c", "--format", "csv").stdout)
        )
    )
    assert [row["run"] for row in rows] == ["run", "c"]
    assert float(rows[0]["mean_s"]) != float(rows[1]["mean_s"])


def test_settings_reach_the_scenario(tmp_path: Path) -> None:
    tandem(
        *("run", "--users", "2", "--epochs", "3", "--policy", "device", "--out", tmp_path / "run"),
        *("--set", "deviceServiceScale=3", "--set", "arrivalJitter=0"),
    )
    tandem(
        *("run", "--users", "2", "--epochs", "3", "--policy", "device", "--out", tmp_path / "one"),
        *("--set", "deviceServiceScale=1"),
    )
    slow = pd.read_parquet(tmp_path / "run" / "requests.parquet")["device_compute_s"]
    fast = pd.read_parquet(tmp_path / "one" / "requests.parquet")["device_compute_s"]
    assert slow.mean() == pytest.approx(3.0 * fast.mean(), rel=1e-6)


def test_run_refuses_to_overwrite(recorded: Path) -> None:
    before = (recorded / "requests.parquet").read_bytes()
    result = tandem("run", "--users", "3", "--epochs", "4", "--out", recorded, status=EXIT_ERROR)
    assert "--force" in result.stderr
    assert "Traceback" not in result.stderr
    # A run that cannot start must not cost the old one, even with --force.
    tandem("run", "--users", "0", "--out", recorded, "--force", status=EXIT_ERROR)
    assert (recorded / "requests.parquet").read_bytes() == before
    tandem("run", "--users", "3", "--epochs", "4", "--out", recorded, "--force")
    assert (recorded / "requests.parquet").read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--scenario", "no-such"), ("no-such", "wifi-edge")),
        (("--users", "0"), ("users", "0")),
        (("--policy", "clever"), ("clever", "random")),
        (("--set", "edgeCores=none"), ("edgeCores",)),
        (("--set", "edgecores=2"), ("edgecores",)),
        (("--set", "edgeCores"), ("key=value",)),
        (("--objective", "fun"), ("fun", "paper")),
        (("--accuracy", "101"), ("101", "100")),
    ],
)
def test_bad_input_is_one_message(
    arguments: tuple[str, ...], words: tuple[str, ...], tmp_path: Path
) -> None:
    out = tmp_path / "run"
    result = tandem("run", "--epochs", "2", *arguments, "--out", out, status=EXIT_ERROR)
    for word in words:
        assert word in result.stderr
    assert "Traceback" not in result.stderr
    assert not out.exists()


def has_decided(folder: Path) -> bool:
    """Whether a run under way has recorded a decision."""
    return (folder / JOURNAL).exists() and any(entry.call == ADD for entry in read(folder))


@pytest.mark.usefixtures("interruptible")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupt_keeps_what_was_played(number: signal.Signals, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    process = subprocess.Popen(
        command("run", "--users", "5", "--epochs", "100000", "--out", folder),
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        deadline_s = time.monotonic() + TIMEOUT_S
        while not has_decided(folder):
            assert time.monotonic() < deadline_s
            time.sleep(0.05)
        process.send_signal(number)
        _, errors = process.communicate(timeout=TIMEOUT_S)
    finally:
        process.kill()
    assert process.returncode == EXIT_INTERRUPTED, errors
    assert "interrupted" in errors
    metadata = json.loads((folder / "metadata.json").read_text())
    assert metadata["status"] == "interrupted"
    requests = pd.read_parquet(folder / "requests.parquet")
    assert len(requests) == metadata["decisions"] * 5 > 0


def test_traces_are_written_whole(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    options = ("run", "--users", "2", "--epochs", "2", "--episodes", "2", "--seed", "7")
    tandem(*options, "--out", folder, "--pcap", "--flowmon", "--netanim")
    for seed in (7, 8):
        flows, picture = (folder / f"{kind}-seed{seed}.xml" for kind in ("flowmon", "netanim"))
        assert flows.read_text().rstrip().endswith("</FlowMonitor>")
        assert picture.read_text().rstrip().endswith("</anim>")
        for place in ("ap", "edge"):
            assert (folder / f"trace-seed{seed}-wifi-{place}.pcap").stat().st_size > 1000
    untraced = tmp_path / "untraced"
    tandem(*options, "--out", untraced)
    name = "requests.parquet"
    assert (folder / name).read_bytes() == (untraced / name).read_bytes()


def test_scenarios_lists_arguments_with_units() -> None:
    output = tandem("scenarios", "wifi-edge").stdout
    assert "edgeCores" in output
    assert "PrintTypeIds" not in output
    assert "hello" in tandem("scenarios").stdout


def test_demo_trains_and_compares(tmp_path: Path) -> None:
    small = ("--users", "2", "--epochs", "2", "--interactions", "12", "--states", "2")
    output = tandem("demo", *small, "--out", tmp_path).stdout
    for words in ("device", "edge", "cloud", "random", "greedy", "mean (ms)", "timeouts"):
        assert words in output
    for words in ("hybrid", "best fixed", "oracle", "regret (%)", "interactions"):
        assert words in output
    # Each agent before and after learning.
    rows = [[cell.strip() for cell in line.split("│")] for line in output.splitlines()]
    learned = [(row[1], row[-2]) for row in rows if row[1:2] and row[1].startswith("hybrid")]
    agents = ("hybrid", "hybrid-no-prior")
    assert learned == [(agent, count) for agent in agents for count in ("0", "12")]
    for agent in agents:
        assert len(pd.read_parquet(tmp_path / agent / "history.parquet")) == 12
    edge = load_run(tmp_path / "edge")
    assert len(edge.requests) == 2 * 2
    assert len(edge.table("frames")) > 100
    # Recorded by one simulator, and still what a run of its own gives.
    alone = tmp_path / "alone"
    options = ("--users", "2", "--epochs", "2", "--seed", "1", "--policy", "edge")
    tandem("run", *options, "--out", alone)
    name = "requests.parquet"
    assert (alone / name).read_bytes() == (tmp_path / "edge" / name).read_bytes()


def test_version_and_help() -> None:
    for option, word in (("--version", "."), ("--help", "analyze")):
        result = subprocess.run(
            command(option), capture_output=True, text=True, timeout=TIMEOUT_S, check=True
        )
        assert word in result.stdout
