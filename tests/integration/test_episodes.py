# SPDX-License-Identifier: MIT
"""Whole episodes in real ns-3: the oracle played on, simple policies, the command."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from tandem.agents.baselines.bandit import BanditConfig, UserBandits
from tandem.agents.evaluation.cache import OracleCache
from tandem.agents.evaluation.episodes import EpisodeError, play_episodes
from tandem.agents.evaluation.oracle import Oracle
from tandem.agents.evaluation.players import LearningPlayer, OraclePlayer, PolicyPlayer
from tandem.agents.evaluation.states import Walk
from tandem.agents.inference.objective import PaperObjective
from tandem.agents.training.world import joint_problem
from tandem.bridge.core.env import TandemEnv
from tandem.scripts.app.training.whole_episodes import BEST_FIXED, ORACLE, reference_episodes
from tandem.scripts.cli import app

ARGUMENTS = {"users": 2, "epochs": 4, "backgroundStations": 0, "edgeCores": 1}


@pytest.fixture
def env() -> Iterator[TandemEnv]:
    with TandemEnv("wifi-edge", ARGUMENTS, objective=PaperObjective(85.0)) as environment:
        yield environment


def test_oracle_with_hindsight_gets_what_it_expects_at_every_decision(
    env: TandemEnv, tmp_path: Path
) -> None:
    oracle = Oracle(env, cache=OracleCache(tmp_path))
    player = OraclePlayer(oracle)
    played = play_episodes(env, player, [5, 6], 3)
    for row, seed in enumerate((5, 6)):
        expected = [table.optimum(oracle.rule).cost_s for table in player.tables[seed]]
        assert len(expected) == 3
        assert played.costs_s[row] == pytest.approx(np.mean(expected), rel=1e-9)
    assert played.violated.tolist() == [0.0, 0.0]
    assert played.accuracy_percent.min() >= 85.0


def test_references_meet_the_same_episodes(env: TandemEnv, tmp_path: Path) -> None:
    cache = OracleCache(tmp_path)
    lines = reference_episodes(env, [5, 6], 3, cache=cache, futures=2)
    assert list(lines) == [
        BEST_FIXED,
        "all device",
        "all edge",
        "all cloud",
        "greedy",
        "prior",
        ORACLE,
    ]
    measured = cache.misses
    again = reference_episodes(env, [5, 6], 3, cache=cache, futures=2)
    assert cache.misses == measured
    assert {name: one.as_dict() for name, one in again.items()} == {
        name: one.as_dict() for name, one in lines.items()
    }
    walk, costs_s = Walk(env), []
    for seed in (5, 6):
        walk.reset(seed)
        costs_s.append([-walk.step(np.array([8, 8], dtype=np.int32)) for _ in range(3)])
    assert lines["all edge"].costs_s.tolist() == pytest.approx(np.mean(costs_s, axis=1).tolist())
    assert lines[ORACLE].cost_s < lines["all device"].cost_s


def test_a_learner_plays_on_and_learns(env: TandemEnv) -> None:
    bandit = UserBandits(joint_problem(env), BanditConfig(), seed=1)
    before = bandit.state_dict()
    play_episodes(env, PolicyPlayer(bandit), [5], 4)
    assert np.array_equal(bandit.state_dict()["mean_s"], before["mean_s"])
    play_episodes(env, LearningPlayer(bandit), [5], 4)
    assert (bandit.state_dict()["count"].sum(axis=1) == 4.0).all()


def test_too_many_decisions_are_refused(env: TandemEnv) -> None:
    with pytest.raises(EpisodeError, match="ends its episodes after 4"):
        play_episodes(env, PolicyPlayer(UserBandits(joint_problem(env), BanditConfig(), 1)), [5], 5)


def test_command_prints_and_keeps_the_comparison(tmp_path: Path) -> None:
    run, cache = tmp_path / "run", f"--cache={tmp_path / 'cache'}"
    train = ["train", "--agent=bandit", "--users=2", "--interactions=3", f"--out={run}", cache]
    train += ["--evaluation-states=1", "--quiet", "--set=backgroundStations=0"]
    assert CliRunner().invoke(app, train).exit_code == 0
    evaluate = ["evaluate", str(run), cache, "--quiet", "--episodes=2", "--decisions=2"]
    result = CliRunner().invoke(app, [*evaluate, "--futures=2"])
    assert result.exit_code == 0, result.output
    assert "2 episodes of 2 decisions" in " ".join(result.output.split())
    kept = json.loads((run / "episodes.json").read_text(encoding="utf-8"))
    assert list(kept["players"])[:2] == ["bandit", "bandit, learning on"]
    assert kept["players"][ORACLE]["decisions"] == [2, 2]
    assert kept["interactions"] == 3
    alone = CliRunner().invoke(app, ["evaluate", str(run), "--decisions=2"])
    assert alone.exit_code != 0
