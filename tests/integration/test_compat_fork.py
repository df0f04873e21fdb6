# SPDX-License-Identifier: MIT
"""Forks of scenarios written for ns3-ai and ns3-gym: complete, of no concern to the original."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from compat_builds import processes_in
from remote_servers import wait_until

from tandem.bridge.core.errors import NoEpisode, SimulatorDied, TandemError
from tandem.compat.ns3ai import Ns3Env
from tandem.compat.ns3gym import ns3env
from tandem.compat.session import GymSession

LIMIT_S = 5.0


@pytest.fixture(autouse=True)
def _none_left(request: pytest.FixtureRequest) -> Iterator[None]:
    yield
    for name in ("echo", "port"):
        if name in request.fixturenames:
            folder = request.getfixturevalue(name).parent
            assert wait_until(lambda folder=folder: not processes_in(folder), LIMIT_S)


def make(echo: Path, **settings: Any) -> Any:
    return Ns3Env(targetName=str(echo), ns3Settings=settings, strictEnds=True)


def action(scale: float = 1.0) -> dict[str, Any]:
    return {
        "gain": np.array([[0.1, 0.2], [0.3, 0.4]]) * scale,
        "level": np.array([0.1], np.float32),
        "pick": 3,
        "both": (np.array([-300, 0, 299], np.int16), 1),
    }


def play(env: Any, *scales: float) -> list[Any]:
    """The random draw, the reward, the flags and the clock of each step."""
    steps = [env.step(action(scale)) for scale in scales]
    return [(seen["draw"].item(), *others) for seen, *others in steps]


def test_a_fork_goes_on_as_the_original_does(echo: Path) -> None:
    env = make(echo, steps=5)
    env.reset(seed=3)
    play(env, 1.0)
    fork = env.fork()
    twin = fork.fork()
    ahead = play(fork, 2.0, 3.0)
    assert play(env, 2.0, 3.0) == ahead
    assert [result[1] for result in ahead] == pytest.approx([0.8, 1.2])
    assert fork.branch([action(5)])[0][1] == env.branch([action(5)])[0][1]
    ends = [play(member, 4.0, 5.0)[-1] for member in (env, fork)]
    assert ends[0] == ends[1]
    assert ends[0][3] is True  # truncated: the simulation is over
    assert play(twin, 2.0, 3.0) == ahead  # it has not moved
    for member in (twin, env, fork):
        member.close()


def test_neither_is_harmed_by_the_end_of_the_other(echo: Path) -> None:
    env = make(echo, steps=3, end="crash")
    env.reset(seed=3)
    first, second = env.fork(), env.fork()
    assert len(processes_in(echo.parent)) == 3
    with pytest.raises(SimulatorDied, match=r"a fork(.|\n)*crashes on purpose"):
        play(first, 1.0, 1.0, 1.0)
    assert len(play(env, 1.0)) == 1
    env.close()
    assert len(processes_in(echo.parent)) == 1
    assert len(play(second, 1.0, 2.0)) == 2
    second.close()


def test_reset_of_a_fork_starts_a_simulator_of_its_own(echo: Path) -> None:
    env = make(echo, steps=9)
    env.reset(seed=3)
    expected = play(env, 1.0, 2.0)
    fork = env.fork()
    fork.reset(seed=3)
    assert play(fork, 1.0, 2.0) == expected
    assert len(play(env, 3.0)) == 1
    fork.close()
    env.close()


def test_forks_nobody_has_any_more_end(echo: Path) -> None:
    env = make(echo, steps=9)
    env.reset(seed=3)
    fork = env.fork()
    play(fork, 1.0)
    pid = fork._session.simulator_pid
    os.kill(pid, signal.SIGSTOP)  # even one that does not listen
    del fork
    gc.collect()
    assert wait_until(lambda: pid not in processes_in(echo.parent), LIMIT_S)
    play(env, 1.0)
    env.close()
    with pytest.raises(NoEpisode):
        env.fork()


def test_a_simulator_of_two_environments_cannot_be_copied_and_goes_on(port: Path) -> None:
    number = 7555 + os.getpid()
    other = GymSession(f"gym-{number}")
    waiting = threading.Thread(target=other.connect, args=(None,))
    waiting.start()  # until the simulation is over
    env = ns3env.Ns3Env(simulator=port, simArgs={"--secondPort": number})
    env.reset()
    with pytest.raises(TandemError, match="talks to several environments at once, or there is no"):
        env.fork()
    while not env.step(2)[2]:
        pass
    waiting.join(LIMIT_S)
    assert other.state is not None
    assert other.state.simulation_ended
    env.close()


@pytest.mark.parametrize("by_hand", [False, True])
def test_ns3gyms_environment_forks(port: Path, by_hand: bool) -> None:
    number = 6555 + os.getpid()
    command = [port, f"--openGymPort={number}", "--simSeed=4", "--simTime=1"]
    simulator = subprocess.Popen(command) if by_hand else None
    arguments = {"--simTime": 1}
    env = ns3env.Ns3Env(
        port=number, startSim=not by_hand, simSeed=4, simArgs=arguments, simulator=port
    )
    assert env.reset().tolist() == [0, 4]
    assert env.step(3)[0].tolist() == [3, 4]
    fork = env.fork()
    assert fork.get_state()[0].tolist() == [3, 4]
    assert fork.step(1)[0].tolist() == [1, 4]
    assert env.step(2)[0].tolist() == [2, 4]
    if by_hand:
        with pytest.raises(NoEpisode, match="reset the environment that it comes from"):
            fork.reset()
    else:
        assert fork.reset().tolist() == [0, 5]
        assert env.step(2)[0].tolist() == [2, 4]
    fork.close()
    env.close()
    if simulator is not None:
        assert simulator.wait(10) == 0
