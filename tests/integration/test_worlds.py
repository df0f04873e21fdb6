# SPDX-License-Identifier: MIT
"""The scenarios of networks, `wifi-contention`, `tcp-bottleneck` and `lte-power`, on real ns-3."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from tandem.agents.flat import flatten
from tandem.bridge.core.env import TandemEnv

SCENARIOS = ("wifi-contention", "tcp-bottleneck", "lte-power")
AGENTS = {
    "wifi-contention": ["ap_0", "ap_1"],
    "tcp-bottleneck": ["flow_0", "flow_1"],
    "lte-power": ["cell_0", "cell_1"],
}
EPOCHS = 4


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_gymnasium_and_torchrl_check_them(scenario: str) -> None:
    with TandemEnv(scenario, epochs=EPOCHS) as env:
        check_env(env, skip_render_check=True)
    envs = pytest.importorskip("torchrl.envs", reason="TorchRL is not installed")
    wrapped = envs.GymWrapper(
        flatten(TandemEnv(scenario, epochs=EPOCHS, records_in_info=False)),
        categorical_action_encoding=True,
    )
    envs.check_env_specs(wrapped, seed=1)
    wrapped.close()


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_pettingzoo_checks_them_with_rewards_of_each_agent(scenario: str) -> None:
    parallel_test = pytest.importorskip("pettingzoo.test").parallel_api_test
    from tandem.bridge.core.parallel_env import TandemParallelEnv

    env = TandemParallelEnv(scenario, epochs=EPOCHS, reward="own")
    assert env.possible_agents == AGENTS[scenario]
    parallel_test(env, num_cycles=2 * EPOCHS)
    env.close()


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_same_seed_same_numbers_and_a_branch_is_what_a_step_gives(scenario: str) -> None:
    with TandemEnv(scenario, epochs=EPOCHS) as env:
        action = np.ones(env.action_space.shape, dtype=np.int64)
        seen = []
        for seed in (3, 4, 3):
            observation, _ = env.reset(seed=seed)
            rewards = []
            for _ in range(EPOCHS):
                (outcome,) = env.branch([action])
                observation, reward, *_ = env.step(action)
                assert outcome.reward == reward
                rewards.append(reward)
            seen.append((rewards, {name: block.tolist() for name, block in observation.items()}))
        assert seen[0] == seen[2]
        assert seen[0] != seen[1]


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_reward_is_the_mean_utility_of_the_rows(scenario: str) -> None:
    with TandemEnv(scenario, epochs=EPOCHS) as env:
        env.reset(seed=1)
        action = np.ones(env.action_space.shape, dtype=np.int64)
        _, reward, _, _, info = env.step(action)
        assert env.domain is not None
        (table,) = env.domain.summary_tables
        rows = info[table]
        assert len(rows) >= 2
        utilities = np.log(np.maximum(rows["throughput_bps"], 1e5) / 1e6)
        if scenario == "tcp-bottleneck":
            utilities -= np.log(np.maximum(rows["rtt_s"] / rows["base_rtt_s"], 1.0))
        assert reward == pytest.approx(utilities.mean())
        assert info["network"]["equivalent_bps"] == pytest.approx(1e6 * np.exp(reward))


def test_the_window_limits_what_is_in_flight() -> None:
    """Without cross traffic: window over round-trip time, or the whole bottleneck."""
    with TandemEnv("tcp-bottleneck", epochs=EPOCHS, crossLoad=0, flows=1) as env:
        env.reset(seed=1)
        for choice, expected_bps in ((1, 2 * 1448 * 8 / 0.062), (5, 5e6 * 1448 / 1502)):
            for _ in range(2):
                observation, *_ = env.step([choice])
            assert observation["flows"][0, 0] == pytest.approx(
                expected_bps, rel=0.1
            )  # whole segments


def test_less_power_of_a_cell_helps_the_other() -> None:
    with TandemEnv("lte-power", epochs=10) as env:
        sinr_db = []
        for action in ([6, 6], [0, 6]):
            env.reset(seed=2)
            for _ in range(3):
                observation, *_ = env.step(action)
            sinr_db.append(observation["ues"][:, 1])
        assert sinr_db[1][0] < sinr_db[0][0]
        assert sinr_db[1][1] > sinr_db[0][1]


def test_rts_and_window_change_how_stations_contend() -> None:
    """With all stations sending, a window of 3 makes more frames collide than one of 127."""
    with TandemEnv("wifi-contention", epochs=6, phase=1e4) as env:
        timeouts = []
        for action in ([[0, 0], [0, 0]], [[5, 0], [5, 0]]):
            for seed in range(20):
                observation, _ = env.reset(seed=seed)
                if (observation["aps"][:, 0] > 1).all():
                    break
            for _ in range(4):
                observation, *_ = env.step(action)
            timeouts.append(observation["aps"][:, 2].sum())
        assert timeouts[0] > 2 * timeouts[1]


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_time_limit_reports_the_unfinished_epoch(scenario: str, tmp_path: Path) -> None:
    with TandemEnv(scenario, epochs=EPOCHS, epoch=0.05, timeLimit=0.12) as env:
        env.reset(seed=1)
        action = np.ones(env.action_space.shape, dtype=np.int64)
        while True:
            _, reward, _, truncated, _ = env.step(action)
            if truncated:
                break
        assert reward != 0.0
