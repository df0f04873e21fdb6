# SPDX-License-Identifier: MIT
"""The C++ under memcheck, and on the ns-3 release that Debian ships. Minutes, so marked slow."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from tandem.bridge.core.scenarios import scenario_executable
from tandem.bridge.core.simulator import Simulator

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1500)]
SOURCE = Path(__file__).parents[2]
ERROR_STATUS = 99

RUNS = {
    "hello": ["--epochs=3"],
    "echo": ["--epochs=3", "--values=4", "--rows=2"],
    # With time-outs: sockets aborted, jobs cancelled.
    "wifi-edge": ["--users=2", "--epochs=4", "--policy=random", "--timeout=0.15", "--weakUsers=1"],
    "lte-edge": ["--users=2", "--epochs=2", "--policy=edge", "--timeout=0.15", "--weakUsers=1"],
}

#: Arguments and an action.
AGENT_RUNS = {
    "echo": ({"values": 5, "rows": 20, "recordCapacity": 64, "epochs": 0}, [1.0] * 5),
    "wifi-edge": ({"users": 2, "epochs": 0, "timeout": 0.15, "weakUsers": 1}, [8, 9]),
}


@pytest.mark.skipif(shutil.which("valgrind") is None, reason="valgrind is not installed")
@pytest.mark.parametrize("scenario", RUNS)
def test_memcheck_finds_nothing(tmp_path: Path, scenario: str) -> None:
    """No invalid access, no use of unset memory, nothing lost for good; ns-3 needs no exception."""
    command = [
        *("valgrind", "--leak-check=full", "--show-leak-kinds=definite"),
        *("--errors-for-leak-kinds=definite", "--num-callers=30"),
        f"--error-exitcode={ERROR_STATUS}",
        *(str(scenario_executable(scenario)), "--agent=none", *RUNS[scenario]),
        f"--requests={tmp_path / 'records.csv'}",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-8000:]
    assert "ERROR SUMMARY: 0 errors" in done.stderr


@pytest.mark.skipif(shutil.which("valgrind") is None, reason="valgrind is not installed")
@pytest.mark.parametrize("scenario", AGENT_RUNS)
def test_memcheck_finds_nothing_under_an_agent(tmp_path: Path, scenario: str) -> None:
    """The other half of the code: zygote, control socket, shared memory, branches, flushes."""
    arguments, action = AGENT_RUNS[scenario]
    wrapper = tmp_path / scenario
    wrapper.write_text(
        f"#!/bin/sh\nexec valgrind --leak-check=full --show-leak-kinds=definite "
        f"--errors-for-leak-kinds=definite --num-callers=30 --log-file={tmp_path}/%p.log "
        f'{shlex.quote(str(scenario_executable(scenario)))} "$@"\n'
    )
    wrapper.chmod(0o755)
    with Simulator(wrapper, arguments, one_shot=True) as simulator:
        simulator.reset(1)
        for _ in range(2):
            frames = simulator.branch([action, action], horizon=2)
            assert len(frames) == 2
            simulator.step(action)
    reports = {path.name: path.read_text() for path in tmp_path.glob("*.log")}
    summaries = [
        line for text in reports.values() for line in text.splitlines() if "ERROR SUMMARY" in line
    ]
    # The episode and four branches; the zygote does not get the time for its own.
    assert len(summaries) >= 5, reports
    assert all("ERROR SUMMARY: 0 errors" in line for line in summaries), reports
    assert not re.search(r"== +(Invalid|Conditional|Use of|Syscall param)", str(reports)), reports


def system_ns3() -> str | None:
    """The release of the system's ns-3, e.g. 3.37."""
    for folder in Path("/usr/lib").glob("*-linux-gnu"):
        for library in folder.glob("libns3*-core*.so.*"):
            return "3." + library.name.rpartition(".so.")[2]
    return None


@pytest.mark.skipif(system_ns3() is None, reason="libns3-dev is not installed")
@pytest.mark.skipif(
    not all(map(shutil.which, ("cmake", "ninja", "g++"))), reason="no cmake, ninja or g++"
)
def test_the_same_sources_on_the_system_ns3(tmp_path: Path) -> None:
    def run(*command: str | Path) -> str:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, (done.stdout + done.stderr)[-8000:]
        return done.stdout

    configured = run(
        *("cmake", "-S", SOURCE, "-B", tmp_path, "-G", "Ninja"),
        *("-DNS3_PROVIDER=system", "-DTANDEM_NATIVE=OFF"),
    )
    assert f"ns-3 {system_ns3()} (system)" in configured
    run("cmake", "--build", tmp_path, "-j", "2", "--target", "hello", "wifi-edge")
    programs = tmp_path / "ns3_scenarios"
    assert "after 5 epochs" in run(programs / "hello", "--epochs=5")

    table = tmp_path / "requests.csv"
    options = SOURCE / "dnn_profiles" / "data" / "options.csv"
    run(
        *(programs / "wifi-edge", "--users=2", "--epochs=3", "--policy=edge"),
        *(f"--options={options}", f"--requests={table}"),
    )
    header, *rows = table.read_text().splitlines()
    status = header.split(",").index("status")
    assert len(rows) == 6
    assert {row.split(",")[status] for row in rows} == {"0"}
    assert re.search(r"\bresponse_time_s\b", header)
