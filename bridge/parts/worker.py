# SPDX-License-Identifier: MIT
"""A process of this machine that does one part after the other."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing.process import BaseProcess
from types import FrameType
from typing import Final

from tandem.bridge.parts.api import Ended, Folders, P, R, Task
from tandem.bridge.parts.attempt import attempt
from tandem.bridge.parts.parent import end_with_parent

#: Time that a process has to stop its simulators before it is killed, seconds.
STOP_S: Final = 5.0


class Worker:
    """A pool of a single process: where it breaks, it is known which part was lost."""

    def __init__(self) -> None:
        self._pool = ProcessPoolExecutor(
            1,
            mp_context=multiprocessing.get_context("spawn"),
            initializer=_begin,
            initargs=(os.getpid(),),
        )
        self._processes: list[BaseProcess] = []

    def submit(self, task: Task[P, R], part: P, folders: Folders) -> Future[Ended[R]]:
        """Begin a part; the process starts with the first one.

        The future raises `concurrent.futures.process.BrokenProcessPool` if the process is lost.
        """
        before = set(multiprocessing.active_children())
        future = self._pool.submit(attempt, task, part, folders)
        self._processes += set(multiprocessing.active_children()) - before
        return future

    def ask_to_end(self, *, busy: bool) -> None:
        """Let it end; what it does is stopped if it is ``busy``. Returns at once."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        if busy:
            for process in self._processes:
                process.terminate()

    def end(self) -> None:
        """Wait for its end; a process that does not end is killed."""
        for process in self._processes:
            process.join(STOP_S)
            if process.is_alive():
                process.kill()
                process.join()


def _begin(parent: int) -> None:
    """In the worker: leave Ctrl-C to the main process, which then ends this one in order."""
    signal.signal(signal.SIGINT, _ignore)
    signal.signal(signal.SIGTERM, _end)
    end_with_parent(parent)


def _ignore(number: int, frame: FrameType | None) -> None:
    """Unlike SIG_IGN this is not inherited by the programs that a part starts."""


def _end(number: int, frame: FrameType | None) -> None:
    # As an exception, so that a part closes what it has opened.
    sys.exit(1)
