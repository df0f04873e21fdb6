# SPDX-License-Identifier: MIT
"""The process that a zygote keeps ready for the next reset: its death costs nothing, it lasts no
longer than its parent, and no reset waits for it."""

from __future__ import annotations

import os
import signal
import time

import numpy as np
import pytest
from processes import alive, children, descendants, parent, seconds_until, seconds_until_gone

from tandem.bridge.core import errors
from tandem.bridge.core.simulator import Simulator

ACTION = np.zeros(1)
LIMIT_S = 2.0
#: A wait of the simulator looks at its parent that often; nothing may need the second look.
SLICE_S = 0.1


def next_episode(simulator: Simulator, zygote: int = 0) -> int:
    """Pid of the process that is ready, once it is."""
    zygote = zygote or simulator.pid
    assert seconds_until(lambda: len(children(zygote)) == 2, LIMIT_S) < LIMIT_S
    (pid,) = set(children(zygote)) - {simulator.episode_pid}
    assert seconds_until(lambda: os.getpgid(pid) == pid, LIMIT_S) < LIMIT_S
    return pid


def play(simulator: Simulator, seed: int) -> bytes:
    simulator.reset(seed)
    return simulator.step([9, 9, 9]).records["requests"].tobytes()


def step_on(simulator: Simulator) -> None:
    while True:
        simulator.step([0])


def test_it_is_there_from_the_second_reset_on_and_becomes_the_episode() -> None:
    with Simulator("echo", {"values": 1, "epochs": 0}) as simulator:
        simulator.reset(1)
        time.sleep(SLICE_S)
        assert children(simulator.pid) == [simulator.episode_pid]
        simulator.reset(2)
        for seed in (3, 4):
            ready = next_episode(simulator)
            simulator.reset(seed)
            assert simulator.episode_pid == ready
            assert os.getpgid(ready) == simulator.pid


def test_an_episode_that_was_ready_is_the_one_that_was_not() -> None:
    with Simulator("wifi-edge", {"users": 3, "epochs": 0, "warmupSeed": 1}) as simulator:
        fresh = play(simulator, 5)
        assert [play(simulator, seed) for seed in (6, 5, 5)][1:] == [fresh, fresh]


def test_its_death_costs_nothing() -> None:
    with Simulator("wifi-edge", {"users": 3, "epochs": 0, "warmupSeed": 1}) as simulator:
        expected = play(simulator, 5)
        simulator.reset(5)
        os.kill(next_episode(simulator), signal.SIGKILL)
        again = simulator.step([9, 9, 9]).records["requests"].tobytes()
        assert again == expected
        assert play(simulator, 5) == expected
        next_episode(simulator)


def test_no_wake_up_is_lost() -> None:
    """Each process has a mailbox of its own: the one before may still be leaving its."""
    with Simulator("echo", {"values": 1, "epochs": 0}) as simulator:
        slow = 0
        for seed in range(1, 300):
            start = time.monotonic()
            simulator.reset(seed)
            slow += time.monotonic() - start > SLICE_S
    assert slow < 10


@pytest.mark.parametrize("begun", [True, False])
def test_a_reset_in_the_middle_of_branches_does_not_wait_for_it(begun: bool) -> None:
    arguments = {"values": 1, "epochs": 0, "hangAt": 1}
    with Simulator("echo", arguments) as simulator:
        simulator.reset(1)
        simulator.reset(2)
        ready = next_episode(simulator)
        for slot in (1, 2):
            simulator._channel.write_action(ACTION, slot)
        simulator._channel.post_branch([1, 1], 2, 0)
        if begun:
            assert seconds_until(lambda: len(children(simulator.episode_pid)) == 2, LIMIT_S) < 1
        family = [simulator.episode_pid, *children(simulator.episode_pid)]
        assert simulator.reset(3).decision == 0
        assert simulator.episode_pid == ready
        assert not any(alive(pid) for pid in family)


@pytest.mark.parametrize("arguments", [{"warmupSeed": 1}, {}], ids=["one warm-up", "kept warm-ups"])
@pytest.mark.parametrize("victim", ["zygote", None])
def test_it_does_not_outlive_its_simulator(arguments: dict[str, int], victim: str | None) -> None:
    with Simulator("wifi-edge", {"users": 1, "epochs": 0, **arguments}) as simulator:
        for seed in (1, 2, 1, 2):
            simulator.reset(seed)
        zygote = parent(simulator.episode_pid)
        next_episode(simulator, zygote)
        family = [simulator.pid, *descendants(simulator.pid)]
        if victim:
            os.kill(zygote, signal.SIGKILL)
            with pytest.raises(errors.SimulatorDied, match="SIGKILL"):
                step_on(simulator)
    assert seconds_until_gone(family, LIMIT_S) < LIMIT_S
