# SPDX-License-Identifier: MIT
"""Several agents: rows of several blocks, rewards of each, and PettingZoo's own test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gymnasium import spaces
from own_scenario import own_scenario
from pettingzoo.test import parallel_api_test

from tandem.bridge.core.env import TandemEnv
from tandem.bridge.core.errors import UnfitObjective
from tandem.bridge.core.parallel_env import TandemParallelEnv
from tandem.scripts.app.common.toolchain import find_compiler

pytestmark = pytest.mark.skipif(find_compiler() is None, reason="no C++ compiler")
CELLS = 3
AGENTS = ["cell_0", "cell_1", "cell_2", "mode"]


@pytest.fixture(scope="module")
def scenario() -> Path:
    return own_scenario("cells")


@pytest.fixture
def env(scenario: Path) -> Iterator[TandemParallelEnv]:
    env = TandemParallelEnv(scenario, epochs=20, objective=by_kind)
    yield env
    env.close()


def by_kind(result: Any) -> dict[str, Any]:
    return {"cell": -result.observation["cells"][:, 0], "mode": 1.5}


def by_name(result: Any) -> dict[str, float]:
    waiting = result.observation["cells"][:, 0]
    return {**{f"cell_{i}": -float(waiting[i]) for i in range(CELLS)}, "mode": 1.5}


def sampled(env: TandemParallelEnv) -> dict[str, Any]:
    return {agent: env.action_space(agent).sample() for agent in env.agents}


def test_an_agent_has_its_row_of_every_block(env: TandemParallelEnv) -> None:
    assert env.possible_agents == AGENTS
    assert env.action_space("cell_1") == spaces.Dict(
        {
            "channel": spaces.Discrete(4),
            "radio": spaces.Box(np.array([-10.0, 0.0]), np.array([20.0, 1.0]), dtype=np.float64),
        }
    )
    assert env.action_space("mode") == spaces.MultiDiscrete([3, 8], start=[1, -2])
    observations, infos = env.reset(seed=1)
    assert observations["cell_1"]["cells"].shape == (2,)  # its own row
    assert observations["mode"]["cells"].shape == (CELLS, 2)  # it is no cell
    mask = [int((c + 1) % 4 != 0) for c in range(4)]
    assert infos["cell_1"]["action_mask"]["channel"].tolist() == mask
    assert "action_mask" not in infos["mode"]


def test_what_agents_choose_reaches_their_rows(env: TandemParallelEnv) -> None:
    env.reset(seed=1)
    actions = {f"cell_{i}": {"channel": i + 1, "radio": np.array([0.0, 1.0])} for i in range(CELLS)}
    observations, *_ = env.step({**actions, "mode": np.array([3, 5])})
    assert [observations[f"cell_{i}"]["cells"][1] for i in range(CELLS)] == [1.0, 2.0, 3.0]


@pytest.mark.parametrize("objective", [by_kind, by_name])
def test_each_agent_has_its_own_reward(scenario: Path, objective: Any) -> None:
    env = TandemParallelEnv(scenario, epochs=20, objective=objective)
    env.reset(seed=1)
    observations, rewards, *_ = env.step(sampled(env))
    for i in range(CELLS):
        assert rewards[f"cell_{i}"] == -observations[f"cell_{i}"]["cells"][0]
    assert rewards["mode"] == 1.5
    env.close()


def test_a_single_agent_has_the_sum(scenario: Path) -> None:
    shared = TandemParallelEnv(scenario, epochs=20, objective=by_kind, reward="shared")
    shared.reset(seed=1)
    actions = sampled(shared)
    _, rewards, _, _, infos = shared.step(actions)
    total = sum(infos["mode"]["rewards"].values())
    assert list(rewards.values()) == pytest.approx([total] * len(AGENTS))
    shared.close()
    env = TandemEnv(scenario, epochs=20, objective=by_kind)
    env.reset(seed=1)
    tried = env.branch([env.action_space.sample()], horizon=2)[0]
    _, reward, _, _, info = env.step(env.action_space.sample())
    assert list(info["rewards"]) == AGENTS
    assert reward == pytest.approx(sum(info["rewards"].values()))
    assert tried.rewards[1] == pytest.approx(sum(tried.info["rewards"].values()))
    env.close()


@pytest.mark.parametrize(
    "given",
    [{"cell": [1.0, 2.0]}, {"cell": [1.0] * 3}, {**dict.fromkeys(AGENTS, 1.0), "ap": 1.0}],
)
def test_rewards_that_fit_nobody_are_refused(scenario: Path, given: dict[str, Any]) -> None:
    env = TandemEnv(scenario, epochs=20, objective=lambda result: given)
    env.reset(seed=1)
    with pytest.raises(UnfitObjective, match="cell"):
        env.step(env.action_space.sample())
    env.close()


def test_pettingzoo_accepts_it(env: TandemParallelEnv) -> None:
    parallel_api_test(env, num_cycles=50)


def test_rows_of_an_array_without_names_are_agents() -> None:
    env = TandemParallelEnv("hello", queues=4, epochs=5)
    assert env.possible_agents == ["agent_0"]
    assert env.action_space("agent_0") == spaces.Discrete(4)
    parallel_api_test(env, num_cycles=10)
    env.close()
