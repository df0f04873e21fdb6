# SPDX-License-Identifier: MIT
"""No file descriptor left: a clear error wherever it happens, nothing lost, all well afterwards."""

from __future__ import annotations

import contextlib
import re
import resource
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
from remote_servers import ServerProcess, children, free_address, wait_until

from tandem.bridge.backends.remote import RemoteSimulator, Target
from tandem.bridge.core.errors import TandemError

ECHO = {"values": 1, "epochs": 0}
ACTION = np.ones(1)
LIMIT_S = 20.0
#: Uses a simulator with ever more descriptors to spare, from none to enough.
PROGRAM = """
import contextlib, gc, os, resource, sys, time
from tandem.bridge.core.errors import TandemError
from tandem.bridge.backends.remote import RemoteSimulator, Target
from tandem.bridge.core.simulator import Simulator

def start():
    arguments = {"values": 1, "epochs": 0}
    if len(sys.argv) == 1:
        return Simulator("echo", arguments, branch_slots=4)
    target = Target(sys.argv[1], connect_timeout_s=0.5, resume_timeout_s=0.0)
    return RemoteSimulator("echo", arguments, branch_slots=4, target=target)

def use():
    with contextlib.closing(start()) as simulator:
        for seed in (1, 2):
            simulator.reset(seed)
            simulator.step([1.0])
            simulator.branch([[1.0]] * 2)

def opened():
    gc.collect()
    return len(os.listdir("/proc/self/fd"))

use()
before, limit = opened(), resource.getrlimit(resource.RLIMIT_NOFILE)
lowest = max(map(int, os.listdir("/proc/self/fd")))
spare, served = 0, False
while not served:
    resource.setrlimit(resource.RLIMIT_NOFILE, (lowest + spare, limit[1]))
    try:
        use()
        served = True
    except TandemError as error:
        print(spare, " ".join(str(error).split()))
        spare += 1
    resource.setrlimit(resource.RLIMIT_NOFILE, limit)
    for _ in range(100):  # ZeroMQ closes in a thread of its own
        if opened() <= before:
            break
        time.sleep(0.02)
    assert opened() <= before, (spare, opened(), before)
use()
print("served with", spare)
"""


def refusals(*arguments: str) -> list[str]:
    """What the program said for each number of descriptors that was too small."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    *refused, last = done.stdout.splitlines()
    assert last.startswith("served with ")
    assert refused
    return refused


def test_a_simulator_without_descriptors_is_refused_clearly() -> None:
    for line in refusals():
        assert re.search(r"ulimit -n|[Tt]oo many open files|error while loading", line), line


def test_a_client_without_descriptors_is_refused_clearly() -> None:
    server = ServerProcess(free_address(), "--scenario", "echo", "--telemetry", "")
    try:
        for line in refusals(server.address):
            assert re.search(r"ulimit -n|no server answers", line), line
        assert wait_until(lambda: not children(server.pid), LIMIT_S)
    finally:
        server.end()


def test_a_server_without_descriptors_keeps_what_it_has() -> None:
    server = ServerProcess(free_address(), "--scenario", "echo")
    target = Target(server.address, connect_timeout_s=0.5, resume_timeout_s=0.0)
    try:
        with_one = RemoteSimulator("echo", ECHO, target=target)
        with_one.reset(1)
        pid = with_one.episode_pid
        limit = resource.prlimit(server.pid, resource.RLIMIT_NOFILE)
        for spare in range(0, 12, 2):
            now = len(list(Path(f"/proc/{server.pid}/fd").iterdir()))
            resource.prlimit(server.pid, resource.RLIMIT_NOFILE, (now + spare, limit[1]))
            with contextlib.suppress(TandemError):
                RemoteSimulator("echo", ECHO, target=target).close()
            assert with_one.step(ACTION).decision == spare // 2 + 1
            time.sleep(0.05)
        resource.prlimit(server.pid, resource.RLIMIT_NOFILE, limit)
        patient = Target(server.address, connect_timeout_s=LIMIT_S)
        again = RemoteSimulator("echo", ECHO, target=patient)
        assert again.reset(2).decision == 0
        again.close()
        assert with_one.episode_pid == pid
        with_one.close()
        assert wait_until(lambda: not children(server.pid), LIMIT_S)
    finally:
        server.end()
