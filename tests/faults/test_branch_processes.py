# SPDX-License-Identifier: MIT
"""Branches answer before their last processes are gone; these do not pile up."""

from __future__ import annotations

import numpy as np
import pytest
from processes import alive, children, parent, seconds_until

from tandem.bridge.core.simulator import Simulator

ACTION = np.zeros(1)
ARGUMENTS = {"values": 1, "epochs": 0}
LIMIT_S = 5.0


def test_no_more_are_ending_than_ran_at_a_time() -> None:
    with Simulator("echo", ARGUMENTS) as simulator:
        simulator.reset(1)
        for parallel in (1, 2, 3):
            simulator.branch([ACTION] * 12, parallel=parallel)
            assert len(children(simulator.episode_pid)) <= parallel


@pytest.mark.parametrize("command", ["step", "fork"])
def test_the_next_command_reaps_those_that_ended(command: str) -> None:
    with Simulator("echo", ARGUMENTS) as simulator:
        simulator.reset(1)
        simulator.branch([ACTION] * 4, parallel=2)
        episode = simulator.episode_pid
        ended_s = seconds_until(lambda: not any(map(alive, children(episode))), LIMIT_S)
        assert ended_s <= LIMIT_S
        if command == "step":
            simulator.step(ACTION)
            left = []
        else:
            twin = simulator.fork()
            left = [twin.pid]
        assert children(episode) == left
        if command == "fork":
            assert not [pid for pid in children(twin.pid) if pid != twin.episode_pid]
            twin.branch([ACTION])
            twin.close()


def test_a_reset_leaves_none_behind() -> None:
    with Simulator("echo", ARGUMENTS) as simulator:
        for _ in range(3):
            simulator.reset(1)
            simulator.branch([ACTION] * 4, parallel=2)
        zygote = parent(simulator.episode_pid)
        simulator.reset(1)
        # The episode, and the next one.
        assert seconds_until(lambda: len(children(zygote)) <= 2, LIMIT_S) <= LIMIT_S
        assert children(simulator.episode_pid) == []
