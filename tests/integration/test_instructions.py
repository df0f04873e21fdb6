# SPDX-License-Identifier: MIT
"""Instructions that the simulator's side of a step takes, counted by callgrind.

Counts do not depend on how busy the machine is. The limits are the counts of this version and a
quarter, so that another compiler passes and a loop over all values with a branch does not.
"""

from __future__ import annotations

import re
import shlex
import shutil
import time
from pathlib import Path

import numpy as np
import pytest

from tandem.bridge.core.errors import SimulatorDied
from tandem.bridge.core.scenarios import scenario_executable
from tandem.bridge.core.simulator import Simulator

pytestmark = pytest.mark.skipif(
    shutil.which("valgrind") is None, reason="counts instructions: apt install valgrind"
)

FEW, MANY = 50, 250
SMALL, LARGE = 16, 4096
#: An action that makes `echo` crash.
CRASH = 11.0
#: Decide, the event that leads to it, both mailboxes and the system calls of a sleep.
STEP_LIMIT = 3000
#: Seeing that a value is the one that was published before, several values at a time.
VALUE_LIMIT = 4.7
#: Clamping, checking and copying one that is new, and setting it in `echo`.
NEW_VALUE_LIMIT = 11.3
WRITTEN_S = 60.0


def per_step(folder: Path, values: int, changing: int = 0) -> float:
    """Instructions of one step: what an episode of many takes beyond those of a few.

    All are episodes of one simulator, which takes seconds to start under valgrind. They end by a
    crash, as a process that is killed leaves no count. An episode starts with the count of the
    process that it is forked from, which grows evenly: hence a short one before and one after.
    """
    output = folder / f"{values}-{changing}"
    wrapper = folder / f"counted-{values}-{changing}"
    echo = shlex.quote(str(scenario_executable("echo")))
    wrapper.write_text(
        f'#!/bin/sh\ncase "$*" in *--describe*) exec {echo} "$@";; esac\n'
        f"exec valgrind --tool=callgrind --callgrind-out-file={output}.%p "
        f'{echo} "$@"\n'
    )
    wrapper.chmod(0o755)
    arguments = {"values": values, "choices": 1, "changing": changing, "epochs": 0}
    arguments["crashAbove"] = CRASH - 1
    counts = []
    # Without spinning, so that waiting costs the same however long it takes.
    with Simulator(wrapper, arguments, spin_us=0, failure_folder=folder) as simulator:
        for steps in (FEW, MANY, FEW):
            simulator.reset(1)
            for _ in range(steps):
                simulator.exchange(np.zeros(1))
            with pytest.raises(SimulatorDied):
                simulator.exchange(np.full(1, CRASH))
            counts.append(total(Path(f"{output}.{simulator.episode_pid}")))
    before, many, after = counts
    return (many - (before + after) / 2) / (MANY - FEW)


def total(path: Path) -> int:
    """Instructions of a process that has ended."""
    text = written(path)
    found = re.search(r"^totals: (\d+)", text, re.MULTILINE)
    assert found is not None, text[:500]
    return int(found[1])


def written(path: Path) -> str:
    """What callgrind writes when the process ends, once it is complete."""
    deadline = time.monotonic() + WRITTEN_S
    text = ""
    while "\ntotals: " not in text and time.monotonic() < deadline:
        time.sleep(0.05)
        text = path.read_text() if path.exists() else ""
    return text


def test_a_step_and_a_value_cost_few_instructions(tmp_path: Path) -> None:
    small, large = (per_step(tmp_path, values) for values in (SMALL, LARGE))
    new = per_step(tmp_path, LARGE, changing=LARGE)
    per_value, per_new = ((count - small) / (LARGE - SMALL) for count in (large, new))
    print(
        f"instructions: {small:.0f} per step, {per_value:.2f} per value, {per_new:.2f} if it is new"
    )
    assert 0 < small < STEP_LIMIT
    assert 0 < per_value < VALUE_LIMIT
    assert 0 < per_new < NEW_VALUE_LIMIT
