# SPDX-License-Identifier: MIT
"""`tandem run --policy` and `--objective` for any scenario, and what `tandem new` writes."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from own_scenario import own_scenario
from typer.testing import CliRunner

from tandem.agents.common.errors import PolicyError
from tandem.agents.flat import flatten
from tandem.bridge.core.env import TandemEnv
from tandem.bridge.runs.reader import Run, load_run
from tandem.scripts.app.common.toolchain import find_compiler
from tandem.scripts.app.policies.choose import choose_policy
from tandem.scripts.cli import app

pytestmark = pytest.mark.skipif(find_compiler() is None, reason="no C++ compiler")
RUNNER = CliRunner()
OWN = '''
import numpy as np

def fewer(result):
    """The packets that wait less than before."""
    assert result.duration_s > 0.0
    before, now = result.previous_observation["cells"], result.observation["cells"]
    return float(before[:, 0].sum() - now[:, 0].sum())

def each(result):
    return {"cell": -result.observation["cells"][:, 0], "mode": 1.5}

def loud(observation):
    cells = len(observation["cells"])
    return {"channel": [1] * cells, "radio": [[20.0, 1.0]] * cells, "mode": [3, 0]}

class Turns:
    def __init__(self, schema):
        self.cells = schema.agents()["cell"]

    def begin_episode(self, seed):
        self.turn = seed

    def act(self, observation):
        self.turn += 1
        return {**loud(observation), "channel": [self.turn % 4] * self.cells}
'''


@pytest.fixture(scope="module")
def scenario() -> Path:
    return own_scenario("cells")


@pytest.fixture
def own(tmp_path: Path) -> Path:
    path = tmp_path / "own.py"
    path.write_text(OWN)
    return path


def run(scenario: Path | None, out: Path, *options: str) -> Run:
    """`tandem run` in that scenario; ``None``: in that of the policy's run."""
    words = ["run", "--out", str(out), "--quiet", *options]
    words += [] if scenario is None else ["--scenario", str(scenario)]
    result = RUNNER.invoke(app, words)
    assert result.exit_code == 0, (result.output, result.exception)
    return load_run(out)


def actions(found: Run, block: str) -> list[list[float]]:
    return [np.asarray(row).tolist() for row in found.decisions[f"action_{block}"]]


def test_a_scenario_s_own_policies_and_constants(scenario: Path, tmp_path: Path) -> None:
    steady = run(scenario, tmp_path / "a", "--policy", "steady", "--epochs", "4")
    assert actions(steady, "channel") == [[0, 1, 2]] * 4
    assert actions(steady, "radio")[0] == [10.0, 0.5] * 3
    text = 'constant:{"channel": 1, "radio": [5, 0.25], "mode": [3, 0]}'
    constant = run(scenario, tmp_path / "b", "--policy", text, "--epochs", "2")
    assert actions(constant, "radio") == [[5.0, 0.25] * 3] * 2
    flat = "constant:1,1,1,5,0.25,5,0.25,5,0.25,3,0"
    again = run(scenario, tmp_path / "c", "--policy", flat, "--epochs", "2")
    assert again.tables["served"].equals(constant.tables["served"])
    one = run(scenario, tmp_path / "d", "--policy", "constant:1", "--epochs", "2")
    assert actions(one, "mode") == [[1, 1]] * 2


def test_random_keeps_to_the_masks(scenario: Path) -> None:
    env = TandemEnv(scenario, epochs=30)
    agent = choose_policy("random", env)
    observation, _ = env.reset(seed=4)
    agent.begin_episode(4)
    over = False
    while not over:
        observation, _, terminated, truncated, info = env.step(agent.act(observation))
        assert info["forbidden"] == 0
        over = terminated or truncated
    env.close()


def test_a_recorded_run_is_played_again(scenario: Path, tmp_path: Path) -> None:
    options = ("--policy", "drawn", "--epochs", "5", "--episodes", "2", "--seed", "7")
    first = run(scenario, tmp_path / "first", *options)
    second = run(None, tmp_path / "second", "--policy", f"replay:{tmp_path / 'first'}")
    assert second.tables["served"].equals(first.tables["served"])
    assert second.config["scenario"] == str(scenario)
    assert second.episodes["seed"].tolist() == [7, 8]
    longer = ["--policy", f"replay:{tmp_path / 'first'}", "--epochs", "6"]
    result = RUNNER.invoke(app, ["run", "--out", str(tmp_path / "x"), "--quiet", *longer])
    assert isinstance(result.exception, PolicyError)
    assert "at its end" in str(result.exception)


def test_functions_and_classes_of_one_s_own(scenario: Path, tmp_path: Path, own: Path) -> None:
    loud = run(
        scenario, tmp_path / "a", "--policy", f"{own}:loud", "--objective", f"{own}:fewer",
        "--epochs", "6",
    )  # fmt: skip
    assert actions(loud, "channel") == [[1, 1, 1]] * 6
    seen = [np.asarray(row).reshape(3, 2) for row in loud.decisions["observation_cells"]]
    waiting = [cells[:, 0].sum() for cells in seen]
    assert loud.decisions["reward"].tolist()[:5] == pytest.approx((-np.diff(waiting)).tolist())
    assert loud.config["objective"] == f"{own}:fewer"
    turns = run(
        scenario, tmp_path / "b", "--policy", f"{own}:Turns", "--seed", "2", "--epochs", "3",
    )  # fmt: skip
    assert actions(turns, "channel") == [[3] * 3, [0] * 3, [1] * 3]


@pytest.mark.parametrize(
    ("policy", "message"),
    [
        ("best", "scenario 'cells' has steady, drawn, random"),
        ("constant:9", "is no action of scenario 'cells'.*allowed are 0 to 3"),
        ("constant:1,2", "is no action.*11 numbers with commas"),
        ('constant:{"power": 1}', "blocks channel .3., radio .3, 2., mode .2."),
        ("none.zip", "there is no such file"),
        ("edge", "policy 'edge' is unknown"),
    ],
)
def test_what_is_no_policy_is_refused(scenario: Path, policy: str, message: str) -> None:
    env = TandemEnv(scenario)
    with pytest.raises(PolicyError, match=message):
        choose_policy(policy, env)
    env.close()


def test_a_trained_run_plays_whole_episodes(scenario: Path, tmp_path: Path, own: Path) -> None:
    pytest.importorskip("stable_baselines3")
    trained = tmp_path / "trained"
    reward = f"{own}:fewer"
    config = tmp_path / "ppo.yaml"
    config.write_text("algorithm: {n_steps: 16, batch_size: 16, n_epochs: 1}\n")
    words = ["train", "--agent", "sb3:PPO", "--scenario", str(scenario), "--objective", reward]
    words += ["--interactions", "32", "--epochs", "8", "--out", str(trained), "--quiet"]
    words += ["--evaluation-episodes", "1", "--config", str(config), "--set", "mostBacklog=500"]
    result = RUNNER.invoke(app, words)
    assert result.exit_code == 0, (result.output, result.exception)
    first = run(None, tmp_path / "a", "--policy", str(trained), "--episodes", "2")
    assert first.config["scenario"] == str(scenario)
    assert first.config["arguments"]["mostBacklog"] == "500"
    assert first.config["objective"] == reward
    assert len(first.decisions) == 16  # two episodes as long as those of the training
    assert (first.decisions["reward"] != 0.0).any()
    second = run(None, tmp_path / "b", "--policy", str(trained), "--episodes", "2")
    assert second.decisions.equals(first.decisions)  # deterministic


@pytest.mark.parametrize("levels", [None, 5])
def test_a_file_of_stable_baselines3(scenario: Path, tmp_path: Path, levels: int | None) -> None:
    sb3 = pytest.importorskip("stable_baselines3")
    env = TandemEnv(scenario, epochs=10, objective=lambda result: 0.0)
    flat = flatten(env, levels=levels, observations=True)
    kwargs = {"net_arch": [16, 16]}
    model = sb3.PPO("MlpPolicy", flat, n_steps=32, batch_size=32, seed=3, policy_kwargs=kwargs)
    model.learn(32)
    model.save(tmp_path / "model.zip")
    agent = choose_policy(str(tmp_path / "model.zip"), env)
    observation, _ = env.reset(seed=5)
    for _ in range(5):
        chosen, _ = model.predict(flat.shown(observation), deterministic=True)
        expected, played = flat.scenario_action(chosen), agent.act(observation)
        assert all(np.array_equal(expected[name], played[name]) for name in expected)
        observation, *_ = env.step(played)
    env.close()
    other = TandemEnv(scenario, cells=2)
    with pytest.raises(PolicyError, match="trained on other spaces"):
        choose_policy(str(tmp_path / "model.zip"), other)
    other.close()


def test_a_sweep_takes_policies_and_objectives_of_one_s_own(
    scenario: Path, tmp_path: Path, own: Path
) -> None:
    grid: dict[str, Any] = {
        "scenario": str(scenario),
        "policies": ["steady", "constant:1", f"{own}:loud"],
        "objective": f"{own}:fewer",
        "grid": {"cells": [2, 3]},
        "epochs": 3,
    }
    path = tmp_path / "grid.yaml"
    path.write_text(json.dumps(grid))
    words = ["sweep", str(path), "--out", str(tmp_path / "runs"), "--jobs", "1", "--quiet"]
    RUNNER.invoke(app, words)
    found = load_run(tmp_path / "runs" / "cells=2" / "steady-s1")
    assert (found.decisions["reward"] != 0.0).any()
    assert "6 runs, 0 missing" in RUNNER.invoke(app, words).output


def test_the_template_has_a_reward_and_may_be_moved(tmp_path: Path) -> None:
    place = tmp_path / "a place"
    place.mkdir()
    result = RUNNER.invoke(app, ["new", "mine", "--in", str(place)])
    assert result.exit_code == 0, result.output
    assert RUNNER.invoke(app, ["build", str(place / "mine" / "mine.cc")]).exit_code == 0
    moved = tmp_path / "moved"
    shutil.move(place / "mine", moved)
    command = [sys.executable, moved / "agent.py"]
    agent = subprocess.run(command, capture_output=True, text=True, check=True, cwd=tmp_path)
    random, longest = (float(line.split()[-1]) for line in agent.stdout.splitlines())
    assert random < longest < 0.0
    out = tmp_path / "run"
    words = ["run", "--scenario", str(moved / "mine"), "--out", str(out), "--quiet"]
    words += ["--policy", f"{moved}/agent.py:longest", "--epochs", "1000"]
    words += ["--objective", f"{moved}/objective.py:few_waiting"]
    played = RUNNER.invoke(app, words)
    assert played.exit_code == 0, (played.output, played.exception)
    assert load_run(out).decisions["reward"].mean() == pytest.approx(longest, rel=1e-3)
