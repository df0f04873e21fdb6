# SPDX-License-Identifier: MIT
"""Small parts for tests of executors; a worker process imports this module."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tandem.bridge.core.errors import TandemError
from tandem.bridge.parts.api import Folders, Task

FOLDER = "out"


@dataclass(frozen=True)
class Number:
    """A part that is a number."""

    value: int
    weight: float = 1.0

    @property
    def name(self) -> str:
        return f"number-{self.value}"


class Noting(Task[Number, Any]):
    """Notes each beginning in a file of its own, then does what a subclass says."""

    def run(self, part: Number, folders: Folders) -> Any:
        begun = len(list(folders[FOLDER].glob(f"{part.name}.*")))
        (folders[FOLDER] / f"{part.name}.{begun}").touch()
        return self.result(part, begun, folders)

    def result(self, part: Number, begun: int, folders: Folders) -> Any:
        return part.value**2


class Slower(Noting):
    """The first parts take the longest."""

    def result(self, part: Number, begun: int, folders: Folders) -> Any:
        time.sleep(0.05 * max(0, 4 - part.value))
        return part.value**2


class Failing(Noting):
    """2 is refused, 3 meets an error of Python, 4 returns what cannot be sent."""

    def result(self, part: Number, begun: int, folders: Folders) -> Any:
        if part.value == 2:
            raise TandemError("2 is not allowed: take 1")
        if part.value == 3:
            return {}["absent"]
        return threading.Lock() if part.value == 4 else part.value**2


class Dying(Noting):
    """The process of 1 is killed the first time, that of 2 each time."""

    def result(self, part: Number, begun: int, folders: Folders) -> Any:
        if part.value == 2 or (part.value == 1 and begun == 0):
            os.kill(os.getpid(), signal.SIGKILL)
        return part.value**2


class Sleeping(Noting):
    """Starts a program and waits for it; ends it when it is stopped."""

    def result(self, part: Number, begun: int, folders: Folders) -> Any:
        with subprocess.Popen(["sleep", "600"]) as process:
            (folders[FOLDER] / f"pids.{os.getpid()}.{process.pid}").touch()
            try:
                process.wait()
            finally:
                process.kill()
                (folders[FOLDER] / f"closed.{part.value}").touch()


def sleep_on(folder: str) -> None:
    """The main program of the tests of interruptions."""
    from tandem.bridge.parts.local import LocalExecutor

    parts = [Number(value) for value in range(6)]
    for _ in LocalExecutor(2).map(Sleeping(), parts, {FOLDER: Path(folder)}):
        raise AssertionError("none ends")


if __name__ == "__main__":
    sleep_on(sys.argv[1])
