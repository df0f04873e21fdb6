# SPDX-License-Identifier: MIT
"""Servers for tests: in a thread of the test, or as a process of its own."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import zmq

from tandem.bridge.remote.sockets import Access
from tandem.bridge.server.catalogue import Catalogue
from tandem.bridge.server.config import default_config
from tandem.bridge.server.server import Server
from tandem.scripts.app.offers import offers

LOCAL = "tcp://127.0.0.1:0"
START_LIMIT_S = 30.0


def wait_until(condition: Any, limit_s: float) -> bool:
    """Whether ``condition()`` became true in time."""
    deadline_s = time.monotonic() + limit_s
    while not condition():
        if time.monotonic() > deadline_s:
            return False
        time.sleep(0.005)
    return True


@contextlib.contextmanager
def serving(
    scenarios: Sequence[str] = ("echo",), access: Access | None = None, **limits: Any
) -> Iterator[Server]:
    """A server in a thread."""
    config = dataclasses.replace(
        default_config(), **{"simulators": 8, "simulators_per_client": 8, **limits}
    )
    server = Server(Catalogue(offers(scenarios)), config, access or Access(LOCAL))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        yield server
    finally:
        server.stop()
        thread.join(START_LIMIT_S)
        server.close()
        assert not thread.is_alive()


class ServerProcess:
    """``tandem serve`` in a process of its own."""

    def __init__(self, address: str, *options: str, descriptors: int | None = None) -> None:
        limit = (
            []
            if descriptors is None
            else ["/bin/sh", "-c", f'ulimit -n {descriptors} && exec "$0" "$@"']
        )
        self.address = address
        self.process = subprocess.Popen(
            [
                *limit,
                *(sys.executable, "-m", "tandem.scripts.main", "serve", "--quiet"),
                *("--bind", address, *options),
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, "COLUMNS": "200"},
        )
        assert self.process.stdout is not None
        self.hello = self.process.stdout.readline()
        assert "offers" in self.hello, self.hello + self.process.stdout.read()

    @property
    def pid(self) -> int:
        return self.process.pid

    def end(self) -> None:
        """Politely, then not."""
        self.process.terminate()
        try:
            self.process.wait(START_LIMIT_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()


def free_address() -> str:
    """A loopback address that nobody uses now."""
    with zmq.Context() as context, context.socket(zmq.REP) as socket:
        return f"tcp://127.0.0.1:{socket.bind_to_random_port('tcp://127.0.0.1')}"


def children(pid: int) -> list[int]:
    """Processes that a process has started and that still run."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        with contextlib.suppress(OSError, ValueError):
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
            if int(fields[1]) == pid and fields[0] not in "ZX":
                found.append(int(entry.name))
    return found
