# SPDX-License-Identifier: MIT
"""Actions as one row: what learning libraries take."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gymnasium import spaces
from gymnasium.utils.env_checker import check_env
from own_scenario import own_scenario

from tandem.agents.common.action_coding import UnfitActions, row_coding
from tandem.agents.flat import FlatEnv, flatten
from tandem.bridge.core.env import TandemEnv
from tandem.bridge.core.errors import InvalidAction
from tandem.scripts.app.common.toolchain import find_compiler

pytestmark = pytest.mark.skipif(find_compiler() is None, reason="no C++ compiler")
#: Three channels of 4, three powers and shares, a burst of 3, a trend of 8.
LEVELS = 5
CHOICES = [4] * 3 + [LEVELS] * 6 + [3, 8]


@pytest.fixture(scope="module")
def scenario() -> Path:
    return own_scenario("cells")


def flat(scenario: Path, **options: Any) -> FlatEnv:
    env = TandemEnv(scenario, epochs=10, objective=backlog, records_in_info=False)
    return flatten(env, **options)


def backlog(result: Any) -> float:
    return -float(result.observation["cells"][:, 0].sum())


@pytest.mark.parametrize("levels", [None, LEVELS])
def test_gymnasium_accepts_it(scenario: Path, levels: int | None) -> None:
    env = flat(scenario, levels=levels, observations=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        check_env(env, skip_render_check=True)
    env.close()


def test_a_row_of_levels_stands_for_integers_and_reals(scenario: Path) -> None:
    env = flat(scenario, levels=LEVELS)
    assert env.action_space == spaces.MultiDiscrete(CHOICES)
    rows = row_coding(env.env.action_space, LEVELS)
    lowest = rows.action(np.zeros(11))
    assert lowest["channel"].tolist() == [0, 0, 0]
    assert lowest["radio"].tolist() == [[-10.0, 0.0]] * 3
    assert lowest["mode"].tolist() == [1, -2]
    highest = rows.action(np.array(CHOICES) - 1)
    assert highest["radio"].tolist() == [[20.0, 1.0]] * 3
    assert highest["mode"].tolist() == [3, 5]
    middle = rows.action([1, 2, 3, 2, 2, 2, 2, 2, 2, 1, 2])
    assert middle["radio"].tolist() == [[5.0, 0.5]] * 3
    env.reset(seed=1)
    env.step(env.action_space.sample())
    masks = env.action_masks()
    assert masks.size == sum(CHOICES)
    assert masks[3 * 4 : 3 * 4 + 6 * LEVELS].all()  # real numbers: every value
    assert np.array_equal(np.r_[masks[:12], masks[12 + 6 * LEVELS :]], env.env.action_masks())
    with pytest.raises(InvalidAction, match=r"\[4, 0, .* is not in MultiDiscrete"):
        env.step([4] + [0] * 10)
    env.close()


def test_a_row_of_reals_gives_each_choice_an_equal_part(scenario: Path) -> None:
    env = flat(scenario)
    assert env.action_space == spaces.Box(-1.0, 1.0, (11,), np.float32)
    rows = row_coding(env.env.action_space)
    grid = np.linspace(-1.0, 1.0, 4001)
    chosen = [rows.action(np.full(11, value))["channel"][0] for value in grid]
    counts = np.bincount(chosen)
    assert len(counts) == 4
    assert counts.max() - counts.min() <= 2
    assert rows.action(np.ones(11))["radio"].tolist() == [[20.0, 1.0]] * 3
    assert rows.action(np.ones(11))["mode"].tolist() == [3, 5]
    with pytest.raises(InvalidAction, match=r"has shape \(3,\), expected is \(11,\)"):
        env.step([0.0, 0.0, 0.0])
    env.close()


@pytest.mark.parametrize("levels", [None, LEVELS])
def test_stable_baselines3_takes_it(scenario: Path, levels: int | None) -> None:
    sb3 = pytest.importorskip("stable_baselines3")
    env = flat(scenario, levels=levels)
    model = sb3.PPO("MultiInputPolicy", env, n_steps=32, batch_size=32, n_epochs=1, seed=1)
    model.learn(64)
    observation, _ = env.reset(seed=1)
    action, _ = model.predict(observation, deterministic=True)
    env.step(action)
    env.close()


def test_maskable_ppo_takes_it_and_plays_nothing_forbidden(scenario: Path) -> None:
    contrib = pytest.importorskip("sb3_contrib", reason="sb3-contrib is not installed")
    env = flat(scenario, levels=LEVELS)
    model = contrib.MaskablePPO("MultiInputPolicy", env, n_steps=32, batch_size=32, seed=1)
    model.learn(64)
    observation, _ = env.reset(seed=1)
    allowed = []
    for _ in range(8):
        masks = env.action_masks()
        allowed.append(masks.all())
        action, _ = model.predict(observation, action_masks=masks)
        observation, *_, info = env.step(action)
        assert info["forbidden"] == 0
    assert not all(allowed)
    env.close()


@pytest.mark.parametrize("levels", [None, LEVELS])
def test_rllib_takes_it(scenario: Path, levels: int | None) -> None:
    pytest.importorskip("tree", reason="dm-tree, which RLlib needs, is not installed")
    ray = pytest.importorskip("ray", reason="Ray is not installed")
    ppo = pytest.importorskip("ray.rllib.algorithms.ppo", reason="RLlib is not installed")
    from ray.tune.registry import register_env

    def make(config: dict[str, Any]) -> Any:
        env = TandemEnv(scenario, epochs=8, records_in_info=False, objective=lambda result: 1.0)
        return flatten(env, observations=True, levels=levels)

    register_env("cells", make)
    ray.init(address="local", num_cpus=1, include_dashboard=False, log_to_driver=False)
    try:
        config = ppo.PPOConfig().environment("cells").env_runners(num_env_runners=0)
        config = config.training(train_batch_size_per_learner=32, minibatch_size=32, num_epochs=1)
        algorithm = config.build_algo()
        result = algorithm.train()
        assert result["env_runners"]["episode_return_mean"] == 8.0
        algorithm.stop()
    finally:
        ray.shutdown()


def test_torchrl_takes_it(scenario: Path) -> None:
    envs = pytest.importorskip("torchrl.envs")
    wrapped = envs.GymWrapper(flat(scenario, levels=LEVELS), categorical_action_encoding=True)
    envs.check_env_specs(wrapped, seed=1)
    assert len(wrapped.rollout(5)) == 5
    wrapped.close()


def test_numbers_without_bounds_cannot_be_scaled() -> None:
    env = TandemEnv("echo", values=2)
    with pytest.raises(UnfitActions, match=r"value 0 of the action .* has no bounds"):
        flatten(env)
    env.close()


def test_one_level_is_too_few(scenario: Path) -> None:
    with pytest.raises(UnfitActions, match="levels is 1: at least 2"):
        flat(scenario, levels=1)
