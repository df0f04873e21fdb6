# SPDX-License-Identifier: MIT
"""TensorBoard's event files in a run's folder: a view, so a run outlives their failure."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Protocol

from rich.console import Console

from tandem.bridge.core.packages import not_installed

TENSORBOARD: Final = "tensorboard"


class ScalarWriter(Protocol):
    """What is used of PyTorch's `SummaryWriter`."""

    def add_scalar(self, name: str, value: float, step: int) -> None:
        """Keep a value."""
        ...

    def flush(self) -> None:
        """Write what is kept."""
        ...

    def close(self) -> None:
        """Write and close."""
        ...


class EventFiles:
    """Writes scalars until that fails; then says so once and drops the rest.

    TensorBoard writes from a thread of its own, so a failure shows at a later call, often at
    `close`. Raised there it would hide the error that ends the run.

    Args:
        make: opens the writer.
        folder: of the events, for the message.
        console: for the message.
    """

    def __init__(self, make: Callable[[], ScalarWriter], folder: Path, console: Console) -> None:
        self._folder, self._console = folder, console
        self._writer: ScalarWriter | None = None
        try:
            self._writer = make()
        except OSError as error:
            self._give_up(error)

    def add_scalar(self, name: str, value: float, step: int) -> None:
        """Keep the value ``name`` had at ``step``."""
        self._try(lambda writer: writer.add_scalar(name, value, step))

    def flush(self) -> None:
        """Write what is kept."""
        self._try(lambda writer: writer.flush())

    def close(self) -> None:
        """Write and close."""
        self._try(lambda writer: writer.close())

    def _try(self, call: Callable[[ScalarWriter], None]) -> None:
        if self._writer is None:
            return
        try:
            call(self._writer)
        except OSError as error:
            self._give_up(error)

    def _give_up(self, error: OSError) -> None:
        self._writer = None
        self._console.print(
            f"TensorBoard's events in {self._folder} are not complete: {error}; the run's tables "
            "have the same figures",
            style="yellow",
            markup=False,
            soft_wrap=True,
        )


@contextmanager
def event_files(folder: Path, done: int, console: Console) -> Iterator[EventFiles | None]:
    """Events in the run folder; ``None``, with a message, if TensorBoard is not installed.

    Args:
        folder: of the run.
        done: interactions before; what an interrupted run left behind after them goes.
        console: for messages.
    """
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        _say_that_there_are_none(console)
        yield None
        return
    place = folder / TENSORBOARD
    events = EventFiles(
        lambda: SummaryWriter(str(place), purge_step=done + 1 if done else None), place, console
    )
    try:
        yield events
    finally:
        events.close()


@functools.cache
def _say_that_there_are_none(console: Console) -> None:
    """Once, however many runs a command trains."""
    message = f"no TensorBoard events: {not_installed('tensorboard')}"
    console.print(message, style="yellow", markup=False, soft_wrap=True)
