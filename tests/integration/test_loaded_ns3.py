# SPDX-License-Identifier: MIT
"""The ns-3 that runs is the one that was built with: nothing replaces its libraries unseen."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tandem.bridge.core.errors import ScenarioError
from tandem.bridge.core.scenarios import scenario_executable
from tandem.bridge.core.simulator import Simulator
from tandem.scripts.app.common.toolchain import Toolchain, compile_scenario, find_compiler
from tandem.scripts.app.migration.build import build_compat

pytestmark = pytest.mark.skipif(
    Toolchain.installed().ns3_provider == "system",
    reason="a system's ns-3 is found where the loader looks: programs have no run path",
)


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Another installation of the same version: every library is a copy of its own."""
    folder = tmp_path_factory.mktemp("other-ns3")
    for library in own_folder().glob("lib*.so*"):
        shutil.copy(library, folder)
    return folder


def own_folder() -> Path:
    return Toolchain.installed().library_dir.resolve()


def core(folder: Path) -> Path:
    (library,) = folder.glob("libns3*-core*.so")
    return library


@pytest.mark.parametrize("scenario", ["echo", "wifi-edge"])
def test_the_library_path_replaces_nothing(
    scenario: str, other: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LD_LIBRARY_PATH", str(other))
    with Simulator(scenario) as simulator:
        simulator.reset(1)
        maps = Path(f"/proc/{simulator.episode_pid}/maps").read_text()
        assert str(other) not in maps
        assert simulator.ns3_folder == str(own_folder())


@pytest.mark.skipif(find_compiler() is None, reason="no C++ compiler")
def test_the_library_path_replaces_nothing_in_a_users_scenario(
    other: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "own"
    source = Toolchain.installed().scenario_library.parent / "hello.cc"
    compile_scenario([source], program, ["-O0"])
    monkeypatch.setenv("LD_LIBRARY_PATH", str(other))
    with Simulator(program) as simulator:
        assert simulator.ns3_folder == str(own_folder())


def test_a_replaced_library_is_refused(other: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LD_PRELOAD", str(core(other)))
    with pytest.raises(ScenarioError, match=r"another ns-3 was loaded") as caught:
        Simulator("echo")
    words = " ".join(str(caught.value).split())
    assert str(core(other)) in words
    assert str(core(own_folder()).name) in words
    assert "unset LD_LIBRARY_PATH and LD_PRELOAD" in words


def test_a_replaced_library_is_refused_without_python(other: Path) -> None:
    done = subprocess.run(
        [str(scenario_executable("hello")), "--epochs=1"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "LD_PRELOAD": str(core(other))},
    )
    assert done.returncode == 1
    assert "another ns-3 was loaded" in done.stderr


@pytest.mark.skipif(find_compiler() is None, reason="no C++ compiler")
def test_a_replaced_library_is_refused_in_a_foreign_scenario(other: Path, tmp_path: Path) -> None:
    sources = Path(__file__).parent / "compat_scenarios" / "gym_echo"
    shutil.copytree(sources, tmp_path / "gym_echo")
    (built,) = build_compat(tmp_path / "gym_echo", ["-O0"])
    assert built.error is None
    done = subprocess.run(
        [str(tmp_path / "gym_echo" / "tandem-build" / "gym_echo")],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "LD_PRELOAD": str(core(other)), "TANDEM_WAIT_S": "0"},
    )
    assert done.returncode == 1
    assert "another ns-3 was loaded" in done.stderr


def test_runs_and_doctor_name_the_ns3_that_was_loaded(tmp_path: Path) -> None:
    run = [sys.executable, "-m", "tandem.scripts.main"]
    subprocess.run(
        [*run, "run", "--users", "1", "--epochs", "1", "--out", str(tmp_path / "run"), "--quiet"],
        check=True,
        capture_output=True,
    )
    metadata = json.loads((tmp_path / "run" / "metadata.json").read_text())
    assert metadata["ns3_folder"] == str(own_folder())
    doctor = subprocess.run(
        [*run, "doctor"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "COLUMNS": "400"},
    )
    assert f"ns-3 loaded from {own_folder()}" in doctor.stdout
