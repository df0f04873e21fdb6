# SPDX-License-Identifier: MIT
"""Ctrl-C and SIGTERM as requests: the work at hand is finished first."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final


@contextmanager
def stop_requests() -> Iterator[Callable[[], bool]]:
    """Yields a function that returns whether the run should end.

    The first Ctrl-C or SIGTERM asks, so that an update of the agent is never cut in two; the second
    one raises ``KeyboardInterrupt`` at once.
    """
    asked = False

    def ask(number: int, frame: FrameType | None) -> None:
        nonlocal asked
        if asked:
            raise KeyboardInterrupt
        asked = True

    previous = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield lambda: asked
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


#: Exit status of a program that Ctrl-C ended, by convention.
EXIT_INTERRUPTED: Final = 130


@contextmanager
def sigterm_as_interrupt() -> Iterator[None]:
    """Let SIGTERM end a run as Ctrl-C does: with its results written."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    previous = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, previous)
