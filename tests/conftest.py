# SPDX-License-Identifier: MIT
"""Fixtures for all tests: no test may leave a simulator behind; Ctrl-C works where it is tested."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from faults.processes import descendants

# Ray lets its workers run only where nothing else wants to: beside other tests on the same
# processors they take minutes for what is done in seconds.
os.environ.setdefault("RAY_worker_niceness", "0")


def simulator_processes() -> set[int]:
    """Pids of living scenario processes (zombies do not count) that belong to this session."""
    from tandem.bridge.core.scenarios import executable_folder

    folder = str(executable_folder())
    found = set()
    for pid in descendants(os.getpid()):
        try:
            executable = Path(f"/proc/{pid}/exe").readlink()
        except OSError:
            continue
        if str(executable).startswith(folder):
            found.add(pid)
    return found


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
