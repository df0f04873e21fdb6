# SPDX-License-Identifier: MIT
"""A fork leaves its episode's process group while others wait for that group: nothing hangs."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from interposed import compiled
from processes import alive, children

from tandem.bridge.core.env import TandemEnv
from tandem.bridge.core.errors import SimulatorDied
from tandem.bridge.core.preload import VARIABLE

#: Until the fork is made, and less than it then takes to leave the group.
FORKING_S = 0.2
LIMIT_S = 5.0


def start() -> TandemEnv:
    return TandemEnv("wifi-contention", {"stations": 2, "epochs": 0})


@pytest.fixture(autouse=True)
def _slow_forks(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, str(compiled("slow_setsid", tmp_path_factory.getbasetemp())))


def interrupt(env: TandemEnv, fork: Callable[[], Any]) -> None:
    """Ctrl-C while the fork leaves the group."""

    def raise_interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, raise_interrupt)
    os.kill(env.simulator.episode_pid, signal.SIGSTOP)
    signal.setitimer(signal.ITIMER_REAL, FORKING_S / 4)
    try:
        with pytest.raises(KeyboardInterrupt):
            fork()
    finally:
        signal.signal(signal.SIGALRM, before)
        os.kill(env.simulator.episode_pid, signal.SIGCONT)
    time.sleep(FORKING_S)


def test_a_reset_ends_the_episode() -> None:
    with start() as env:
        env.reset(seed=3)
        first = env.step(np.zeros((2, 2), dtype=int))[1]
        interrupt(env, env.fork)
        started_s = time.monotonic()
        env.reset(seed=3)
        assert time.monotonic() - started_s < LIMIT_S
        assert env.step(np.zeros((2, 2), dtype=int))[1] == first


def test_the_next_episode_may_die_meanwhile() -> None:
    """Its end comes while the zygote waits for the group, and is not forgotten."""
    with start() as env:
        env.reset(seed=3)
        first = env.step(np.zeros((2, 2), dtype=int))[1]
        env.reset(seed=3)
        time.sleep(FORKING_S)
        (ready,) = set(children(env.simulator.pid)) - {env.simulator.episode_pid}
        interrupt(env, env.fork)
        killer = threading.Timer(FORKING_S / 4, os.kill, (ready, signal.SIGKILL))
        killer.start()
        env.reset(seed=3)
        killer.join()
        assert env.simulator.episode_pid != ready
        assert env.step(np.zeros((2, 2), dtype=int))[1] == first


def test_a_close_ends_all() -> None:
    env = start()
    env.reset(seed=3)
    interrupt(env, env.fork)
    zygote = env.simulator.pid
    started_s = time.monotonic()
    env.close()
    assert time.monotonic() - started_s < LIMIT_S
    assert not alive(zygote)


def test_the_death_of_one_of_several_zygotes_is_told() -> None:
    """What keeps them waits for the group, too."""
    with TandemEnv("wifi-edge", {"users": 1, "epochs": 0}) as env:
        env.reset(seed=3)
        interrupt(env, env.fork)
        (zygote,) = set(children(env.simulator.pid)) - {env.simulator.episode_pid}
        assert env.simulator.episode_pid in children(zygote)
        os.kill(zygote, signal.SIGKILL)
        started_s = time.monotonic()
        with pytest.raises(SimulatorDied):
            env.reset(seed=4)
        assert time.monotonic() - started_s < LIMIT_S
