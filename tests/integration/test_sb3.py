# SPDX-License-Identifier: MIT
"""Stable-Baselines3 on real ns-3, with budgets of seconds."""

from __future__ import annotations

import runpy
import sys
from collections.abc import Iterator
from inspect import signature
from pathlib import Path

import numpy as np
import pytest

from tandem.agents.api import Agent
from tandem.agents.common.action_coding import UnfitActions, codings
from tandem.agents.inference.objective import PaperObjective
from tandem.bridge.core.env import TandemEnv

pytest.importorskip("stable_baselines3", reason="Stable-Baselines3 is not installed (extra 'sb3')")

from gymnasium.utils.env_checker import check_env
from stable_baselines3 import DQN, PPO

from tandem.agents.sb3 import (
    Sb3Agent,
    Sb3Config,
    Sb3Env,
    make_sb3,
    train_sb3,
)

EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "sb3_agents.py"
PPO_QUICK = Sb3Config(algorithm={"n_steps": 16, "batch_size": 16, "n_epochs": 4})
DQN_QUICK = Sb3Config(algorithm={"learning_starts": 4, "batch_size": 16})
QUICK = {"ppo": PPO_QUICK, "dqn": DQN_QUICK}


@pytest.fixture
def env() -> Iterator[TandemEnv]:
    arguments = {"users": 2, "epochs": 8, "deviceServiceScale": 1}
    with TandemEnv("wifi-edge", arguments, objective=PaperObjective(85.0)) as environment:
        yield environment


@pytest.mark.parametrize("coding", [0, 1, 2])
def test_algorithms_see_a_proper_environment(env: TandemEnv, coding: int) -> None:
    wrapped = Sb3Env(env, coding=codings(env.action_space)[coding])
    check_env(wrapped, skip_render_check=True)
    observation, _ = wrapped.reset(seed=1)
    assert max(float(np.abs(block).max()) for block in observation.values()) < 10.0
    columns = [column.name for column in env.schema.block("users").columns]
    assert observation["users"].shape == (2, sum(not c.startswith("last_") for c in columns))


def test_joint_actions_are_counted_through(env: TandemEnv) -> None:
    wrapped = Sb3Env(env, coding=codings(env.action_space)[1])
    played = {tuple(wrapped.action(number)) for number in range(10 * 10)}
    assert len(played) == 10 * 10
    assert wrapped.action(98).tolist() == [9, 8]


def test_rewards_and_discount_are_untouched_unless_asked_for(env: TandemEnv) -> None:
    env.objective = lambda result: -25.0 - result.decision
    wrapped = Sb3Env(env)
    wrapped.reset(seed=1)
    assert [wrapped.step([0, 0])[1] for _ in range(2)] == [-25.0, -26.0]
    for algorithm, own in (("ppo", PPO), ("dqn", DQN)):
        model = make_sb3(env, algorithm, 1).model
        assert model.gamma == signature(own).parameters["gamma"].default
    halved = Sb3Config(algorithm={"gamma": 0.5})
    assert make_sb3(env, "ppo", 1, halved).model.gamma == 0.5


def test_rewards_are_limited_and_scaled(env: TandemEnv) -> None:
    wrapped = Sb3Env(env, Sb3Config(lowest_reward=-0.5, reward_scale=0.25))
    wrapped.reset(seed=1)
    # Everybody's least accurate variant misses the threshold: 1 s.
    assert wrapped.step([7, 7])[1] == pytest.approx(-2.0)
    env.reset(seed=1)
    reward = env.step([0, 0])[1]
    wrapped.reset(seed=1)
    assert wrapped.step([0, 0])[1] == pytest.approx(reward / 0.25)


@pytest.mark.parametrize("algorithm", ["ppo", "dqn"])
def test_training_follows_from_the_seed(env: TandemEnv, algorithm: str) -> None:
    seen = []

    def train() -> Sb3Agent:
        counts: list[int] = []
        agent = train_sb3(
            env,
            algorithm,
            32,
            5,
            QUICK[algorithm],
            on_interaction=lambda count, _: counts.append(count),
        )
        seen.append(counts)
        return agent

    first, again = train(), train()
    untrained = make_sb3(env, algorithm, 5, QUICK[algorithm])
    weights = [
        np.concatenate([p.detach().numpy().ravel() for p in agent.model.policy.parameters()])
        for agent in (first, again, untrained)
    ]
    assert np.array_equal(weights[0], weights[1])
    assert not np.array_equal(weights[0], weights[2])
    assert seen == [list(range(1, 33))] * 2
    observation, _ = env.reset(seed=3)
    assert isinstance(first, Agent)
    assert env.action_space.contains(first.act(observation).astype(np.int64))


def test_too_many_joint_actions_for_dqn() -> None:
    with (
        TandemEnv("wifi-edge", users=5, epochs=4) as env,
        pytest.raises(UnfitActions, match=r"DQN does not take the actions .* few whole numbers"),
    ):
        make_sb3(env, "dqn", 1)


def test_saved_model_acts_alike(env: TandemEnv, tmp_path: Path) -> None:
    agent = train_sb3(env, "dqn", 24, 1, DQN_QUICK)
    agent.save(tmp_path / "model.zip")
    other = make_sb3(env, "dqn", 2, DQN_QUICK)
    other.model.set_parameters(tmp_path / "model.zip")
    observation, _ = env.reset(seed=3)
    for _ in range(4):
        assert other.act(observation).tolist() == agent.act(observation).tolist()
        observation, *_ = env.step(agent.act(observation))


def test_scenarios_with_unnamed_values_fit() -> None:
    with TandemEnv("hello", epochs=20, objective=lambda result: 0.0) as env:
        wrapped = Sb3Env(env)
        observation, _ = wrapped.reset(seed=1)
        assert observation["backlog"].shape == env.observation_space["backlog"].shape
        assert train_sb3(env, "ppo", 16, 1, PPO_QUICK).name == "sb3:PPO"


def test_example_runs(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--users", "2", "--interactions", "20", "--epochs", "4", "--algorithm", "dqn"]
    monkeypatch.setattr(sys, "argv", [str(EXAMPLE), *arguments])
    runpy.run_path(str(EXAMPLE), run_name="__main__")
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in lines] == ["sb3", "device", "edge"]
