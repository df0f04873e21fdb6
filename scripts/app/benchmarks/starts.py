# SPDX-License-Identifier: MIT
"""Cost of new processes, forked episodes and branches, on wifi-edge where nothing else is said."""

from __future__ import annotations

import os
import resource
import time
from typing import Final

import numpy as np

from tandem.agents.common.units import MS_PER_S
from tandem.bridge.core.simulator import Simulator
from tandem.scripts.app.benchmarks.record import Measurement, at_most

_GROUP: Final = "Resets and branches (wifi-edge, 5 users)"
_REPEATS: Final = 7
_RESETS: Final = 60
_MOVES: Final = 11
_BRANCHES: Final = 16
_USERS: Final = 5
_KIB: Final = 1024
_FORK_AIM_MS: Final = 2.0
_RESET_AIM_MS: Final = 5.0
_PROCESS_AIM_MS: Final = 120.0
_BRANCH_AIM_MS: Final = 2.0


def starts() -> list[Measurement]:
    """New process, forked episode and its first observation."""
    known: dict[str, object] = {"users": _USERS, "warmupSeed": 1}
    forks, resets = _resets("wifi-edge", known, _RESETS)
    _, moves = _resets("wifi-edge", {"users": _USERS}, _MOVES)
    processes = tuple(_process_s() * MS_PER_S for _ in range(_REPEATS))
    return [
        _measurement("new process to its first observation", processes, _PROCESS_AIM_MS),
        _measurement("fork of an episode", forks, _FORK_AIM_MS),
        _measurement(
            "reset to the first observation, its 10 ms simulated included", resets, _RESET_AIM_MS
        ),
        *(
            _measurement(
                f"the same in {scenario}", _resets(scenario, known, _RESETS)[1], _RESET_AIM_MS
            )
            for scenario in ("lte-edge", "hetnet")
        ),
        _measurement("reset to other places, with the warm-up there", moves),
    ]


def branches() -> list[Measurement]:
    """What a branch costs beside the plain epoch, one at a time and over all processors."""
    results = []
    for option, place in ((-1, "at the edge"), (0, "on the device")):
        with Simulator("wifi-edge", {"users": _USERS, "epochs": 0}) as simulator:
            high = int(simulator.schema.action.high)
            action = np.full(_USERS, high + option if option < 0 else option)
            simulator.reset(1)
            steps, alone, together = [], [], []
            for _ in range(_REPEATS):
                # All simulate the same epoch: branches first, then the step that they predict.
                start = time.perf_counter()
                simulator.branch([action] * _BRANCHES, parallel=1)
                alone.append((time.perf_counter() - start) / _BRANCHES * MS_PER_S)
                start = time.perf_counter()
                simulator.branch([action] * _BRANCHES)
                together.append((time.perf_counter() - start) / _BRANCHES * MS_PER_S)
                start = time.perf_counter()
                simulator.step(action)
                steps.append((time.perf_counter() - start) * MS_PER_S)
        over = tuple(a - s for a, s in zip(alone, steps, strict=True))
        gain = tuple(a / t for a, t in zip(alone, together, strict=True))
        processors = len(os.sched_getaffinity(0))
        results += [
            _measurement(f"plain epoch, all {place}", tuple(steps)),
            _measurement(f"branch beyond its epoch, all {place}", over, _BRANCH_AIM_MS),
            Measurement(_GROUP, f"gain of {processors} branches at a time, all {place}", "×", gain),
        ]
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / _KIB
    results.append(Measurement(_GROUP, "peak memory of a simulator so far", "MiB", (peak,)))
    return results


def _resets(
    scenario: str, arguments: dict[str, object], count: int
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Milliseconds until each of the episodes has begun, and until its first observation."""
    forks, resets = [], []
    with Simulator(scenario, arguments) as simulator:
        for seed in range(1, count):
            start = time.perf_counter()
            simulator.begin(seed)
            forks.append((time.perf_counter() - start) * MS_PER_S)
            simulator.wait()
            resets.append((time.perf_counter() - start) * MS_PER_S)
    return tuple(forks), tuple(resets)


def _process_s() -> float:
    start = time.perf_counter()
    with Simulator("wifi-edge", {"users": _USERS}) as simulator:
        simulator.reset(1)
        return time.perf_counter() - start


def _measurement(name: str, values: tuple[float, ...], aim: float | None = None) -> Measurement:
    return Measurement(_GROUP, name, "ms", values, None if aim is None else at_most(aim))
