# SPDX-License-Identifier: MIT
"""The C++ under memcheck, and on the ns-3 release that Debian ships. Minutes, so marked slow."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from tandem.bridge.scenarios import scenario_executable

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
