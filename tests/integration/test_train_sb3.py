# SPDX-License-Identifier: MIT
"""``tandem train --agent sb3:…`` on a scenario that a user wrote, in a folder with a space."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pandas as pd
import pytest
from commands import Finished, tandem

import tandem as package

pytest.importorskip("stable_baselines3", reason="Stable-Baselines3 is not installed (extra 'sb3')")

REWARD = """
import numpy as np

def backlog(result):
    return -float(result.observation["backlog"].sum())

class Smooth:
    def __init__(self):
        self.reset()

    def reset(self):
        self.total = 0.0

    def __call__(self, result):
        self.total += float(result.observation["backlog"].max())
        return -self.total / (result.decision + 1)

not_callable = 3
"""
SMALL = {
    "PPO": "algorithm: {n_steps: 32, batch_size: 16, n_epochs: 2}\n",
    "A2C": "",
    "DQN": "algorithm: {learning_starts: 20, batch_size: 16, target_update_interval: 30}\n",
    "SAC": "algorithm: {learning_starts: 20, batch_size: 16, buffer_size: 1000}\n",
    "TD3": "algorithm: {learning_starts: 20, batch_size: 16, policy_kwargs: {net_arch: [8]}}\n",
}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("own work") / "my scenarios"
    folder.mkdir()
    assert tandem("new", "mine", "--in", str(folder)).returncode == 0
    assert tandem("build", str(folder / "mine" / "mine.cc")).returncode == 0
    (folder / "reward.py").write_text(REWARD)
    for name, text in SMALL.items():
        (folder / f"{name}.yaml").write_text(text)
    return folder


@pytest.fixture
def inside(place: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(place)
    return place


def train(algorithm: str, out: str, *more: str, interactions: int = 96) -> Finished:
    return tandem(
        *("train", "--agent", f"sb3:{algorithm}", "--scenario", "mine/mine", "--quiet"),
        *("--objective", "reward.py:backlog", "--config", f"{algorithm.upper()}.yaml"),
        *("--interactions", str(interactions), "--epochs", "10", "--evaluation-episodes", "2"),
        *("--evaluate-every", "48", "--checkpoint-every", "32", "--out", out, *more),
    )


def tables(folder: str) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(Path(folder).glob("*.parquet"))}


@pytest.mark.parametrize("algorithm", list(SMALL))
def test_any_algorithm_trains_and_a_resumed_run_is_the_same(inside: Path, algorithm: str) -> None:
    whole = train(algorithm, f"runs/{algorithm} whole")
    assert whole.returncode == 0, whole.stderr
    begun = train(algorithm, f"runs/{algorithm} parts", interactions=64)
    assert begun.returncode == 0, begun.stderr
    out = f"runs/{algorithm} parts"
    rest = tandem("train", "--resume", "--out", out, "--interactions", "96", "--quiet")
    assert rest.returncode == 0, rest.stderr
    run = package.load_run(f"runs/{algorithm} whole")
    assert len(run.decisions) == (100 if algorithm == "A2C" else 96)  # blocks of 5
    assert run.decisions["reward"].max() <= 0.0
    assert run.decisions["reward"].min() < 0.0
    assert len(run.episodes) == 10
    if algorithm == "DQN":  # its exploration falls with the share of the budget that is used
        return
    evaluated = [
        pd.read_parquet(f"runs/{algorithm} {part}/evaluation.parquet")
        for part in ("whole", "parts")
    ]
    assert evaluated[0].iloc[-1].equals(evaluated[1].iloc[-1])
    recorded = tables(f"runs/{algorithm} whole"), tables(out)
    for name in ("decisions.parquet", "episodes.parquet"):
        assert recorded[0][name] == recorded[1][name]


def test_an_interrupted_run_resumes_with_equal_results(
    inside: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert train("DQN", "runs/never stopped").returncode == 0
    from tandem.scripts.app.training import sb3_run

    asked = []

    def stop_in_the_middle(run: sb3_run.Sb3Run) -> None:
        asked.append(run.interactions)
        if run.interactions == 70:
            os.kill(os.getpid(), 2)

    with monkeypatch.context() as patched:
        patched.setattr(sb3_run.Sb3Run, "after_interaction", stop_in_the_middle)
        stopped = train("DQN", "runs/stopped")
    assert stopped.returncode == 130
    assert "resume with: tandem train --resume --out runs/stopped" in stopped.stderr
    assert asked[-1] == 70
    resumed = tandem("train", "--resume", "--out", "runs/stopped", "--quiet")
    assert resumed.returncode == 0, resumed.stderr
    assert tables("runs/stopped") == tables("runs/never stopped")


def test_training_is_worth_it_and_evaluate_says_so(inside: Path) -> None:
    trained = tandem(
        *("train", "--agent", "sb3:PPO", "--scenario", "mine/mine", "--quiet", "--out", "runs/p"),
        *("--objective", "reward.py:backlog", "--interactions", "4096", "--epochs", "50"),
        *("--evaluate-every", "4096", "--evaluation-episodes", "3"),
    )
    assert trained.returncode == 0, trained.stderr
    evaluated = tandem("evaluate", "runs/p", "--episodes", "5", "--quiet")
    assert evaluated.returncode == 0, evaluated.stderr
    found = json.loads(Path("runs/p/episodes.json").read_text())["players"]
    returns = {name: player["return_mean"] for name, player in found.items()}
    assert returns["sb3:PPO"] > 0.6 * returns["random actions"]  # costs: closer to 0 is better
    assert returns["random actions"] > returns["best constant action"]
    assert found["sb3:PPO"]["seeds"] == found["random actions"]["seeds"]
    assert set(found["sb3:PPO"]["decisions"]) == {50}
    assert "best constant action [" in evaluated.stdout
    other = tandem(
        *("evaluate", "runs/p", "--episodes", "2", "--quiet", "--objective", "reward.py:Smooth")
    )
    assert other.returncode == 0, other.stderr
    smooth = json.loads(Path("runs/p/episodes.json").read_text())["players"]["sb3:PPO"]
    assert smooth["return_mean"] > returns["sb3:PPO"] / 2  # of the longest queue, not of all four


def test_what_does_not_fit_is_refused_with_the_next_step(inside: Path) -> None:
    base = ("train", "--scenario", "mine/mine", "--interactions", "8", "--out", "runs/refused")
    cases = {
        ("--agent", "sb3:PPO"): "has no reward of its own.*--objective FILE.py:NAME",
        ("--agent", "sb3:PP"): "no algorithm 'PP': one of A2C, .*PPO",
        ("--agent", "sb3:PPO", "--accuracy", "85"): "--accuracy is for agents that are compared",
        (
            "--agent",
            "joint-dqn",
            "--objective",
            "reward.py:backlog",
        ): "--objective is for --agent search",
        ("--agent", "sb3:PPO", "--objective", "reward.py:fair"): "reward.py has no 'fair'; it has",
        ("--agent", "sb3:PPO", "--objective", "no.py:fair"): "there is no file",
        ("--agent", "sb3:PPO", "--objective", "reward.py:not_callable"): "not a callable",
        ("--agent", "sb3:SAC", "--objective", "reward.py:backlog", "--config", "PPO.yaml"): (
            "SAC has no setting 'batch_size'|SAC has no setting 'n_epochs'"
        ),
    }
    for options, message in cases.items():
        refused = tandem(*base, *options)
        assert refused.returncode != 0
        assert re.search(message, re.sub(r"\s+", " ", refused.stderr)), refused.stderr
        assert not Path("runs/refused").exists()


def test_objectives_with_a_memory_and_ends_of_an_option(inside: Path) -> None:
    trained = tandem(
        *("train", "--agent", "sb3:a2c", "--scenario", "mine/mine", "--quiet", "--epochs", "5"),
        *("--objective", "reward.py:Smooth", "--interactions", "20", "--out", "runs/smooth"),
    )
    assert trained.returncode == 0, trained.stderr
    run = package.load_run("runs/smooth")
    assert run.config["agent"] == "sb3:A2C"
    assert Path(run.config["objective"].rpartition(":")[0]).is_absolute()
    most = run.observation("backlog")["packets"].loc[0].groupby(level=0).max()
    assert run.decisions["reward"].iloc[0] == pytest.approx(-most[1])
    other = tandem("train", "--resume", "--out", "runs/smooth", "--seed", "9")
    assert other.returncode == 2
    assert "--seed differs from the run" in other.stderr
