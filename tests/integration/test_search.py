# SPDX-License-Identifier: MIT
"""Planning in ns-3 itself, on a scenario that a user wrote and on action spaces of all kinds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from commands import tandem
from own_scenario import own_scenario
from remote_servers import ServerProcess, free_address

from tandem.agents.general.api import Step
from tandem.agents.general.search import SearchAgent, SearchConfig
from tandem.bridge.core.env import TandemEnv

pytest.importorskip("torch")
REWARD = """
def backlog(result):
    return -float(result.observation["backlog"].sum())
"""
SMALL = ("--epochs", "5", "--evaluation-episodes", "1", "--quiet", "--seed", "3")
TABLES = ("history", "evaluation", "decisions", "episodes")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("own work")
    assert tandem("new", "mine", "--in", str(folder)).returncode == 0
    assert tandem("build", str(folder / "mine" / "mine.cc")).returncode == 0
    (folder / "reward.py").write_text(REWARD)
    (folder / "search.yaml").write_text("horizon: 2\nbudget: 12\n")
    return folder


@pytest.fixture
def inside(place: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(place)
    return place


def train(out: str, *more: str) -> tuple[str, ...]:
    return (
        *("train", "--agent", "search", "--scenario", "mine/mine", "--config", "search.yaml"),
        *("--objective", "reward.py:backlog", "--out", out, *SMALL, *more),
    )


def test_it_plays_a_scenario_of_ones_own_and_every_branch_counts(inside: Path) -> None:
    done = tandem(*train("runs/whole", "--interactions", "100"))
    assert done.returncode == 0, done.stderr
    assert "of them in branches" in done.stderr
    history = pd.read_parquet("runs/whole/history.parquet")
    assert set(history["source"]) == {"search"}
    counted = (history["branch_epochs"] + 1).cumsum()
    assert history["interaction"].tolist() == counted.tolist()
    about = json.loads(Path("runs/whole/metadata.json").read_text())
    assert about["interactions"] == counted.iloc[-1] >= 100
    assert about["branch_epochs"] == history["branch_epochs"].sum()
    assert about["training_s"] > 0.0
    evaluation = pd.read_parquet("runs/whole/evaluation.parquet")
    assert len(evaluation) == 1  # it does not change
    assert evaluation["return_mean"].item() > evaluation["random_return"].item()

    assert tandem(*train("runs/parts", "--interactions", "60")).returncode == 0
    rest = tandem("train", "--resume", "--out", "runs/parts", "--interactions=100", "--quiet")
    assert rest.returncode == 0, rest.stderr
    for name in ("history", "decisions", "episodes"):
        whole, parts = (Path(f"runs/{run}/{name}.parquet") for run in ("whole", "parts"))
        assert whole.read_bytes() == parts.read_bytes(), name

    judged = tandem("evaluate", "runs/whole", "--episodes", "1", "--quiet")
    assert judged.returncode == 0, judged.stderr
    players = json.loads(Path("runs/whole/episodes.json").read_text())["players"]
    assert players["search"]["return_mean"] > players["random actions"]["return_mean"]
    played = tandem(
        *("run", "--scenario", "mine/mine", "--policy", "runs/whole", "--epochs", "3"),
        *("--out", "runs/played", "--quiet", "--objective", "reward.py:backlog"),
    )
    assert played.returncode == 0, played.stderr


def test_a_server_gives_the_same(inside: Path) -> None:
    command = (
        *("train", "--agent", "search", "--scenario", "tcp-bottleneck", "--interactions", "30"),
        *("--config", "search.yaml", *SMALL),
    )
    server = ServerProcess(free_address(), "--scenario", "tcp-bottleneck", "--telemetry", "")
    try:
        there = tandem(*command, "--out", "runs/there", "--connect", server.address)
        assert there.returncode == 0, there.stderr
    finally:
        server.end()
    here = tandem(*command, "--out", "runs/here")
    assert here.returncode == 0, here.stderr
    for name in TABLES:
        mine, theirs = (Path(f"runs/{run}/{name}.parquet") for run in ("here", "there"))
        assert mine.read_bytes() == theirs.read_bytes(), name


def radio_power(action: Any) -> float:
    return float(action["radio"][:, 0].sum())


def test_choices_reals_and_masks_together() -> None:
    """Least power is best: what is chosen is near it, allowed, and the same for a seed."""
    with TandemEnv(
        own_scenario("cells"), objective=lambda result: -radio_power(result.action)
    ) as env:
        agent = SearchAgent(env, SearchConfig(horizon=2, budget=40), seed=1)
        played: list[list[str]] = [[], []]
        for episode in played:
            observation, _ = env.reset(seed=5)
            agent.begin_episode(5)
            for _ in range(2):
                choice = agent.decide(observation)
                assert choice.branch_epochs == 80
                observation, _, _, _, info = env.step(choice.action)
                assert info["forbidden"] == 0
                episode.append(str(choice.action))
        limits = env.action_space["radio"].low, env.action_space["radio"].high
        low, high = (side[:, 0].sum() for side in limits)
    assert played[0] == played[1]
    assert radio_power(choice.action) < low + 0.35 * (high - low)


def test_with_the_coming_draws_a_plan_promises_what_then_comes() -> None:
    with TandemEnv("tcp-bottleneck", epochs=3) as env:
        agent = SearchAgent(env, SearchConfig(horizon=1, budget=36, futures=0), seed=1)
        observation, _ = env.reset(seed=11)
        agent.begin_episode(11)
        rewards = [
            outcome.reward for outcome in env.branch([[a, b] for a in range(6) for b in range(6)])
        ]
        choice = agent.decide(observation)
        assert choice.branch_epochs == 36
        following, reward, terminated, _, _ = env.step(choice.action)
        step = Step(observation, choice.action, reward, following, terminated)
        assert agent.learn(choice, step).figures == {"plan_return": reward}
        assert reward == max(rewards)


def test_settings_on_the_command_line(inside: Path) -> None:
    done = tandem(
        *("run", "--scenario", "lte-power", "--policy", "search:horizon=1,budget=10"),
        *("--epochs", "2", "--out", "runs/lte", "--quiet"),
    )
    assert done.returncode == 0, done.stderr
    refused = tandem(
        *("run", "--scenario", "lte-power", "--policy", "search:depth=1"),
        *("--epochs", "2", "--out", "runs/refused", "--quiet"),
    )
    assert refused.returncode != 0
    assert "depth" in refused.stderr
    refused = tandem("train", "--agent", "search", "--accuracy", "80", "--out", "runs/refused")
    assert refused.returncode == 2
    assert "--accuracy is for agents that are compared with an oracle" in refused.stderr
