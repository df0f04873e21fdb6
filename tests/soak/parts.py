# SPDX-License-Identifier: MIT
"""The processes of a soak: workers and servers, restarted when they were killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

from census import MARK

HERE = Path(__file__).parent
STOP_S = 20.0
ERROR_CHARACTERS = 4000
#: What a server prints once it serves.
GREETING = " offers "


class Part:
    """A process that is started with the soak's mark and keeps its last line of output.

    Args:
        name: for messages.
        command: what to run.
        mark: of the soak.
        folder: for its error output, and its temporary files.
    """

    def __init__(self, name: str, command: list[str], mark: str, folder: Path) -> None:
        self.name = name
        self._command = command
        self._environment = {**os.environ, MARK: mark, "COLUMNS": "200", "TMPDIR": str(folder)}
        self._errors = folder / f"{name}.log"
        self._totals: dict[str, int] = {}
        self.starts = 0
        self.start()

    def start(self) -> None:
        """Start it, or start it again."""
        self.starts += 1
        self._line = b""
        self.heard_s = time.monotonic()
        with self._errors.open("ab") as errors:
            self.process = subprocess.Popen(
                self._command, stdout=subprocess.PIPE, stderr=errors, env=self._environment
            )
        self._reader = threading.Thread(target=self._read, args=(self.process,), daemon=True)
        self._reader.start()

    def _read(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout is not None
        with process.stdout as stream:
            for line in stream:
                self._line = line
                self.heard_s = time.monotonic()

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def works(self) -> bool:
        """Whether it has come so far, in this life, that killing it means something."""
        return bool(self.said) or self._errors.read_text().count(GREETING) >= self.starts

    @property
    def said(self) -> dict[str, Any]:
        """The last report of a worker."""
        line = self._line
        return json.loads(line) if line.startswith(b"{") and line.endswith(b"\n") else {}

    @property
    def counts(self) -> dict[str, int]:
        """What a worker has done, over all its lives."""
        now = self.said.get("counts", {})
        return {key: self._totals.get(key, 0) + now.get(key, 0) for key in {*self._totals, *now}}

    def kill(self) -> None:
        """SIGKILL, and wait for it."""
        self.process.kill()
        self.process.wait()
        self._reader.join(STOP_S)
        self._totals = self.counts

    def stop(self) -> int:
        """Ask it to end; its exit status."""
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._reader.join(STOP_S)
        return self.process.returncode

    def errors(self) -> str:
        """The end of what it printed as errors."""
        return self._errors.read_text(errors="replace")[-ERROR_CHARACTERS:]


def server(name: str, address: str, mark: str, folder: Path) -> Part:
    """``tandem serve`` on an address."""
    command = [sys.executable, "-m", "tandem.scripts.main", "serve", "--quiet"]
    command += ["--bind", address, "--telemetry", "", "--simulators", "12", "--heartbeat", "1"]
    return Part(name, command, mark, folder)


def worker(name: str, mark: str, folder: Path, *arguments: str) -> Part:
    """A process of ``worker.py``."""
    return Part(name, [sys.executable, str(HERE / "worker.py"), *arguments], mark, folder)
