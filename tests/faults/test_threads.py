# SPDX-License-Identifier: MIT
"""Environments live as long as the process that made them, whatever thread did."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from interposed import compiled

from tandem.bridge.core.env import TandemEnv
from tandem.bridge.core.preload import VARIABLE
from tandem.bridge.core.scenarios import scenario_executable

#: Exit status of a simulator whose agent is gone (ns3_scenarios/agent-link/process.cc).
ORPHANED = 3


def make() -> TandemEnv:
    return TandemEnv("echo", values=1, epochs=0)


def in_a_joined_thread() -> TandemEnv:
    made: list[TandemEnv] = []
    thread = threading.Thread(target=lambda: made.append(make()))
    thread.start()
    thread.join()
    return made[0]


def in_a_pool() -> TandemEnv:
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(make).result()


def in_asyncio() -> TandemEnv:
    return asyncio.run(asyncio.to_thread(make))


@pytest.mark.parametrize("start", [in_a_joined_thread, in_a_pool, in_asyncio])
def test_an_environment_outlives_the_thread_that_made_it(
    start: Callable[[], TandemEnv],
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The simulator is slow to lift the signal that ends it with its thread."""
    library = compiled("slow_lift", tmp_path_factory.getbasetemp())
    monkeypatch.setenv(VARIABLE, str(library))
    with start() as env:
        env.reset(seed=1)
        assert env.step([1.0])[4]["decision"] == 0


def test_a_simulator_whose_agent_died_before_it_began_ends_at_once() -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    ours.close()
    with theirs:
        command = [str(scenario_executable("wifi-edge")), f"--agent={theirs.fileno()}"]
        ended = subprocess.run(command, pass_fds=(theirs.fileno(),), check=False, env=os.environ)
    assert ended.returncode == ORPHANED
