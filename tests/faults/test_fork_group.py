# SPDX-License-Identifier: MIT
"""A fork leaves its episode's process group while others wait for that group: nothing hangs."""

from __future__ import annotations

import os
import signal
import threading
import time

import numpy as np
import pytest
from interposed import compiled
from processes import alive, children
from standing_still import standing_still

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


def interrupt(env: TandemEnv) -> None:
    """Ctrl-C during a fork; its copy then leaves the group."""
    with standing_still(env), pytest.raises(KeyboardInterrupt):
        env.fork()
    time.sleep(FORKING_S)


def test_a_reset_ends_the_episode() -> None:
    with start() as env:
        env.reset(seed=3)
        first = env.step(np.zeros((2, 2), dtype=int))[1]
        interrupt(env)
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
        interrupt(env)
        killer = threading.Timer(FORKING_S / 4, os.kill, (ready, signal.SIGKILL))
        killer.start()
        env.reset(seed=3)
        killer.join()
        assert env.simulator.episode_pid != ready
        assert env.step(np.zeros((2, 2), dtype=int))[1] == first


def test_a_close_ends_all() -> None:
    env = start()
    env.reset(seed=3)
    interrupt(env)
    zygote = env.simulator.pid
    started_s = time.monotonic()
    env.close()
    assert time.monotonic() - started_s < LIMIT_S
    assert not alive(zygote)


def test_the_death_of_one_of_several_zygotes_is_told() -> None:
    """What keeps them waits for the group, too."""
    with TandemEnv("wifi-edge", {"users": 1, "epochs": 0}) as env:
        env.reset(seed=3)
        interrupt(env)
        (zygote,) = set(children(env.simulator.pid)) - {env.simulator.episode_pid}
        assert env.simulator.episode_pid in children(zygote)
        os.kill(zygote, signal.SIGKILL)
        started_s = time.monotonic()
        with pytest.raises(SimulatorDied):
            env.reset(seed=4)
        assert time.monotonic() - started_s < LIMIT_S
