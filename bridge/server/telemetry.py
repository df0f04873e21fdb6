# SPDX-License-Identifier: MIT
"""What a server publishes about itself, once a second, for ``tandem top``."""

from __future__ import annotations

import os
import time
from collections import Counter, deque
from pathlib import Path
from typing import Annotated, Final

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from tandem.bridge.server.session import JobResult

#: First frame of each telemetry message; subscribers filter on it.
TOPIC: Final = b"tandem.telemetry"
INTERVAL_S: Final = 1.0
#: Latencies are over this many steps, the last ones.
WINDOW_STEPS: Final = 1000
MAX_BYTES: Final = 1024 * 1024


class ClientRow(BaseModel):
    """One connection."""

    model_config = ConfigDict(frozen=True)

    client: str
    name: str
    scenario: str
    state: str
    epochs: Annotated[int, Field(ge=0)]
    idle_s: float


class Snapshot(BaseModel):
    """The state of a server at one moment.

    Attributes:
        uptime_s: since its start.
        simulators: running now; at most ``simulator_limit``.
        epochs: simulated since the start, branches included.
        epochs_per_s: over the last interval.
        step_p50_s, step_p99_s: of the last `WINDOW_STEPS` steps, on the server; 0 before the first.
        requests: carried out, by kind.
        errors: by class name.
        resident_bytes: memory of the server itself, without simulators.
        descriptors: open in the server.
    """

    model_config = ConfigDict(frozen=True)

    address: str
    version: str
    uptime_s: float
    simulators: int
    simulator_limit: int
    epochs: int
    epochs_per_s: float
    step_p50_s: float
    step_p99_s: float
    requests: dict[str, int]
    errors: dict[str, int]
    resident_bytes: int
    descriptors: int
    clients: list[ClientRow]


class Counters:
    """What a server counts between two snapshots."""

    def __init__(self) -> None:
        self._start_s = time.monotonic()
        self._last_s = self._start_s
        self._last_epochs = 0
        self._epochs = 0
        self._requests: Counter[str] = Counter()
        self._errors: Counter[str] = Counter()
        self._steps_s: deque[float] = deque(maxlen=WINDOW_STEPS)

    def note(self, result: JobResult) -> None:
        """Count a job that was carried out."""
        self._requests[result.kind] += 1
        self._epochs += result.epochs
        if result.kind == "step":
            self._steps_s.append(result.seconds)
        if result.error:
            self._errors[result.error] += 1

    def refuse(self, error: str) -> None:
        """Count a request that was refused before it reached a session."""
        self._errors[error] += 1

    def snapshot(
        self, address: str, version: str, simulator_limit: int, clients: list[ClientRow]
    ) -> Snapshot:
        """The state now; rates are since the last call."""
        now_s = time.monotonic()
        rate = (self._epochs - self._last_epochs) / max(now_s - self._last_s, 1e-9)
        self._last_s, self._last_epochs = now_s, self._epochs
        p50_s, p99_s = np.percentile(self._steps_s, (50, 99)) if self._steps_s else (0.0, 0.0)
        return Snapshot(
            address=address,
            version=version,
            uptime_s=now_s - self._start_s,
            simulators=sum(client.scenario != "" for client in clients),
            simulator_limit=simulator_limit,
            epochs=self._epochs,
            epochs_per_s=rate,
            step_p50_s=float(p50_s),
            step_p99_s=float(p99_s),
            requests=dict(self._requests),
            errors=dict(self._errors),
            resident_bytes=resident_bytes(),
            descriptors=descriptors(),
            clients=clients,
        )


def resident_bytes(pid: int | None = None) -> int:
    """Memory that a process (this one by default) has in RAM."""
    folder = Path("/proc") / ("self" if pid is None else str(pid))
    pages = int((folder / "statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def descriptors(pid: int | None = None) -> int:
    """Open file descriptors of a process (this one by default)."""
    folder = Path("/proc") / ("self" if pid is None else str(pid))
    return sum(1 for _ in (folder / "fd").iterdir())
