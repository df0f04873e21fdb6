# SPDX-License-Identifier: MIT
"""Cost of the bridge alone: the ``echo`` scenario simulates nothing."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any, Final

import gymnasium
import numpy as np

from tandem.bridge.core.env import TandemEnv
from tandem.scripts.app.benchmarks.record import Aim, Measurement, at_least, at_most

REPEATS: Final = 5
#: Values observed, and the aims for a one-value action, as the peers' figures are.
VALUES: Final = {16: 500_000.0, 256: 450_000.0, 4096: 250_000.0}
MANY: Final = max(VALUES)
#: Work per step, µs, and the aims for steps per second of four simulators in all.
WORK_US: Final = {0: 100_000.0, 50: 19_000.0, 500: 2_000.0}
_GROUP: Final = "Bridge"
_RATE_S: Final = 0.4
_STEPS_PER_CLOCK: Final = 200
_LATENCY_STEPS: Final = 10_000
_P99: Final = 99
_P99_AIM_US: Final = 5.0
_FUTEX_AIM: Final = 17_000.0
_ONE_CORE_AIM: Final = 100_000.0
_SIMULATORS: Final = 4
_SLOW_EPOCH_US: Final = 20_000
_SLOW_STEPS: Final = 25
_WAITING_AIM_PERCENT: Final = 5.0


def bridge() -> list[Measurement]:
    """Everything of this group."""
    results: list[Measurement] = []
    for values, aim in VALUES.items():
        results += round_trips(values, 1, at_least(aim))
    # Above the same values come again and again; lines that stay are not sent anew.
    for changing in (MANY // 2, MANY - 1):
        results += round_trips(MANY, 1, None, changing)
    for values in VALUES:
        results += round_trips(values, values, None)
    results.append(_rate("round trips, 16 values, sleeping only (futex)", _FUTEX_AIM, spin_us=0))
    with one_core():
        results.append(_rate("round trips, 16 values, both sides on one core", _ONE_CORE_AIM))
    results += [several(work_us, aim) for work_us, aim in WORK_US.items()]
    results.append(waiting())
    return results


def round_trips(values: int, choices: int, aim: Aim | None, changing: int = 0) -> list[Measurement]:
    """Steps per second through ``gymnasium.make``, and their 99th percentile.

    Args:
        values: values observed.
        choices: values chosen.
        aim: of the rate.
        changing: how many of the values observed differ from those of the step before.
    """
    others = f", {changing} of them new," if changing else ","
    what = f"{values} values observed{others} {choices} chosen"
    action = np.zeros(choices)
    with closing(_echo(values=values, choices=choices, changing=changing)) as env:
        env.reset(seed=1)
        rates, tails = [], []
        for _ in range(REPEATS):
            rates.append(_steps_per_second(env, action))
            taken = np.empty(_LATENCY_STEPS)
            for i in range(_LATENCY_STEPS):
                before = time.perf_counter_ns()
                env.step(action)
                taken[i] = time.perf_counter_ns() - before
            tails.append(float(np.percentile(taken, _P99)) / 1e3)
    tail_aim = at_most(_P99_AIM_US) if aim is not None else None
    return [
        Measurement(_GROUP, f"round trips, {what}", "1/s", tuple(rates), aim),
        Measurement(_GROUP, f"round trip p99, {what}", "µs", tuple(tails), tail_aim),
    ]


def several(work_us: int, aim: float) -> Measurement:
    """One agent that steps four simulators by turns: posts to all, then waits for all."""
    envs = [TandemEnv("echo", values=16, workUs=work_us, epochs=0) for _ in range(_SIMULATORS)]
    action = np.zeros(16)
    rates = []
    try:
        for env in envs:
            env.reset(seed=1)
        for _ in range(REPEATS):
            steps = 0
            start = time.perf_counter()
            while (taken := time.perf_counter() - start) < _RATE_S:
                for env in envs:
                    env.post(action)
                for env in envs:
                    env.wait()
                steps += _SIMULATORS
            rates.append(steps / taken)
    finally:
        for env in envs:
            env.close()
    name = f"steps of {_SIMULATORS} simulators with {work_us} µs of work, one agent"
    return Measurement(_GROUP, name, "1/s", tuple(rates), at_least(aim))


def waiting() -> Measurement:
    """Processor time of the agent while it waits for a slow simulator."""
    shares = []
    with closing(_echo(values=16, choices=16, workUs=_SLOW_EPOCH_US)) as env:
        env.reset(seed=1)
        for _ in range(REPEATS):
            start, busy = time.perf_counter(), time.process_time()
            for _ in range(_SLOW_STEPS):
                env.step(np.zeros(16))
            busy_s = time.process_time() - busy
            shares.append(busy_s / (time.perf_counter() - start) * 100)
    name = f"processor share of waiting for epochs of {_SLOW_EPOCH_US // 1000} ms"
    return Measurement(_GROUP, name, "%", tuple(shares), at_most(_WAITING_AIM_PERCENT))


@contextmanager
def one_core() -> Iterator[None]:
    """Pin this thread, and what it starts, to one processor."""
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(allowed)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, allowed)


def _rate(name: str, aim: float, **options: Any) -> Measurement:
    with closing(_echo(values=16, choices=16, **options)) as env:
        env.reset(seed=1)
        rates = tuple(_steps_per_second(env, np.zeros(16)) for _ in range(REPEATS))
    return Measurement(_GROUP, name, "1/s", rates, at_least(aim))


def _steps_per_second(env: gymnasium.Env[Any, Any], action: Any) -> float:
    steps = 0
    start = time.perf_counter()
    while (taken := time.perf_counter() - start) < _RATE_S:
        for _ in range(_STEPS_PER_CLOCK):
            env.step(action)
        steps += _STEPS_PER_CLOCK
    return steps / taken


def _echo(**arguments: Any) -> gymnasium.Env[Any, Any]:
    env: gymnasium.Env[Any, Any] = gymnasium.make(
        "tandem/Custom-v0", scenario="echo", epochs=0, disable_env_checker=True, **arguments
    ).unwrapped
    return env
