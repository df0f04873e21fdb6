# SPDX-License-Identifier: MIT
"""What the agent in the loop costs: one episode with it and without, by turns."""

from __future__ import annotations

import os
import subprocess
import time
from dataclasses import dataclass

import numpy as np

from tandem.bridge.core.frame import Status
from tandem.bridge.core.preload import simulator_environment
from tandem.bridge.core.scenarios import scenario_executable
from tandem.bridge.core.simulator import Simulator

_SEED = 1


@dataclass(frozen=True)
class LoopTimes:
    """Wall time of the same epochs under an agent and alone, seconds."""

    agent_s: float
    alone_s: float


def agent_overhead(scenario: str, users: int, epochs: int, policy: str = "edge") -> LoopTimes:
    """Time fixed decisions under a Python agent and under ``--agent=none``.

    Start, topology, warm-up and the first epoch are left out on both sides: under the agent by
    starting the clock at the second decision, alone by taking off the time of a process that plays
    one epoch (the shortest episode there is).

    Args:
        epochs: length of the episode, at least 2; all but the first are timed.
        policy: ``edge`` or ``device``: where all users run the most accurate variant.
    """
    arguments = {"users": users, "epochs": epochs}
    with Simulator(scenario, arguments) as simulator:
        edge = int(simulator.schema.action.high) - 1
        action = np.full(users, edge if policy == "edge" else 0)
        simulator.reset(_SEED)
        frame = simulator.step(action)
        start = time.perf_counter()
        while frame.status is Status.DECISION:
            frame = simulator.step(action)
        agent_s = time.perf_counter() - start
    alone_s = _process_s(scenario, users, epochs, policy) - _process_s(scenario, users, 1, policy)
    return LoopTimes(agent_s, alone_s)


def _process_s(scenario: str, users: int, epochs: int, policy: str) -> float:
    executable = scenario_executable(scenario)
    start = time.perf_counter()
    subprocess.run(
        [
            executable,
            "--agent=none",
            f"--policy={policy}",
            f"--users={users}",
            f"--epochs={epochs}",
            f"--seed={_SEED}",
        ],
        check=True,
        capture_output=True,
        env=simulator_environment(os.environ, executable),  # the same allocator as under an agent
    )
    return time.perf_counter() - start
