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

from tandem.bridge.core.scenarios import scenario_executable
from tandem.bridge.core.simulator import Simulator

pytestmark = pytest.mark.skipif(
    shutil.which("valgrind") is None, reason="counts instructions: apt install valgrind"
)

FEW, MANY = 50, 250
SMALL, LARGE = 16, 4096
#: Decide, the event that leads to it, both mailboxes and the system calls of a sleep.
STEP_LIMIT = 3000
#: Clamping a value and copying it twice, several values at a time.
VALUE_LIMIT = 7.5
WRITTEN_S = 60.0


def count(folder: Path, values: int, steps: int) -> int:
    """Instructions of an episode's process of so many steps."""
    output = folder / f"{values}-{steps}"
    wrapper = folder / f"counted-{values}-{steps}"
    echo = shlex.quote(str(scenario_executable("echo")))
    wrapper.write_text(
        f'#!/bin/sh\ncase "$*" in *--describe*) exec {echo} "$@";; esac\n'
        f"exec valgrind --tool=callgrind --callgrind-out-file={output}.%p "
        f'{echo} "$@"\n'
    )
    wrapper.chmod(0o755)
    arguments = {"values": values, "choices": 1, "epochs": steps}
    # Without spinning, so that waiting costs the same however long it takes.
    with Simulator(wrapper, arguments, one_shot=True, spin_us=0) as simulator:
        simulator.reset(1)
        for _ in range(steps):
            simulator.exchange(np.zeros(1))
        text = written(Path(f"{output}.{simulator.episode_pid}"))
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
    per_step = {
        values: (count(tmp_path, values, MANY) - count(tmp_path, values, FEW)) / (MANY - FEW)
        for values in (SMALL, LARGE)
    }
    per_value = (per_step[LARGE] - per_step[SMALL]) / (LARGE - SMALL)
    print(f"instructions: {per_step[SMALL]:.0f} per step, {per_value:.2f} per value")
    assert 0 < per_step[SMALL] < STEP_LIMIT
    assert 0 < per_value < VALUE_LIMIT
