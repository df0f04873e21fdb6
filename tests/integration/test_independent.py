# SPDX-License-Identifier: MIT
"""The scenarios against an independent program, which is ns-3 alone (``tests/native``).

The program and the scenarios draw other places and other back-offs, so means are compared, within
the 99 % confidence interval of their difference: of the first requests of an episode, too.
"""

from __future__ import annotations

import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from cmake_targets import NEEDED, build
from scipy import stats

from tandem.bridge.core.simulator import Simulator

CONFIDENCE = 0.99
DECISIONS = 4
EDGE = 8
#: Nobody else in the cell, a server that works in no time.
QUIET = {
    "placement": "ring",
    "mobility": "static",
    "backgroundStations": 0,
    "edgeQuietLoad": 0,
    "edgeBusyLoad": 0,
    "edgeServiceScale": 0,
    "epochs": DECISIONS,
}

pytestmark = [pytest.mark.slow, *NEEDED, pytest.mark.timeout(1200)]


@pytest.fixture(scope="module")
def program() -> Path:
    return build("tandem-independent")


def independent(program: Path, seed: int, options: dict[str, object]) -> list[float]:
    """Mean response time of the users at each decision, seconds."""
    command = [program, f"--RngRun={seed}", f"--decisions={DECISIONS}"]
    command += [f"--{name}={value}" for name, value in options.items()]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=300)
    assert len(done.stdout.splitlines()) == DECISIONS * int(str(options["users"])), done.stdout
    sums = np.zeros(DECISIONS)
    for line in done.stdout.splitlines():
        decision, _, time = line.split()
        sums[int(decision)] += float(time.strip("+ns")) * 1e-9
    return list(sums / int(str(options["users"])))


def scenario(name: str, seeds: range, arguments: dict[str, object]) -> np.ndarray:
    """The same of a scenario, one row per seed."""
    rows = []
    with Simulator(name, {**QUIET, **arguments}) as simulator:
        for seed in seeds:
            users = simulator.reset(seed).observation["users"].shape[0]
            frames = [simulator.step(np.full(users, EDGE)) for _ in range(DECISIONS)]
            rows.append([f.records["requests"]["response_time_s"].mean() for f in frames])
    return np.array(rows)


@pytest.mark.parametrize(
    ("cell", "users", "radius_m", "seeds"),
    [("wifi", 1, 47, 100), ("wifi", 3, 25, 100), ("lte", 1, 300, 12), ("lte", 3, 300, 12)],
)
def test_means_agree(program: Path, cell: str, users: int, radius_m: int, seeds: int) -> None:
    options = {"cell": cell, "users": users, "radius": radius_m}
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        futures = [pool.submit(independent, program, s, options) for s in range(1, seeds + 1)]
        other = np.array([future.result() for future in futures])
    arguments: dict[str, object] = {"users": users, "radius": radius_m}
    own = scenario(f"{cell}-edge", range(1, seeds + 1), arguments)
    for decision in range(DECISIONS):
        a, b = own[:, decision], other[:, decision]
        difference = a.mean() - b.mean()
        interval = stats.ttest_ind(a, b, equal_var=False).confidence_interval(CONFIDENCE)
        # LTE without luck has hardly any spread: half a per cent is agreement as well.
        slack = 0.005 * b.mean()
        print(
            f"{cell}, {users} users, decision {decision}: "
            f"{1e3 * a.mean():.1f} ms, independent {1e3 * b.mean():.1f} ms"
        )
        assert interval.low - slack <= 0 <= interval.high + slack, difference
