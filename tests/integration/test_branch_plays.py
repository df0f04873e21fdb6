# SPDX-License-Identifier: MIT
"""Branches of sequences and of policies give bit for bit what steps give."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from remote_servers import serving

from tandem.bridge.backends.remote import RemoteBackend, Target
from tandem.bridge.core.backend import Backend
from tandem.bridge.core.branch import Outcome
from tandem.bridge.core.env import TandemEnv
from tandem.bridge.core.errors import InvalidAction, SimulatorDied
from tandem.bridge.core.local import LocalBackend

WIFI = {"users": 2, "epochs": 0}
HELLO = {"queues": 4, "arrival": 0.7, "epochs": 0}
PLAN = [[8, 9], [0, 9], [9, 9]]


@pytest.fixture(scope="module", params=["local", "remote", "ray"])
def backend(request: pytest.FixtureRequest) -> Iterator[Backend]:
    if request.param == "remote":
        with serving(["wifi-edge", "hello", "wifi-contention"]) as server:
            yield RemoteBackend(Target(server.address, connect_timeout_s=10.0))
    elif request.param == "ray":
        ray = pytest.importorskip("ray", reason="Ray is not installed")
        from tandem.bridge.backends.ray_backend import RayBackend

        ray.init(address="local", num_cpus=1, include_dashboard=False, log_to_driver=False)
        yield RayBackend()
        ray.shutdown()
    else:
        yield LocalBackend()


def played(env: TandemEnv, actions: list[Any]) -> list[tuple[bytes, bytes, float]]:
    """Users, requests and reward of each step."""
    results = []
    for action in actions:
        observation, reward, _, _, info = env.step(action)
        results.append((observation["users"].tobytes(), info["requests"].tobytes(), reward))
    return results


def check(outcome: Outcome, steps: list[tuple[bytes, bytes, float]]) -> None:
    users, requests, rewards = zip(*steps, strict=True)
    assert outcome.rewards == rewards
    assert outcome.reward == sum(rewards)
    assert tuple(seen["users"].tobytes() for seen in outcome.observations) == users
    assert outcome.observation["users"].tobytes() == users[-1]
    assert outcome.records["requests"].tobytes() == b"".join(requests)
    assert outcome.info["requests"].tobytes() == requests[-1]


def test_a_sequence_gives_what_its_steps_give(backend: Backend) -> None:
    with TandemEnv("wifi-edge", WIFI, backend=backend) as env:
        env.reset(seed=3)
        env.step([9, 9])
        held, sequence, short, array = env.branch(
            [[8, 9], PLAN, PLAN[:2], np.array(PLAN)], horizon=3
        )
        steps = played(env, PLAN)
    check(sequence, steps)
    check(array, steps)
    check(short, steps[:2])
    assert np.array_equal(sequence.actions, PLAN)
    assert np.array_equal(held.actions, [[8, 9]] * 3)
    assert held.observations[0]["users"].tobytes() == steps[0][0]
    assert held.rewards[1] != sequence.rewards[1]


def test_a_row_of_all_values_is_an_action_of_a_block_with_two_axes(backend: Backend) -> None:
    rows = [[1, 0, 2, 1], [3, 1, 0, 0]]
    squares = np.reshape(rows, (2, 2, 2))
    with TandemEnv("wifi-contention", stations=2, epochs=0, backend=backend) as env:
        env.reset(seed=3)
        outcomes = env.branch([rows, np.array(rows), squares, rows[0], squares[0]], horizon=2)
        sequence, array, wanted, held, held_square = (outcome.rewards for outcome in outcomes)
        assert sequence == array == wanted != held == held_square
        assert tuple(env.step(row)[1] for row in rows) == wanted
        for wrong in ([1, 0, 2], [1, 0, 2, 1, 0], [rows]):
            with pytest.raises(InvalidAction, match="has shape"):
                env.step(wrong)


def test_sequences_of_many_lengths_run_in_portions() -> None:
    plans = [PLAN[:1], PLAN * 2, PLAN[:2], PLAN, PLAN[:1]]
    with TandemEnv("wifi-edge", WIFI) as env:
        env.reset(seed=3)
        expected = env.branch(plans)
    with TandemEnv("wifi-edge", WIFI, branch_slots=6) as env:
        env.reset(seed=3)
        outcomes = env.branch(plans)
        with pytest.raises(ValueError, match=r"horizon is 7.*are 6"):
            env.branch([[PLAN[0]] * 7])
    assert [outcome.rewards for outcome in outcomes] == [o.rewards for o in expected]
    assert [len(outcome.rewards) for outcome in outcomes] == [1, 6, 2, 3, 1]


def test_a_policy_gives_what_its_steps_give(backend: Backend) -> None:
    def policy(observation: dict[str, Any]) -> list[int]:
        return [8, 9] if observation["users"].sum() % 2 < 1 else [9, 0]

    with TandemEnv("wifi-edge", WIFI, backend=backend) as env:
        first, _ = env.reset(seed=3)
        fixed, ruled, constant = env.branch([PLAN, policy, lambda _: [8, 9]], horizon=4)
        actions, steps, observation = [], [], first
        for _ in range(4):
            actions.append(policy(observation))
            observation, reward, _, _, info = env.step(actions[-1])
            steps.append((observation["users"].tobytes(), info["requests"].tobytes(), reward))
    check(ruled, steps)
    assert list(ruled.actions) == actions
    assert len(fixed.rewards) == 3
    assert constant.rewards != fixed.rewards


def test_a_policy_meets_the_futures_that_actions_meet() -> None:
    with TandemEnv("wifi-edge", WIFI) as env:
        env.reset(seed=3)
        for future in (0, 1, 2):
            action, policy = env.branch([[8, 9], lambda _: [8, 9]], horizon=3, future=future)
            assert action.rewards == policy.rewards
            assert action.records["requests"].tobytes() == policy.records["requests"].tobytes()


def test_a_branch_stops_with_its_episode() -> None:
    with TandemEnv("wifi-edge", {"users": 2, "epochs": 2}) as env:
        env.reset(seed=3)
        for outcome in env.branch([PLAN, lambda _: [8, 9]], horizon=3):
            assert outcome.truncated
            assert len(outcome.rewards) == len(outcome.actions) == 2


def test_what_cannot_be_played_is_refused() -> None:
    with TandemEnv("hello", HELLO) as env:
        env.reset(seed=1)
        with pytest.raises(ValueError, match="empty sequence"):
            env.branch([[[1], [2]], np.empty((0, 1), int)])
        with pytest.raises(ValueError, match="horizon is 0"):
            env.branch([[1]], horizon=0)
        with pytest.raises(InvalidAction):
            env.branch([[[1], [99]]])
        with pytest.raises(InvalidAction):
            env.branch([lambda _: [99]])
        assert env.branch([]) == []
        assert env.step([1])[4]["decision"] == 0


def test_the_sequence_of_a_branch_that_dies_is_left() -> None:
    with TandemEnv("echo", {"values": 1, "exitAt": 3, "epochs": 0}) as env:
        env.reset(seed=1)
        env.step([0.5])
        with pytest.raises(SimulatorDied, match="branch 2 of") as caught:
            env.branch([[[1.0]], [[2.0], [3.0], [4.0]]], parallel=1)
    (option,) = (word for word in caught.value.command if word.startswith("--actions="))
    lines = Path(option.removeprefix("--actions=")).read_text(encoding="utf-8").splitlines()
    played = [float(line) for line in lines if not line.startswith("#")]
    assert played == [0.5, 2.0, 3.0, 4.0]
