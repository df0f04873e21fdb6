# SPDX-License-Identifier: MIT
"""``tandem bench``: what the bridge costs, measured on this machine."""

from __future__ import annotations

import json
import os
import platform
import resource
import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any, Final

import gymnasium
import numpy as np
import typer
from rich.console import Console
from rich.table import Table
from tandem.bridge.simulator import Simulator
from tandem.scripts.loop_overhead import agent_overhead

_REPEATS: Final = 5
_VALUES: Final = (16, 256, 4096)
_ROUND_TRIPS: Final = 60_000
_LATENCY_STEPS: Final = 20_000
_RESETS: Final = 100
_BRANCHES: Final = 32
_USERS: Final = 5
_EPOCHS: Final = 60
_PERCENTILE: Final = 99
_KIB: Final = 1024


@dataclass(frozen=True)
class Measurement:
    """One figure: the median of several runs and their range, beside the aim if there is one."""

    name: str
    unit: str
    median: float
    low: float
    high: float
    aim: str = ""

    @classmethod
    def of(cls, name: str, unit: str, values: list[float], aim: str = "") -> Measurement:
        """Sum up repeated runs."""
        return cls(name, unit, statistics.median(values), min(values), max(values), aim)


def round_trips(values: int) -> list[Measurement]:
    """Steps per second and their 99th percentile through ``gymnasium.make``."""
    env = gymnasium.make(
        "tandem/Custom-v0", scenario="echo", values=values, epochs=0, disable_env_checker=True
    ).unwrapped
    action = np.zeros(values)
    env.reset(seed=1)
    rates, tails = [], []
    for _ in range(_REPEATS):
        start = time.perf_counter()
        for _ in range(_ROUND_TRIPS):
            env.step(action)
        rates.append(_ROUND_TRIPS / (time.perf_counter() - start))
        taken = np.empty(_LATENCY_STEPS)
        for i in range(_LATENCY_STEPS):
            before = time.perf_counter_ns()
            env.step(action)
            taken[i] = time.perf_counter_ns() - before
        tails.append(float(np.percentile(taken, _PERCENTILE)) / 1e3)
    env.close()
    aim = "≥ 400 000" if values == _VALUES[0] else ""
    return [
        Measurement.of(f"round trips, {values} values", "1/s", rates, aim),
        Measurement.of(f"round trip p99, {values} values", "µs", tails),
    ]


def starts() -> list[Measurement]:
    """New process, forked episode and its first observation."""

    def process() -> float:
        start = time.perf_counter()
        with Simulator("wifi-edge", {"users": _USERS}) as simulator:
            simulator.reset(1)
            return time.perf_counter() - start

    simulator = Simulator("wifi-edge", {"users": _USERS})
    resets = []
    for seed in range(1, _RESETS):
        start = time.perf_counter()
        simulator.reset(seed)
        resets.append((time.perf_counter() - start) * 1e3)
    simulator.close()
    processes = [process() * 1e3 for _ in range(_REPEATS)]
    return [
        Measurement.of("new process to first observation, wifi-edge", "ms", processes),
        Measurement.of("forked episode to first observation, wifi-edge", "ms", resets, "≤ 5"),
    ]


def branch_cost() -> list[Measurement]:
    """What a branch costs beside the plain epoch, one at a time and over all processors."""
    simulator = Simulator("wifi-edge", {"users": _USERS, "epochs": 0})
    edge = np.full(_USERS, int(simulator.schema.action.high) - 1)
    simulator.reset(1)
    steps, alone, together = [], [], []
    for _ in range(_REPEATS):
        # Both sides simulate the same epoch: the branches come first, then the step they foresaw.
        start = time.perf_counter()
        simulator.branch([edge] * _BRANCHES, parallel=1)
        alone.append((time.perf_counter() - start) / _BRANCHES * 1e3)
        start = time.perf_counter()
        simulator.branch([edge] * _BRANCHES)
        together.append((time.perf_counter() - start) / _BRANCHES * 1e3)
        start = time.perf_counter()
        simulator.step(edge)
        steps.append((time.perf_counter() - start) * 1e3)
    simulator.close()
    overhead = [a - s for a, s in zip(alone, steps, strict=True)]
    return [
        Measurement.of("plain epoch, wifi-edge, all at the edge", "ms", steps),
        Measurement.of("one branch beyond its epoch", "ms", overhead),
        Measurement.of("a branch of many, all processors", "ms", together),
    ]


def loop(scenario: str) -> list[Measurement]:
    """Epochs per second under the agent and alone, and the overhead between them."""
    pairs = [agent_overhead(scenario, _USERS, _EPOCHS) for _ in range(_REPEATS)]
    timed = _EPOCHS - 1  # the first epoch of an episode is left out
    agent = [timed / pair.agent_s for pair in pairs]
    alone = [timed / pair.alone_s for pair in pairs]
    percent = [(pair.agent_s / pair.alone_s - 1) * 100 for pair in pairs]
    name = f"{scenario}, {_USERS} users"
    return [
        Measurement.of(f"epochs with the agent, {name}", "1/s", agent),
        Measurement.of(f"epochs with --agent=none, {name}", "1/s", alone),
        Measurement.of(f"overhead of the agent, {name}", "%", percent, "≤ 2"),
    ]


def memory() -> list[Measurement]:
    """Peak resident memory of the simulators run so far."""
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / _KIB
    return [Measurement.of("peak memory of a simulator", "MiB", [peak])]


def bench(
    json_path: Annotated[
        Path | None, typer.Option("--json", help="Write the figures to this file, too.")
    ] = None,
) -> None:
    """Measure round trips, resets, branches and the loop around real scenarios.

    Medians of several runs. Run it on a quiet machine: with both processors busy elsewhere, a
    round trip costs what the scheduler makes of it.
    """
    groups: list[tuple[str, Callable[[], list[Measurement]]]] = [
        *((f"round trips of {n} values", lambda n=n: round_trips(n)) for n in _VALUES),
        ("starts and resets", starts),
        ("branches", branch_cost),
        ("wifi-edge in the loop", lambda: loop("wifi-edge")),
        ("lte-edge in the loop", lambda: loop("lte-edge")),
        ("memory", memory),
    ]
    console = Console()
    results: list[Measurement] = []
    for title, measure in groups:
        with console.status(title):
            results.extend(measure())
    table = Table(title="medians (lowest … highest)")
    for column in ("figure", "median", "range", "unit", "aim"):
        table.add_column(column, justify="right" if column == "median" else "left")
    for m in results:
        table.add_row(m.name, _text(m.median), f"{_text(m.low)} … {_text(m.high)}", m.unit, m.aim)
    console.print(table)
    if json_path:
        machine: dict[str, Any] = {
            "system": platform.platform(),
            "processors": len(os.sched_getaffinity(0)),
            "python": platform.python_version(),
        }
        data = {"machine": machine, "results": [asdict(m) for m in results]}
        json_path.write_text(json.dumps(data, indent=2) + "\n")


def _text(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"  # noqa: PLR2004
