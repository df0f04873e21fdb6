# SPDX-License-Identifier: MIT
"""Ctrl-C while a simulator answers to what is no step: the episode goes on as if nothing was."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from standing_still import standing_still

from tandem.bridge.core.env import TandemEnv
from tandem.bridge.core.errors import NoEpisode

SCENARIO = "wifi-contention"
ARGUMENTS = {"stations": 2, "epochs": 4}
ASIDE: dict[str, Callable[[TandemEnv], Any]] = {
    "branch": lambda env: env.branch([action(1), action(2)], horizon=2),
    "fork": lambda env: env.fork().close(),
    "question": lambda env: env.simulator.ask("standard"),
}


def action(window: int) -> Any:
    return np.array([[window, 0], [window, 1]])


@pytest.fixture(scope="module")
def expected() -> list[tuple[bytes, float]]:
    with TandemEnv(SCENARIO, ARGUMENTS) as env:
        env.reset(seed=3)
        return [played(env, window) for window in range(4)]


def played(env: TandemEnv, window: int) -> tuple[bytes, float]:
    observation, reward, *_ = env.step(action(window))
    return b"".join(block.tobytes() for block in observation.values()), reward


@pytest.mark.parametrize("what", ASIDE)
@pytest.mark.parametrize("then", ["step", "again", "post", "wait", "reset"])
def test_the_episode_goes_on(what: str, then: str, expected: list[tuple[bytes, float]]) -> None:
    with TandemEnv(SCENARIO, ARGUMENTS) as env:
        env.reset(seed=3)
        assert played(env, 0) == expected[0]
        with standing_still(env), pytest.raises(KeyboardInterrupt):
            ASIDE[what](env)
        begin = 1
        if then == "again":
            ASIDE[what](env)
        elif then == "wait":
            with pytest.raises(NoEpisode, match="no step is under way"):
                env.wait()
        elif then == "reset":
            env.reset(seed=3)
            begin = 0
        elif then == "post":
            env.post(action(1))
            assert env.wait()[1] == expected[1][1]
            begin = 2
        assert [played(env, window) for window in range(begin, 4)] == expected[begin:]


def test_an_interrupted_step_is_waited_for(expected: list[tuple[bytes, float]]) -> None:
    with TandemEnv(SCENARIO, ARGUMENTS) as env:
        env.reset(seed=3)
        with standing_still(env), pytest.raises(KeyboardInterrupt):
            env.step(action(0))
        with pytest.raises(NoEpisode, match=r"call wait\(\) or reset\(\)"):
            env.branch([action(1)])
        env.wait()
        assert played(env, 1) == expected[1]
