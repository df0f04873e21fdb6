# SPDX-License-Identifier: MIT
"""Another allocator changes nothing but speed, and serves only programs that can have it."""

from __future__ import annotations

import functools
import os
import shlex
import subprocess
from pathlib import Path

import numpy as np
import pytest
from native_programs import ADDRESS, missing

from tandem.bridge.core.allocators import ALLOCATORS, installed_allocator
from tandem.bridge.core.errors import TandemError
from tandem.bridge.core.preload import LOADER, NONE, VARIABLE, allocator, simulator_environment
from tandem.bridge.core.scenarios import scenario_executable
from tandem.bridge.core.simulator import Simulator

EPOCHS = 2
USERS = 3

needs_one = pytest.mark.skipif(
    installed_allocator() is None,
    reason=f"none of {', '.join(ALLOCATORS)} is installed: apt install libmimalloc2.0",
)


def play(scenario: str | Path) -> tuple[list[bytes], str]:
    """All observations and requests of an episode, and the libraries of the simulator."""
    data = []
    with Simulator(scenario, {"users": USERS, "epochs": EPOCHS}) as simulator:
        frame = simulator.reset(5)
        for _ in range(EPOCHS):
            frame = simulator.step(np.full(USERS, 8))
            data += [array.tobytes() for array in frame.observation.values()]
            data += [array.tobytes() for array in frame.records.values()]
        return data, Path(f"/proc/{simulator.pid}/maps").read_text()


@needs_one
@pytest.mark.parametrize("scenario", ["wifi-edge", "lte-edge"])
def test_one_is_taken_by_itself_and_results_are_equal_byte_by_byte(
    scenario: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = Path(installed_allocator() or "").name.split(".")[0]
    monkeypatch.setenv(VARIABLE, NONE)
    usual, usual_libraries = play(scenario)
    monkeypatch.delenv(VARIABLE)
    other, other_libraries = play(scenario)
    assert name not in usual_libraries
    assert name in other_libraries
    assert usual == other


@needs_one
def test_a_script_keeps_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    script = tmp_path / "wrapped"
    program = shlex.quote(str(scenario_executable("wifi-edge")))
    script.write_text(f'#!/bin/sh\nexec {program} "$@"\n')
    script.chmod(0o755)
    name = Path(installed_allocator() or "").name.split(".")[0]
    assert name not in play(script)[1]


@needs_one
@pytest.mark.skipif(bool(missing(ADDRESS)), reason=missing(ADDRESS))
def test_a_program_with_a_sanitizer_keeps_its_own(tmp_path: Path) -> None:
    programs = {}
    for name, options in (("plain", ()), ("checked", ("-fsanitize=address",))):
        programs[name] = tmp_path / name
        command = ["g++", "-x", "c++", "-", *options, "-o", programs[name]]
        subprocess.run(command, input=b"int main() { return 0; }", check=True)
    assert allocator({}, programs["plain"]).library == installed_allocator()
    chosen = allocator({}, programs["checked"])
    assert chosen.library is None
    assert "sanitizer" in chosen.reason


def test_what_is_preloaded_already_stays_alone() -> None:
    program = scenario_executable("echo")
    variables = simulator_environment({LOADER: "/usr/lib/libtool.so"}, program)
    assert variables == {LOADER: "/usr/lib/libtool.so"}


def test_a_given_library_comes_before_what_is_preloaded(tmp_path: Path) -> None:
    library = tmp_path / "lib.so"
    library.touch()
    given = {LOADER: "/usr/lib/libtool.so", VARIABLE: str(library)}
    variables = simulator_environment(given, scenario_executable("echo"))
    assert variables[LOADER] == f"{library} /usr/lib/libtool.so"


def test_a_wrong_choice_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "/no/such/lib.so")
    with pytest.raises(TandemError, match=r"/no/such/lib\.so.*none, auto or the path"):
        Simulator("hello")


def test_a_path_that_the_loader_would_part_is_refused(tmp_path: Path) -> None:
    library = tmp_path / "my lib.so"
    library.touch()
    with pytest.raises(TandemError, match="no path with a space or a colon"):
        allocator({VARIABLE: str(library)}, scenario_executable("echo"))


def test_none_is_the_c_library() -> None:
    chosen = functools.partial(allocator, program=scenario_executable("echo"))
    assert chosen({VARIABLE: NONE}).library is None


def test_looking_for_one_starts_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a process was started")

    monkeypatch.setattr(subprocess, "Popen", refuse)
    monkeypatch.setattr(os, "posix_spawn", refuse)
    installed_allocator.cache_clear()
    allocator({}, scenario_executable("echo"))
