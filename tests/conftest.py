# SPDX-License-Identifier: MIT
"""Fixtures for all tests: no test may leave a simulator behind; Ctrl-C works where it is tested."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest


def simulator_processes() -> set[int]:
    """Pids of living scenario processes (zombies do not count) that belong to this session."""
    from tandem.bridge.core.scenarios import executable_folder

    folder = str(executable_folder())
    found = set()
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            executable = (entry / "exe").readlink()
        except OSError:
            continue
        if str(executable).startswith(folder) and os.getpid() in ancestors(int(entry.name)):
            found.add(int(entry.name))
    return found


def ancestors(pid: int) -> list[int]:
    """The parent processes of a process, nearest first."""
    line: list[int] = []
    while pid > 1:
        try:
            stat = Path(f"/proc/{pid}/stat").read_text()
        except OSError:
            break
        pid = int(stat.rpartition(")")[2].split()[1])
        line.append(pid)
    return line


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Ctrl-C works, here and in what is started here: a shell's background jobs ignore it."""
    inherited = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, inherited)


@pytest.fixture(autouse=True)
def _no_simulator_left() -> Iterator[None]:
    before = simulator_processes()
    yield
    left = simulator_processes() - before
    assert not left, f"the test left simulators running: {left}"
