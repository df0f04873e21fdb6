# SPDX-License-Identifier: MIT
"""Cost of new processes, forked episodes and branches, on wifi-edge where nothing else is said."""

from __future__ import annotations

import os
import resource
import statistics
import time
from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tandem.agents.common.units import MS_PER_S
from tandem.bridge.core.simulator import Simulator
from tandem.scripts.app.benchmarks.record import Measurement, at_most

_GROUP: Final = "Resets and branches (wifi-edge, 5 users)"
_REPEATS: Final = 7
_RESETS: Final = 60
_MOVES: Final = 11
#: Epochs that are compared with branches of their own, and how many branches each.
_DECISIONS: Final = 31
_BRANCHES: Final = 3
#: Branches that are asked for together.
_AT_ONCE: Final = 8
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
            steps, over = _alone(simulator, action)
            gain = tuple(_gain(simulator, action) for _ in range(_REPEATS))
        processors = len(os.sched_getaffinity(0))
        results += [
            _measurement(f"plain epoch, all {place}", steps),
            _measurement(f"branch beyond its epoch, all {place}", over, _BRANCH_AIM_MS),
            Measurement(_GROUP, f"gain of {processors} branches at a time, all {place}", "×", gain),
        ]
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / _KIB
    results.append(Measurement(_GROUP, "peak memory of a simulator so far", "MiB", (peak,)))
    return results


def _alone(
    simulator: Simulator, action: NDArray[np.int64]
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Milliseconds of epochs, and what a branch of the same epoch takes beyond it.

    Epochs differ much more than that, so each is compared with branches of its own.
    """
    steps, over = [], []
    for _ in range(_DECISIONS):
        branch_ms = statistics.median(
            _timed_ms(lambda: simulator.branch([action])) for _ in range(_BRANCHES)
        )
        steps.append(_timed_ms(lambda: simulator.step(action)))
        over.append(branch_ms - steps[-1])
    return tuple(steps), tuple(over)


def _gain(simulator: Simulator, action: NDArray[np.int64]) -> float:
    """How many times faster branches are over all processors than one after the other."""
    actions = [action] * _AT_ONCE
    alone = _timed_ms(lambda: simulator.branch(actions, parallel=1))
    return alone / _timed_ms(lambda: simulator.branch(actions))


def _timed_ms(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return (time.perf_counter() - start) * MS_PER_S


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
