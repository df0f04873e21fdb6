# SPDX-License-Identifier: MIT
"""What an environment needs of a simulator, wherever that simulator runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from numpy.typing import ArrayLike, NDArray

from tandem.bridge.core.schema import Schema
from tandem.bridge.core.simulator import Frame


class Backend(Protocol):
    """A warmed-up scenario: `Simulator` in a process here, `RemoteSimulator` on a server.

    The methods and their errors are those of `tandem.bridge.core.simulator.Simulator`.
    """

    schema: Schema
    schema_text: str
    command: tuple[str, ...]
    pid: int

    @property
    def episode_pid(self) -> int: ...

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

    def exchange(self, action: Any) -> int: ...

    def observe(self) -> dict[str, NDArray[Any]]: ...

    def take_records(self) -> dict[str, NDArray[Any]]: ...

    def program_digest(self) -> str: ...

    def close(self) -> None: ...
