# SPDX-License-Identifier: MIT
"""One client's simulator on the server, driven by a thread of its own."""

from __future__ import annotations

import contextlib
import itertools
import logging
import os
import queue
import signal
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tandem.bridge.core.errors import NoEpisode, ScenarioError, TandemError
from tandem.bridge.core.simulator import Simulator
from tandem.bridge.remote.errors import ProtocolError, RemoteError, to_message
from tandem.bridge.remote.messages import (
    ACTION,
    SCHEMA,
    Ask,
    Asked,
    Branch,
    Branched,
    Close,
    Closed,
    Open,
    Opened,
    Published,
    Reset,
    Step,
    branch_prefix,
    frame_arrays,
    state_of,
)
from tandem.bridge.remote.wire import Arrays, encode

Job: TypeAlias = Open | Reset | Step | Branch | Ask | Close
#: Called from the session's thread with the frames of a reply.
Deliver: TypeAlias = Callable[["Session", "JobResult"], None]

_LOG = logging.getLogger(__name__)
_END: Final = None
#: What a simulator prints at the limit of its memory: from C++, the channel, and the loader.
_NO_MEMORY: Final = ("bad_alloc", "cannot map", "failed to map", "Cannot allocate memory")


@dataclass(frozen=True, slots=True)
class JobResult:
    """What came of one job.

    Attributes:
        frames: the reply.
        kind: which job (``"step"``).
        seconds: how long it took.
        epochs: how many were simulated for it, branches included.
        error: class name of the error, "" for none.
        over: whether the session has ended.
    """

    frames: list[bytes]
    kind: str
    seconds: float
    epochs: int
    error: str
    over: bool


@dataclass(frozen=True, slots=True)
class SessionLimits:
    """The limits of one simulator."""

    start_timeout_s: float
    step_timeout_s: float
    simulator_bytes: int
    max_branches: int
    parallel: int


class Session:
    """A thread that owns one `Simulator` and carries out one job after another.

    `submit` and `drop` never block. After `drop` nothing is delivered any more and the simulator
    ends as soon as its warm-up, if it is still in it, is over.

    Args:
        name: for the thread.
        limits: of the simulator.
        deliver: takes the replies.
        folders: of this machine, which no error tells the client.
    """

    def __init__(
        self, name: str, limits: SessionLimits, deliver: Deliver, folders: Iterable[Path] = ()
    ) -> None:
        self._limits = limits
        self._folders = tuple(folders)
        self._deliver = deliver
        self._jobs: queue.SimpleQueue[tuple[Job, Arrays, Path | None] | None] = queue.SimpleQueue()
        self._simulator: Simulator | None = None
        self._guard = threading.Lock()  # of _simulator, between this thread and drop()
        self._dropped = False
        self._thread = threading.Thread(target=self._run, name=f"session-{name}", daemon=True)
        self._thread.start()

    @property
    def alive(self) -> bool:
        """Whether the thread still runs, and so perhaps its simulator."""
        return self._thread.is_alive()

    def submit(self, job: Job, arrays: Arrays, executable: Path | None = None) -> None:
        """Queue a job; ``executable`` is what an `Open` starts."""
        self._jobs.put((job, arrays, executable))

    def drop(self) -> None:
        """End the simulator, even in the middle of an epoch: its client is gone."""
        self._dropped = True
        with self._guard:
            if self._simulator is not None:
                # Its thread wakes up, finds it dead and frees it.
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(self._simulator.pid, signal.SIGKILL)
        self._jobs.put(_END)

    def join(self, timeout_s: float) -> bool:
        """Wait for the end after `drop`. Returns whether it came in time."""
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    # --- in the session's thread ----------------------------------------------------------------

    def _run(self) -> None:
        try:
            while not self._dropped:
                item = self._jobs.get()
                if item is _END or self._dropped:
                    break
                result = self._carry_out(*item)
                if not self._dropped:
                    self._deliver(self, result)
                if result.over:
                    break
        finally:
            self._close()

    def _carry_out(self, job: Job, arrays: Arrays, executable: Path | None) -> JobResult:
        start = time.monotonic()
        epochs = 0
        error = ""
        over = isinstance(job, Close)
        try:
            frames, epochs = self._perform(job, arrays, executable)
        except TandemError as failure:
            error = type(failure).__name__
            frames = encode(to_message(job.id, failure, self._folders))
            over = self._simulator is None
        except Exception as failure:  # a bug here must not end the server
            _LOG.exception("a %s request failed", job.type)
            error = type(failure).__name__
            failed = RemoteError(f"the server failed on this request ({error}); see its log")
            frames = encode(to_message(job.id, failed))
            over = True
        if over:
            self._close()
        return JobResult(frames, job.type, time.monotonic() - start, epochs, error, over)

    def _perform(
        self, job: Job, arrays: Arrays, executable: Path | None
    ) -> tuple[list[bytes], int]:
        if isinstance(job, Open):
            if executable is None:
                raise RemoteError("no executable was chosen")
            return self._open(job, executable), 0
        if isinstance(job, Close):
            self._close()
            return encode(Closed(id=job.id)), 0
        simulator = self._simulator
        if simulator is None:
            raise NoEpisode("this connection has no simulator: open one first")
        if isinstance(job, Reset):
            frame = simulator.reset(job.seed)
        elif isinstance(job, Branch):
            return self._branch(simulator, job, _action(arrays))
        elif isinstance(job, Ask):
            asked = simulator.schema.joint_action.checked(simulator.ask(job.policy))
            return encode(Asked(id=job.id), {ACTION: asked}), 0
        else:
            frame = simulator.step(_action(arrays))
        reply = Published(id=job.id, state=state_of(frame), episode_pid=simulator.episode_pid)
        return encode(reply, frame_arrays(frame)), int(isinstance(job, Step))

    def _open(self, job: Open, executable: Path) -> list[bytes]:
        limits = self._limits
        step_timeout_s = min(job.step_timeout_s or limits.step_timeout_s, limits.step_timeout_s)
        try:
            simulator = Simulator(
                executable,
                job.arguments,
                branch_slots=min(job.branch_slots, limits.max_branches),
                start_timeout_s=limits.start_timeout_s,
                step_timeout_s=step_timeout_s,
                keep_actions=False,  # clients have them
                memory_bytes=limits.simulator_bytes,
            )
        except ScenarioError as error:
            if not any(sign in str(error) for sign in _NO_MEMORY):
                raise
            raise type(error)(
                f"{error}\nthis server gives a simulator {limits.simulator_bytes} bytes of memory"
            ) from error
        with self._guard:
            self._simulator = simulator
        command = [executable.name, *simulator.command[1:]]
        opened = Opened(
            id=job.id,
            command=command,
            pid=simulator.pid,
            program_digest=simulator.program_digest(),
        )
        schema = np.frombuffer(simulator.schema_text.encode(), np.uint8)
        return encode(opened, {SCHEMA: schema})

    def _branch(
        self, simulator: Simulator, job: Branch, actions: NDArray[Any]
    ) -> tuple[list[bytes], int]:
        epochs, most = sum(job.epochs), self._limits.max_branches
        if epochs > most or epochs != len(actions):
            raise ProtocolError(
                f"branches of {epochs} epochs with {len(actions)} actions in one request: as many "
                f"actions as epochs are needed, 1 to {most} are possible"
            )
        parallel = min(job.parallel or self._limits.parallel, self._limits.parallel)
        rows = iter(actions)
        sequences = [list(itertools.islice(rows, count)) for count in job.epochs]
        branches = simulator.branch_epochs(sequences, parallel=parallel, future=job.future)
        arrays: dict[str, NDArray[Any]] = {}
        for number, frames in enumerate(branches):
            for epoch, frame in enumerate(frames):
                arrays.update(frame_arrays(frame, branch_prefix(number, epoch)))
        states = [[state_of(frame) for frame in frames] for frames in branches]
        return encode(Branched(id=job.id, states=states), arrays), sum(map(len, branches))

    def _close(self) -> None:
        with self._guard:
            simulator, self._simulator = self._simulator, None
        if simulator is not None:
            simulator.close()


def _action(arrays: Mapping[str, NDArray[Any]]) -> NDArray[Any]:
    if set(arrays) != {ACTION}:
        raise ProtocolError(f"one array '{ACTION}' is expected, got {sorted(arrays) or 'none'}")
    action = arrays[ACTION]
    if action.ndim == 0:
        raise ProtocolError("the action is a single number, an array is expected")
    return action
