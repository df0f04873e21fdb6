# SPDX-License-Identifier: MIT
"""Branches that meet other random draws than the episode's: other futures of the same state."""

from __future__ import annotations

import numpy as np
import pytest

from tandem.bridge.core.env import TandemEnv

USERS = 3
EDGE = 8
ACTION = np.full(USERS, EDGE)


def times(env: TandemEnv, future: int, actions: int = 1) -> list[bytes]:
    outcomes = env.branch([ACTION] * actions, future=future)
    return [outcome.records["requests"].tobytes() for outcome in outcomes]


@pytest.mark.parametrize("scenario", ["wifi-edge", "lte-edge", "hetnet"])
def test_futures_differ_repeat_and_leave_the_present_alone(scenario: str) -> None:
    found = []
    for _ in range(2):
        with TandemEnv(scenario, users=USERS, epochs=4) as env:
            env.reset(seed=3)
            env.step(ACTION)
            real, other, third = (times(env, future)[0] for future in (0, 1, 2))
            assert real == times(env, 0)[0]
            assert [other, other] == times(env, 1, actions=2)
            assert len({real, other, third}) == 3
            *_, info = env.step(ACTION)
            assert info["requests"].tobytes() == real
            found.append((real, other, third))
    assert found[0] == found[1]


def test_futures_keep_what_lasts() -> None:
    """Positions and shadowing are the state's; only what comes is drawn anew."""
    with TandemEnv("wifi-edge", users=USERS, epochs=4, shadowing=6.0) as env:
        env.reset(seed=5)
        quiet = np.zeros(USERS, dtype=int)
        snr = [env.branch([quiet], future=future)[0].observation["users"] for future in range(4)]
        column = env.schema.block("users").column_index("snr_db")
        values = np.array([block[:, column] for block in snr])
        assert np.ptp(values, axis=0).max() < 1.0


def test_a_mean_over_futures_tells_skill_from_luck() -> None:
    """The spread between futures is that of requests under one policy, not a constant shift."""
    with TandemEnv("wifi-edge", users=USERS, epochs=4) as env:
        env.reset(seed=7)
        costs = [-env.branch([ACTION], future=k)[0].reward for k in range(6)]
        assert np.std(costs) > 0.0
        assert min(costs) < np.mean(costs) < max(costs)


def test_hello_has_futures_and_echo_refuses_them() -> None:
    with TandemEnv("hello", epochs=20) as env:
        env.reset(seed=1)
        backlogs = {
            env.branch([np.zeros(1, int)], horizon=10, future=k)[0].observation["backlog"].tobytes()
            for k in range(4)
        }
        assert len(backlogs) > 1
    with TandemEnv("echo", values=1, epochs=3) as env:
        env.reset(seed=1)
        with pytest.raises(ValueError, match="one future only"):
            env.branch([np.zeros(1)], future=1)
        with pytest.raises(ValueError, match="future is -1"):
            env.branch([np.zeros(1)], future=-1)
        assert len(env.branch([np.zeros(1)])) == 1
