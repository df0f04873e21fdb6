# SPDX-License-Identifier: MIT
"""Branches give the rewards that steps would give, and leave an objective's memory alone."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from remote_servers import serving

from tandem.bridge.backends.remote import RemoteBackend, Target
from tandem.bridge.core.backend import Backend
from tandem.bridge.core.env import TandemEnv
from tandem.bridge.core.errors import SimulatorDied
from tandem.bridge.core.local import LocalBackend
from tandem.bridge.core.objective import EpochResult
from tandem.bridge.core.vector import TandemVectorEnv

HORIZON = 5
SERVE = np.array([2])
HELLO = {"queues": 4, "arrival": 0.7, "epochs": 0}


def minus_backlog(result: EpochResult) -> float:
    """Reads the observation only."""
    return -float(result.observation["backlog"].sum())


def growth(result: EpochResult) -> float:
    """Reads the observation before as well."""
    before = result.previous_observation["backlog"]
    return float(before.sum() - result.observation["backlog"].sum())


class Smooth:
    """Has a memory: the backlog as a moving average."""

    def __init__(self) -> None:
        self.resets = 0
        self.reset()

    def reset(self) -> None:
        self.resets += 1
        self.average = 0.0
        self.decisions: list[int] = []

    def __call__(self, result: EpochResult) -> float:
        self.average += 0.1 * (float(result.observation["backlog"].sum()) - self.average)
        self.decisions.append(result.decision)
        return -self.average


@pytest.fixture(scope="module", params=["local", "remote", "ray"])
def backend(request: pytest.FixtureRequest) -> Iterator[Backend]:
    if request.param == "remote":
        with serving(["hello"]) as server:
            yield RemoteBackend(Target(server.address, connect_timeout_s=10.0))
    elif request.param == "ray":
        ray = pytest.importorskip("ray", reason="Ray is not installed")
        from tandem.bridge.backends.ray_backend import RayBackend

        ray.init(address="local", num_cpus=1, include_dashboard=False, log_to_driver=False)
        yield RayBackend()
        ray.shutdown()
    else:
        yield LocalBackend()


@pytest.mark.parametrize("objective", [minus_backlog, growth, Smooth()])
def test_a_branch_has_the_reward_of_each_step_and_their_sum(
    objective: Any, backend: Backend
) -> None:
    with TandemEnv("hello", HELLO, objective=objective, backend=backend) as env:
        env.reset(seed=1)
        env.step([0])
        outcome, other = env.branch([SERVE, [0]], horizon=HORIZON)
        again = env.branch([SERVE], horizon=HORIZON)[0]
        steps = [env.step(SERVE) for _ in range(HORIZON)]
    rewards = tuple(step[1] for step in steps)
    assert outcome.rewards == again.rewards == rewards
    assert outcome.reward == sum(rewards)
    assert len(set(rewards)) > 1
    assert other.rewards != rewards
    assert np.array_equal(outcome.observation["backlog"], steps[-1][0]["backlog"])
    assert outcome.info["decision"] == HORIZON


def test_branches_leave_the_memory_alone_and_a_reset_clears_it() -> None:
    objective = Smooth()
    with TandemEnv("hello", HELLO, objective=objective) as env:
        env.reset(seed=1)
        env.step(SERVE)
        seen = objective.average, list(objective.decisions)
        env.branch([SERVE, [0], [1]], horizon=3)
        assert (objective.average, objective.decisions) == seen
        before = objective.resets
        env.reset(seed=1)
        assert (objective.average, objective.resets) == (0.0, before + 1)
        assert env.step(SERVE)[1] == -seen[0]


def test_the_previous_observation_is_not_what_a_caller_made_of_it() -> None:
    seen = []

    def objective(result: EpochResult) -> float:
        seen.append(result.previous_observation["backlog"].tolist())
        return 0.0

    with TandemEnv("hello", HELLO, objective=objective) as env:
        first, _ = env.reset(seed=1)
        expected = [first["backlog"].tolist()]
        first["backlog"] /= 100.0
        for action in (0, 1):
            observation = env.step([action])[0]
            expected.append(observation["backlog"].tolist())
            observation["backlog"] -= 7.0
    assert seen == expected[:2]


def test_without_an_objective_no_observation_is_kept_for_a_later_one() -> None:
    known: list[bool] = []

    def objective(result: EpochResult) -> float:
        known.append("backlog" in result.previous_observation)
        return 0.0

    with TandemEnv("hello", HELLO, objective=objective) as env:
        env.reset(seed=1)
        env.step([0])
        env.objective = None
        env.step([0])
        env.objective = objective
        env.step([0])
        env.step([0])
    assert known == [True, False, True]


def test_rewards_end_with_the_episode() -> None:
    with TandemEnv("hello", {**HELLO, "epochs": 3}, objective=minus_backlog) as env:
        env.reset(seed=1)
        env.step(SERVE)
        (outcome,) = env.branch([SERVE], horizon=HORIZON)
        rewards = [env.step(SERVE)[1] for _ in range(2)]
    assert outcome.truncated
    assert list(outcome.rewards) == rewards


def test_records_of_all_epochs_are_rated_one_epoch_after_the_other() -> None:
    arguments = {"users": 2, "epochs": 0}
    with TandemEnv("wifi-edge", arguments, objective="mean") as env:
        env.reset(seed=1)
        (outcome,) = env.branch([[8, 9]], horizon=2)
        steps = [env.step([8, 9]) for _ in range(2)]
    assert list(outcome.rewards) == [step[1] for step in steps]
    rows = np.concatenate([step[4]["requests"] for step in steps])
    assert outcome.records["requests"].tobytes() == rows.tobytes()
    assert outcome.info["requests"].tobytes() == steps[-1][4]["requests"].tobytes()


def test_each_environment_of_a_vector_has_a_memory_of_its_own() -> None:
    with TandemEnv("hello", HELLO, objective=Smooth()) as env:
        alone = []
        for seed in (1, 2):
            env.reset(seed=seed)
            alone.append([env.step(SERVE)[1] for _ in range(3)])
    given = Smooth()
    envs = TandemVectorEnv("hello", HELLO, num_envs=2, seed=1, objective=given)
    envs.reset()
    together = np.array([envs.step([SERVE, SERVE])[1] for _ in range(3)]).T
    envs.close()
    assert together.tolist() == alone
    assert given.decisions == []


def test_agents_of_a_parallel_environment_branch_alike() -> None:
    pytest.importorskip("pettingzoo", reason="PettingZoo is not installed")
    from tandem.bridge.core.parallel_env import TandemParallelEnv

    env = TandemParallelEnv("hello", HELLO, objective=Smooth())
    env.reset(seed=1)
    (outcome,) = env.env.branch([SERVE], horizon=2)
    (agent,) = env.agents
    rewards = [env.step({agent: SERVE[0]})[1][agent] for _ in range(2)]
    env.close()
    assert list(outcome.rewards) == rewards


def test_longer_horizons_need_more_slots(backend: Backend) -> None:
    with TandemEnv("hello", HELLO, backend=backend, branch_slots=4) as env:
        env.reset(seed=1)
        assert len(env.branch([[0], [1], [2]], horizon=2)) == 3  # two portions
        with pytest.raises(ValueError, match=r"horizon is 5.* are 4: .*branch_slots=5"):
            env.branch([[0]], horizon=5)
        env.step([0])  # and nothing has been lost


def test_an_objective_that_cannot_be_copied_is_refused() -> None:
    class Locked:
        def __init__(self) -> None:
            self.lock = threading.Lock()

        def __call__(self, result: EpochResult) -> float:
            return 1.0

    with TandemEnv("hello", HELLO, objective=Locked()) as env:
        env.reset(seed=1)
        assert env.step([0])[1] == 1.0
        with pytest.raises(TypeError, match=r"Locked.* cannot be copied.*__deepcopy__"):
            env.branch([[0]])


def test_a_branch_that_dies_in_a_later_epoch_is_told() -> None:
    with TandemEnv("echo", {"values": 1, "exitAt": 3, "epochs": 0}) as env:
        env.reset(seed=1)
        assert len(env.branch([[0.0], [1.0]], horizon=2)) == 2
        with pytest.raises(SimulatorDied, match="branch 1 of the simulator died"):
            env.branch([[0.0], [1.0]], horizon=4, parallel=1)
