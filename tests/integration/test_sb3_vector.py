# SPDX-License-Identifier: MIT
"""Stable-Baselines3's vector environments, and simulators that are handed on."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from own_scenario import own_scenario

from tandem.bridge.core.env import TandemEnv
from tandem.bridge.core.errors import NoEpisode
from tandem.bridge.core.pool import SimulatorPool
from tandem.bridge.core.vector import TandemVectorEnv
from tandem.scripts.app.common.toolchain import find_compiler

sb3 = pytest.importorskip("stable_baselines3")
from tandem.agents.sb3_vector import Sb3VecEnv  # noqa: E402

pytestmark = pytest.mark.skipif(find_compiler() is None, reason="no C++ compiler")
ENVS, EPOCHS = 4, 5


@pytest.fixture(scope="module")
def scenario() -> Path:
    return own_scenario("cells")


def backlog(result: Any) -> float:
    return -float(result.observation["cells"][:, 0].sum())


def vector(scenario: Path, mode: str = "SameStep", **options: Any) -> TandemVectorEnv:
    return TandemVectorEnv(
        scenario, num_envs=ENVS, epochs=EPOCHS, objective=backlog, autoreset_mode=mode, **options
    )


@pytest.mark.parametrize(
    ("policy", "options"),
    [("MultiInputPolicy", {}), ("MlpPolicy", {"levels": 5, "observations": True})],
)
def test_algorithms_learn_from_four_simulators(
    scenario: Path, policy: str, options: dict[str, Any]
) -> None:
    envs = Sb3VecEnv(vector(scenario), **options)
    model = sb3.PPO(policy, envs, n_steps=8, batch_size=16, n_epochs=1, seed=1)
    model.learn(64)
    assert model.num_timesteps == 64
    envs.close()


def test_each_plays_as_an_environment_of_its_own(scenario: Path) -> None:
    envs = Sb3VecEnv(vector(scenario), levels=5)
    envs.seed(11)
    seen = envs.reset()
    assert [info["seed"] for info in envs.reset_infos] == [11, 12, 13, 14]
    alone = TandemEnv(scenario, epochs=EPOCHS, objective=backlog)
    first, _ = alone.reset(seed=13)
    assert np.array_equal(seen["cells"][2], first["cells"])
    row = np.array([1, 2, 3, 2, 2, 2, 2, 2, 2, 1, 2])
    for decision in range(EPOCHS):
        seen, rewards, done, infos = envs.step(np.stack([row] * ENVS))
        action = {"channel": [1, 2, 3], "radio": [[5.0, 0.5]] * 3, "mode": [2, 0]}
        after, reward, _, truncated, info = alone.step(action)
        assert rewards[2] == pytest.approx(reward)
        assert infos[2]["decision"] == info["decision"] == decision
        assert infos[2]["TimeLimit.truncated"] == truncated == done[2]
    assert np.array_equal(infos[2]["terminal_observation"]["cells"], after["cells"])
    assert not np.array_equal(seen["cells"][2], after["cells"])  # a new episode
    masks = envs.env_method("action_masks")
    assert [mask.size for mask in masks] == [envs.action_space.nvec.sum()] * ENVS
    alone.close()
    envs.close()


def test_another_way_to_reset_is_refused(scenario: Path) -> None:
    envs = vector(scenario, "NextStep")
    with pytest.raises(ValueError, match=r"NextStep.*SameStep"):
        Sb3VecEnv(envs)
    envs.close()


def test_a_pool_hands_simulators_on(scenario: Path) -> None:
    frames = []
    with SimulatorPool(idle=2) as pool:
        for _ in range(3):
            env = TandemEnv(scenario, epochs=EPOCHS, backend=pool)
            env.reset(seed=3)
            env.action_space.seed(1)
            frames.append(env.step(env.action_space.sample())[0]["cells"].tobytes())
            pid = env.simulator.pid
            env.close()
            env.close()
        assert (pool.started, pool.reused) == (1, 2)
        assert len(set(frames)) == 1
        other = TandemEnv(scenario, epochs=EPOCHS + 1, backend=pool)
        assert pool.started == 2
        again = TandemEnv(scenario, epochs=EPOCHS, backend=pool)
        assert again.simulator.pid == pid
        with pytest.raises(NoEpisode):  # closed: what it had belongs to another
            env.reset(seed=1)
        with pytest.raises(NoEpisode):
            env.step(env.action_space.sample())
        again.reset(seed=1)
        other.close()
        again.close()
    deadline = time.monotonic() + 10
    while Path(f"/proc/{pid}").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not Path(f"/proc/{pid}").exists()


def test_a_dead_simulator_is_not_handed_on(scenario: Path) -> None:
    with SimulatorPool() as pool:
        env = TandemEnv(scenario, epochs=EPOCHS, backend=pool)
        pid = env.simulator.pid
        env.close()
        os.kill(pid, signal.SIGKILL)
        time.sleep(0.2)
        env = TandemEnv(scenario, epochs=EPOCHS, backend=pool)
        assert env.simulator.pid != pid
        env.reset(seed=1)
        env.close()
        envs = vector(scenario, backend=pool)
        assert pool.reused == 1  # one of the four
        envs.close()
