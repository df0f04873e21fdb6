# SPDX-License-Identifier: MIT
"""Several simulators: on this machine, as Ray actors, and estimated for many machines."""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from tandem.agents.common.units import MS_PER_S
from tandem.bridge.core.backend import Backend
from tandem.bridge.core.env import TandemEnv
from tandem.bridge.core.packages import is_there
from tandem.bridge.core.vector import TandemVectorEnv
from tandem.scripts.app.benchmarks.record import Measurement

_GROUP: Final = "Several simulators (wifi-edge, 5 users, all at the edge)"
_MODEL: Final = "On paper: 100 machines"
_REPEATS: Final = 5
_COUNTS: Final = (1, 2, 4)
_EPOCHS: Final = 6
_USERS: Final = 5
_CALLS: Final = 100
_BITS: Final = 8
#: The machines of the model: cores and network of a common small server.
MACHINES: Final = 100
CORES: Final = 16
NETWORK_BPS: Final = 10e9


@dataclass(frozen=True)
class Cluster:
    """Simulators on many machines under one agent.

    Attributes:
        epoch_s: of one simulator on one core.
        message_bytes: of one step, both directions.
        call_s: processor time of the agent's process for one remote step.
        machines: that simulate.
        cores: of each, one simulator each.
        network_bps: of the agent's machine.
    """

    epoch_s: float
    message_bytes: float
    call_s: float
    machines: int = MACHINES
    cores: int = CORES
    network_bps: float = NETWORK_BPS

    @property
    def simulators_per_s(self) -> float:
        """Steps per second that all simulators can compute."""
        return self.machines * self.cores / self.epoch_s

    @property
    def network_per_s(self) -> float:
        """Steps per second whose messages fit the agent's network."""
        return self.network_bps / (_BITS * self.message_bytes)

    @property
    def agent_per_s(self) -> float:
        """Steps per second that the agent's process can send and receive."""
        return 1.0 / self.call_s

    @property
    def steps_per_s(self) -> float:
        """Steps per second: what the tightest of the three allows."""
        return min(self.simulators_per_s, self.network_per_s, self.agent_per_s)


def scaling() -> list[Measurement]:
    """Steps per second of 1, 2, 4 simulators; a message; a remote call; the model."""
    results = []
    rates: dict[int, tuple[float, ...]] = {}
    for count in _COUNTS:
        rates[count] = _vector_rates("wifi-edge", count, users=_USERS, epochs=0)
        results.append(_of(f"steps of {count} simulators in all", "1/s", rates[count]))
    size = float(message_bytes())
    results.append(_of("message of a step, both directions", "byte", (size,)))
    if not is_there("ray"):
        return results
    from tandem.bridge.backends.ray_backend import RayBackend

    for count in _COUNTS:
        afar = _vector_rates("wifi-edge", count, backend=RayBackend(), users=_USERS, epochs=0)
        results.append(_of(f"steps of {count} simulators in all, as Ray actors", "1/s", afar))
    calls = _remote_call_s(RayBackend())
    results.append(_of("remote step under Ray, agent's side", "ms", [t * MS_PER_S for t in calls]))
    epoch_s = 1.0 / statistics.median(rates[1])
    cluster = Cluster(epoch_s, size, statistics.median(calls))
    for name, value in (
        (f"simulators: {MACHINES} machines × {CORES} cores", cluster.simulators_per_s),
        ("network: 10 Gbit/s at the agent", cluster.network_per_s),
        ("agent: one process that sends all steps", cluster.agent_per_s),
        ("what is left: the least of the three", cluster.steps_per_s),
    ):
        results.append(Measurement(_MODEL, name, "steps/s", (value,)))
    return results


def message_bytes() -> int:
    """Action, observation and records of an epoch of wifi-edge."""
    with TandemEnv("wifi-edge", users=_USERS, epochs=0) as env:
        env.reset(seed=1)
        action = _edge(env.action_space)
        observation, _, _, _, info = env.step(action)
    arrays = [*observation.values(), *(v for v in info.values() if isinstance(v, np.ndarray))]
    return action.nbytes + sum(array.nbytes for array in arrays)


def _vector_rates(scenario: str, count: int, **options: Any) -> tuple[float, ...]:
    """Steps per second in all; each repeat plays the same episodes again."""
    envs = TandemVectorEnv(scenario, num_envs=count, **options)
    actions = np.stack([_edge(envs.single_action_space)] * count)
    rates = []
    try:
        for _ in range(_REPEATS):
            envs.reset(seed=1)
            start = time.perf_counter()
            for _ in range(_EPOCHS):
                envs.step(actions)
            rates.append(count * _EPOCHS / (time.perf_counter() - start))
    finally:
        envs.close()
    return tuple(rates)


def _remote_call_s(backend: Backend) -> tuple[float, ...]:
    """Seconds of the agent's processor per remote step of a scenario that simulates nothing."""
    env = TandemEnv("echo", backend=backend, values=16, epochs=0)
    times = []
    try:
        env.reset(seed=1)
        for _ in range(_REPEATS):
            start = time.process_time()
            for _ in range(_CALLS):
                env.step(np.zeros(16))
            times.append((time.process_time() - start) / _CALLS)
    finally:
        env.close()
    return tuple(times)


def _edge(space: Any) -> np.ndarray[Any, np.dtype[np.int32]]:
    return np.full(space.shape, int(space.nvec.max()) - 2, dtype=np.int32)


def _of(name: str, unit: str, values: Sequence[float]) -> Measurement:
    return Measurement(_GROUP, name, unit, tuple(values))
