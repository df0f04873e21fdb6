# SPDX-License-Identifier: MIT
"""The connection to a simulator elsewhere: what every kind of it offers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from numpy.typing import NDArray

from tandem.bridge.core.frame import Frame
from tandem.bridge.core.schema import Schema


class Link(Protocol):
    """A warmed-up simulator elsewhere, for as long as it can be reached.

    Actions have been checked. Every method but `close` raises `SimulatorLost` when the simulator
    cannot be reached any more, and what the simulator itself raises.

    Attributes:
        schema: what the scenario declared.
        schema_text: the same as JSON.
        command: what started the simulator.
        pid: the simulator's process, on its machine.
        program_digest: see `tandem.bridge.core.program_digest`.
        ns3_folder: where the simulator has loaded ns-3 from, on its machine; "" if unknown.
        episode_pid: process of the episode; 0 before the first, or if unknown.
    """

    schema: Schema
    schema_text: str
    command: tuple[str, ...]
    pid: int
    program_digest: str
    ns3_folder: str
    episode_pid: int

    @property
    def usable(self) -> bool:
        """Whether requests can still be sent, as far as is known."""
        ...

    def send_reset(self, seed: int) -> None:
        """Start an episode; `receive` returns its first frame."""
        ...

    def send_step(self, action: NDArray[Any]) -> None:
        """Start an epoch; `receive` returns the frame after it."""
        ...

    def receive(self) -> Frame:
        """The answer to the request sent last; may be called again after an interrupt."""
        ...

    def branch(
        self, sequences: Sequence[Sequence[NDArray[Any]]], parallel: int | None, future: int
    ) -> list[list[Frame]]:
        """Branches of the present decision: for each the frame after each of its actions."""
        ...

    def ask(self, policy: str) -> NDArray[Any]:
        """What one of the scenario's own policies would play now: as `JointAction.checked`."""
        ...

    def close(self, *, idle: bool) -> None:
        """End the simulator; ``idle``: no answer is awaited. May be called again."""
        ...


class OpenLink(Protocol):
    """Starts a simulator and returns the link to it."""

    def __call__(self, *, again: bool) -> Link:
        """``again``: the simulator replaces one that was lost during an episode."""
        ...
