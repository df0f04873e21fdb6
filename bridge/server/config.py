# SPDX-License-Identifier: MIT
"""What a server allows its clients."""

from __future__ import annotations

import os
from dataclasses import dataclass, field

from tandem.bridge.remote.messages import Limits
from tandem.bridge.server.session import SessionLimits


@dataclass(frozen=True)
class ServerConfig:
    """What a server allows.

    Attributes:
        simulators: how many may run at the same time, over all clients.
        simulators_per_client: the same for each client key (for all of this machine's users
            together where no keys are in use).
        connections: how many clients may be connected at the same time, with or without a
            simulator.
        max_array_bytes: size of all arrays in one message together.
        max_branches: how many branches one request may ask for.
        parallel: how many branches of one simulator run at the same time.
        simulator_bytes: address space of each simulator process.
        start_timeout_s: limit of a warm-up.
        step_timeout_s: limit of an epoch, and of a batch of branches.
        idle_timeout_s: a client that asks for nothing for so long is disconnected.
        silence_s: a connection that does not introduce itself for so long is cut off.
        heartbeat_s: time between two signs of life; a peer that misses three is gone.
    """

    simulators: int
    simulators_per_client: int
    connections: int = 256
    max_array_bytes: int = 16 * 1024 * 1024
    max_branches: int = 256
    parallel: int = field(default_factory=lambda: len(os.sched_getaffinity(0)))
    simulator_bytes: int = 8 * 1024**3
    start_timeout_s: float = 60.0
    step_timeout_s: float = 600.0
    idle_timeout_s: float = 3600.0
    silence_s: float = 10.0
    heartbeat_s: float = 2.0

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if value <= 0:
                raise ValueError(f"{name} is {value}, it must be above 0")

    @property
    def limits(self) -> Limits:
        """The limits that clients learn when they connect."""
        return Limits(
            max_array_bytes=self.max_array_bytes,
            max_branches=self.max_branches,
            simulators_per_client=self.simulators_per_client,
            start_timeout_s=self.start_timeout_s,
            step_timeout_s=self.step_timeout_s,
            idle_timeout_s=self.idle_timeout_s,
        )

    @property
    def session_limits(self) -> SessionLimits:
        """The limits of each simulator."""
        return SessionLimits(
            self.start_timeout_s,
            self.step_timeout_s,
            self.simulator_bytes,
            self.max_branches,
            self.parallel,
        )


def default_config(processors: int | None = None) -> ServerConfig:
    """Twice as many simulators as processors, all of them for any one client."""
    simulators = 2 * (processors or len(os.sched_getaffinity(0)))
    return ServerConfig(simulators=simulators, simulators_per_client=simulators)
