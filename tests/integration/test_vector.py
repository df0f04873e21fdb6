# SPDX-License-Identifier: MIT
"""Several simulators in one process, and one agent per user."""

from __future__ import annotations

import os
import signal
import time
from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode

import tandem  # noqa: F401  (registers the environments)
from tandem.agents.inference.request_table import TABLE
from tandem.bridge.core.env import TandemEnv
from tandem.bridge.core.errors import InvalidAction, SimulatorDied
from tandem.bridge.core.vector import TandemVectorEnv

COUNT = 3
EPOCHS = 4


def single(seed: int, actions: list[list[int]]) -> list[Any]:
    """What one environment returns for these actions, reset at the end of each episode."""
    with TandemEnv("hello", seed=seed, epochs=EPOCHS) as env:
        results = [env.reset()]
        for action in actions:
            results.append(env.step(action))
            if results[-1][3]:
                results.append(env.reset())
    return results


def test_each_environment_equals_a_single_one() -> None:
    actions = [[[step % 4], [(step + 1) % 4], [(step + 2) % 4]] for step in range(EPOCHS)]
    with_seeds = [single(20 + i, [row[i] for row in actions]) for i in range(COUNT)]
    envs = TandemVectorEnv("hello", num_envs=COUNT, seed=20, epochs=EPOCHS)
    assert envs.metadata["autoreset_mode"] == AutoresetMode.NEXT_STEP
    observation, info = envs.reset()
    assert info["seed"].tolist() == [20, 21, 22]
    for i in range(COUNT):
        assert np.array_equal(observation["backlog"][i], with_seeds[i][0][0]["backlog"])
    for step, row in enumerate(actions):
        observation, _, terminations, truncations, info = envs.step(np.array(row))
        for i in range(COUNT):
            assert np.array_equal(observation["backlog"][i], with_seeds[i][step + 1][0]["backlog"])
        assert not terminations.any()
        assert truncations.all() == (step == EPOCHS - 1)
    # Next-step autoreset: this action is ignored, the step returns the next episode's start.
    observation, rewards, _, truncations, info = envs.step(np.zeros((COUNT, 1), dtype=np.int32))
    assert not truncations.any()
    assert rewards.tolist() == [0.0] * COUNT
    for i in range(COUNT):
        start = with_seeds[i][-1]
        assert info["seed"][i] == start[1]["seed"]
        assert np.array_equal(observation["backlog"][i], start[0]["backlog"])
    assert observation in envs.observation_space
    envs.close()


def test_same_step_autoreset_keeps_the_final_observation() -> None:
    envs = TandemVectorEnv(
        "hello", num_envs=2, seed=1, epochs=1, autoreset_mode=AutoresetMode.SAME_STEP
    )
    envs.reset()
    observation, _, _, truncations, info = envs.step(np.zeros((2, 1), dtype=np.int32))
    assert truncations.all()
    assert info["_final_obs"].all()
    assert info["final_info"]["decision"].tolist() == [0, 0]
    assert info["final_obs"][0]["backlog"].shape == observation["backlog"][0].shape
    _, _, _, truncations, _ = envs.step(np.zeros((2, 1), dtype=np.int32))
    assert truncations.all()
    envs.close()


def test_disabled_autoreset_wants_a_mask() -> None:
    envs = TandemVectorEnv("hello", num_envs=2, epochs=1, autoreset_mode="Disabled")
    envs.reset(seed=[4, 9])
    envs.step(np.zeros((2, 1), dtype=np.int32))
    with pytest.raises(ValueError, match=r"\[0, 1\] have ended"):
        envs.step(np.zeros((2, 1), dtype=np.int32))
    _, info = envs.reset(options={"reset_mask": np.array([True, False])})
    assert info["_seed"].tolist() == [True, False]
    with pytest.raises(ValueError, match=r"\[1\] have ended"):
        envs.step(np.zeros((2, 1), dtype=np.int32))
    envs.close()


def test_make_vec_with_requests_of_each_environment() -> None:
    envs = gymnasium.make_vec("tandem/WifiEdge-v0", num_envs=2, users=2, epochs=3)
    assert isinstance(envs.unwrapped, TandemVectorEnv)
    envs.reset(seed=1)
    _, rewards, _, _, info = envs.step(np.array([[8, 8], [0, 9]]))
    options = [rows[rows["user"].argsort()]["option"].tolist() for rows in info[TABLE]]
    assert options == [[8, 8], [0, 9]]
    assert (rewards < 0.0).all()
    assert info["cost"]["finished"].tolist() == [2, 2]
    envs.close()


def test_gymnasiums_own_vector_works_without_tables_in_info() -> None:
    envs = gymnasium.make_vec(
        "tandem/WifiEdge-v0",
        num_envs=2,
        vectorization_mode="sync",
        users=2,
        epochs=2,
        records_in_info=False,
    )
    envs.reset(seed=1)
    for _ in range(3):
        _, _, _, _, info = envs.step(np.array([[8, 8], [0, 9]]))
    assert TABLE not in info
    envs.close()


def step_until_it_fails(envs: TandemVectorEnv) -> None:
    for _ in range(1000):
        envs.step(np.zeros((COUNT, 1), dtype=np.int32))


def test_death_of_one_simulator_names_it_and_leaves_the_rest() -> None:
    envs = TandemVectorEnv("hello", num_envs=COUNT, seed=1)
    envs.reset()
    os.kill(envs.simulators[1].pid, signal.SIGKILL)
    started_s = time.monotonic()
    with pytest.raises(SimulatorDied, match="environment 1 of 3"):
        step_until_it_fails(envs)
    assert time.monotonic() - started_s < 2.0
    for i in (0, 2):
        envs.envs[i].step([0])
    pids = [simulator.pid for simulator in envs.simulators]
    envs.close()
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_invalid_action_names_the_environment() -> None:
    envs = TandemVectorEnv("hello", num_envs=2, seed=1)
    envs.reset()
    with pytest.raises(InvalidAction, match="environment 1 of 2"):
        envs.step(np.array([[0], [4]]))
    envs.step(np.array([[0], [3]]))
    with pytest.raises(ValueError, match="3 actions for 2"):
        envs.step(np.zeros((3, 1), dtype=np.int32))
    envs.close()


def test_bad_counts_are_refused() -> None:
    with pytest.raises(ValueError, match="num_envs=0"):
        TandemVectorEnv("hello", num_envs=0)
    with pytest.raises(ValueError, match="3 seeds for 2"):
        TandemVectorEnv("hello", num_envs=2, seed=[1, 2, 3])


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("scenario", ["wifi-edge", "hetnet"])
def test_pettingzoo_conformance(scenario: str) -> None:
    parallel_test = pytest.importorskip("pettingzoo.test").parallel_api_test
    from tandem.bridge.core.parallel_env import TandemParallelEnv

    env = TandemParallelEnv(scenario, users=3, epochs=3)
    parallel_test(env, num_cycles=10)
    env.close()


def test_agents_see_their_own_row_and_get_their_own_cost() -> None:
    pytest.importorskip("pettingzoo")
    from tandem.bridge.core.parallel_env import TandemParallelEnv

    env = TandemParallelEnv("wifi-edge", users=3, epochs=3, reward="own")
    observations, _ = env.reset(seed=1)
    assert env.agents == ["user_0", "user_1", "user_2"]
    for agent in env.agents:
        assert observations[agent] in env.observation_space(agent)
    actions = {"user_0": 0, "user_1": 8, "user_2": 9}
    observations, rewards, _, _, infos = env.step(actions)
    requests = infos["user_0"][TABLE]
    for index, agent in enumerate(env.possible_agents):
        mine = requests[requests["user"] == index]
        assert mine["option"].tolist() == [actions[agent]]
        assert rewards[agent] == pytest.approx(-mine["response_time_s"].mean())
    size = sum(block.size for block in env.env.reset(seed=1)[0].values())
    assert env.state().shape == (size,)
    with pytest.raises(ValueError, match="no action for user_2"):
        env.step({"user_0": 0, "user_1": 0})
    env.close()


def test_only_blocks_with_the_action_s_rows_are_split() -> None:
    """Two users and two sites: as many rows, but a site is nobody's own."""
    pytest.importorskip("pettingzoo")
    from tandem.bridge.core.parallel_env import TandemParallelEnv

    env = TandemParallelEnv("wifi-edge", users=2, epochs=3)
    whole, _ = env.env.reset(seed=1)
    observations, _ = env.reset(seed=1)
    assert whole["sites"].shape[0] == 2
    for index, agent in enumerate(("user_0", "user_1")):
        seen = observations[agent]
        assert seen in env.observation_space(agent)
        np.testing.assert_array_equal(seen["users"], whole["users"][index])
        np.testing.assert_array_equal(seen["sites"], whole["sites"])
        np.testing.assert_array_equal(seen["cells"], whole["cells"])
    env.close()


def test_a_scenario_that_declares_no_rows_splits_nothing() -> None:
    pytest.importorskip("pettingzoo")
    from tandem.bridge.core.parallel_env import TandemParallelEnv

    env = TandemParallelEnv("hello", queues=1, epochs=3)
    observations, _ = env.reset(seed=1)
    assert list(observations) == ["agent_0"]
    assert observations["agent_0"]["backlog"].shape == (1,)
    with pytest.raises(ValueError, match="rewards by agent"):
        TandemParallelEnv("hello", reward="own")
    env.close()
