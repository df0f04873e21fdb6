# SPDX-License-Identifier: MIT
"""Where simulators run: a backend starts them, an environment plays them wherever they are.

`tandem.bridge.core.local.LocalBackend` starts processes on this machine. The package
`tandem.bridge.backends` has others, and any callable of the same signature will do::

    env = TandemEnv("wifi-edge", backend=RemoteBackend(Target("tcp://server:5570")))
    envs = TandemVectorEnv("wifi-edge", num_envs=4, backend=RayBackend())
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final, Protocol

from numpy.typing import ArrayLike, NDArray

from tandem.bridge.core import _native
from tandem.bridge.core.frame import Frame
from tandem.bridge.core.output import OutputChoice
from tandem.bridge.core.schema import Schema

DEFAULT_BRANCH_SLOTS: Final = 64
DEFAULT_START_TIMEOUT_S: Final = 120.0


@dataclass(frozen=True, slots=True)
class SimulatorOptions:
    """How a simulator runs, beside its scenario and arguments.

    Attributes:
        branch_slots: epochs of branches that are kept at the same time, and so the longest horizon
            of a branch; longer lists of actions run in portions.
        spin_us: how long a wait spins before it sleeps, microseconds; 0 saves the most CPU.
        start_timeout_s: limit of the start, and of a reset that needs a warm-up.
        step_timeout_s: limit of a step in wall time; ``None`` for none.
        one_shot: run one episode only, whose process ends by itself (for files opened early).
        output: where what the simulator prints goes: ``None`` (kept for error messages),
            ``"inherit"`` (shown), or a file's path (`tandem.bridge.core.output`).
        folder: the simulator's working folder, from where arguments name files; ``None``: the
            present one.
        failure_folder: where the actions of an episode are written whose simulator fails; ``None``
            is the folder for temporary files.
        keep_actions: whether they are written.
    """

    branch_slots: int = DEFAULT_BRANCH_SLOTS
    spin_us: float = _native.DEFAULT_SPIN_US
    start_timeout_s: float = DEFAULT_START_TIMEOUT_S
    step_timeout_s: float | None = None
    one_shot: bool = False
    output: OutputChoice = None
    folder: Path | None = None
    failure_folder: str | os.PathLike[str] | None = None
    keep_actions: bool = True

    def keywords(self) -> dict[str, Any]:
        """As `tandem.bridge.core.simulator.Simulator` takes them."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


class RunningSimulator(Protocol):
    """A warmed-up scenario, wherever its process is.

    The methods and their errors are those of `tandem.bridge.core.simulator.Simulator`.
    """

    schema: Schema
    schema_text: str
    command: tuple[str, ...]
    pid: int
    forked: bool

    @property
    def episode_pid(self) -> int: ...

    @property
    def ns3_folder(self) -> str: ...

    def reset(self, seed: int) -> Frame: ...

    def begin(self, seed: int) -> None: ...

    def step(self, action: ArrayLike) -> Frame: ...

    def post(self, action: ArrayLike) -> None: ...

    def wait(self) -> Frame: ...

    def branch(
        self,
        actions: Sequence[ArrayLike],
        *,
        horizon: int = 1,
        parallel: int | None = None,
        future: int = 0,
    ) -> list[Frame]: ...

    def branch_epochs(
        self,
        sequences: Sequence[Sequence[Any]],
        *,
        parallel: int | None = None,
        future: int = 0,
    ) -> list[list[Frame]]: ...

    def fork(self, *, future: int = 0) -> RunningSimulator: ...

    def exchange(self, action: Any) -> int: ...

    def await_status(self) -> int: ...

    def observe(self) -> dict[str, NDArray[Any]]: ...

    def take_records(self) -> dict[str, NDArray[Any]]: ...

    def clipped(self) -> int: ...

    def frame(self, status: int) -> Frame: ...

    def ask(self, policy: str) -> Any: ...

    def program_digest(self) -> str: ...

    def close(self) -> None: ...


class Backend(Protocol):
    """Starts a scenario and returns when it is warmed up."""

    def __call__(
        self,
        scenario: str | os.PathLike[str],
        arguments: Mapping[str, object],
        options: SimulatorOptions,
        /,
    ) -> RunningSimulator: ...
