# SPDX-License-Identifier: MIT
"""Processor time of whole scenarios without an agent: what ns-3 itself costs.

Two installations, one with an ns-3 of one's own, are compared by ``tandem bench --compare``. CPU
time counts, so other work on the machine hardly matters.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Final

from tandem.bridge.core.errors import TandemError
from tandem.bridge.core.preload import simulator_environment
from tandem.bridge.core.scenarios import scenario_executable
from tandem.scripts.app.benchmarks.record import Measurement

_GROUP: Final = "Scenarios alone (5 users, all at the edge, start and warm-up included)"
_REPEATS: Final = 5
#: Decision epochs of each, so that a run takes a second or two.
EPOCHS: Final = {"wifi-edge": 11, "lte-edge": 11, "hetnet": 11}


def scenarios() -> list[Measurement]:
    """Processor seconds of each scenario, user and system, by turns."""
    times: dict[str, list[float]] = {name: [] for name in EPOCHS}
    for _ in range(_REPEATS):
        for name, epochs in EPOCHS.items():
            times[name].append(cpu_s(scenario_executable(name), epochs))
    return [
        Measurement(_GROUP, f"{name}, {EPOCHS[name]} epochs, CPU time", "s", tuple(values))
        for name, values in times.items()
    ]


def cpu_s(executable: Path, epochs: int) -> float:
    """Processor seconds, user and system, of one run with a fixed seed.

    Raises:
        TandemError: the scenario fails.
    """
    command = [str(executable), "--agent=none", "--policy=edge", "--users=5", "--seed=1"]
    command.append(f"--epochs={epochs}")
    process = subprocess.Popen(
        command,
        stdout=subprocess.DEVNULL,
        env=simulator_environment(os.environ, executable),
    )
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise TandemError(f"{' '.join(command)} ends with status {process.returncode}")
    return used.ru_utime + used.ru_stime
