# SPDX-License-Identifier: MIT
"""``tandem train --agent hybrid`` on scenarios without inference, one of them a user's own."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from commands import tandem
from own_scenario import own_scenario

import tandem as package
from tandem.agents.general.api import Step
from tandem.agents.general.kinds import make_general
from tandem.agents.training.history import DecisionRow, Place
from tandem.bridge.core.env import TandemEnv
from tandem.bridge.core.objective import EpochResult
from tandem.scripts.app.figures.figure import draw
from tandem.scripts.app.figures.registry import figures_of

pytest.importorskip("torch")
pytest.importorskip("stable_baselines3")
pytest.importorskip("plotly")
REWARD = """
def backlog(result):
    return -float(result.observation["backlog"].sum())
"""
SETTINGS = """
warmup: 20
model: {fit_every: 10, fit_steps: 40, hidden: 16}
model_free: {updates: 20, starts: 20}
planning: {budget: 40}
"""
SMALL = (
    *("--epochs", "10", "--evaluation-episodes", "2", "--quiet", "--config", "hybrid.yaml"),
    *("--evaluate-every", "60", "--checkpoint-every", "25"),
)


def cheap(result: EpochResult) -> float:
    return -float(result.action["radio"][:, 0].sum())


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("own work")
    assert tandem("new", "mine", "--in", str(folder)).returncode == 0
    assert tandem("build", str(folder / "mine" / "mine.cc")).returncode == 0
    (folder / "reward.py").write_text(REWARD)
    (folder / "hybrid.yaml").write_text(SETTINGS)
    return folder


@pytest.fixture
def inside(place: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(place)
    return place


def train(out: str, *more: str) -> tuple[str, ...]:
    return (
        *("train", "--agent", "hybrid", "--scenario", "./mine/mine", "--out", out),
        *("--objective", "reward.py:backlog", *SMALL, *more),
    )


def test_it_learns_a_scenario_of_ones_own_and_resumes_as_if_it_had_not_stopped(
    inside: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = tandem(*train("runs/whole", "--interactions", "120"))
    assert done.returncode == 0, done.stderr
    evaluation = pd.read_parquet("runs/whole/evaluation.parquet")
    assert evaluation["interaction"].tolist() == [0, 60, 120]
    last = evaluation.iloc[-1]
    assert last["return_mean"] > last["random_return"]
    history = pd.read_parquet("runs/whole/history.parquet")
    assert set(history["source"]) >= {"random", "plan", "thompson"}
    later = history.iloc[60:]
    for name in ("predicted", "reward_error", "rollout_length", "imagined_reward", "ensemble_sd"):
        assert later[name].notna().all(), name
    assert later["reward_covered"].mean() > 0.4
    assert later["value_share"].between(0.0, 1.0).all()

    from tandem.agents.training.world import RewardWorld

    real = RewardWorld.row

    def stop_in_the_middle(world: RewardWorld, place: Place, *given: Any) -> DecisionRow:
        if place.interaction == 70:
            os.kill(os.getpid(), 2)
        return real(world, place, *given)

    with monkeypatch.context() as patched:
        patched.setattr(RewardWorld, "row", stop_in_the_middle)
        stopped = tandem(*train("runs/stopped", "--interactions", "120"))
    assert stopped.returncode == 130, stopped.stderr
    rest = tandem("train", "--resume", "--out", "runs/stopped", "--quiet")
    assert rest.returncode == 0, rest.stderr
    for name in ("history", "evaluation", "decisions", "episodes"):
        mine, theirs = (Path(f"runs/{run}/{name}.parquet") for run in ("whole", "stopped"))
        assert mine.read_bytes() == theirs.read_bytes(), name

    run = package.load_run("runs/whole")
    drawn, missing = draw(figures_of([run]), [run])
    assert {"training", "learned-model"} <= set(drawn), missing
    traces = drawn["learned-model"].data
    assert {trace.y.size for trace in traces} == {120}
    shown = " ".join(trace.hovertemplate for trace in traces)
    assert all(name in shown for name in ("rollout_length", "value_share", "model_loss"))

    judged = tandem("evaluate", "runs/whole", "--episodes", "2", "--quiet")
    assert judged.returncode == 0, judged.stderr
    players = json.loads(Path("runs/whole/episodes.json").read_text())["players"]
    assert players["hybrid"]["return_mean"] > players["random actions"]["return_mean"]


def test_a_bundled_scenario_needs_no_objective_and_inference_keeps_its_own_hybrid(
    inside: Path,
) -> None:
    done = tandem(
        *("train", "--scenario", "lte-power", "--interactions", "40", "--out", "runs/lte", *SMALL)
    )
    assert done.returncode == 0, done.stderr
    about = json.loads(Path("runs/lte/metadata.json").read_text())
    assert about["interactions"] == 40
    assert "branch_epochs" in about
    refused = tandem(
        *("train", "--scenario", "wifi-edge", "--evaluation-episodes", "2", "--out", "runs/no")
    )
    assert refused.returncode == 2
    assert "--evaluation-episodes is for" in refused.stderr


def test_the_benchmark_of_any_scenario_runs_and_goes_on_where_it_was(inside: Path) -> None:
    command = ("reproduce", "any", "--quick", "--seeds", "1", "--jobs", "1", "--quiet")
    done = tandem(*command, "--out", "bench", "--work", "work")
    assert done.returncode == 0, done.stderr
    results = json.loads(Path("bench/results.json").read_text())["results"]
    assert {result["agent"] for result in results} == {"hybrid", "search", "sb3:PPO"}
    rows = pd.read_csv("bench/results.csv")
    assert rows[rows["agent"] == "hybrid"]["interactions"].tolist() == [60, 120]
    text = Path("bench/README.md").read_text()
    assert "Branch search, without training" in text
    assert "Branch search that hybrid guides" in text
    assert "(curves.svg)" in text
    assert "<!-- hybrid -->" in Path("bench/curves.svg").read_text()
    (hybrid,) = (result for result in results if result["agent"] == "hybrid")
    assert 2.0 < hybrid["guided"]["per_decision"] <= 4.0
    assert "## lte-power" in text
    parts = {path: path.stat().st_mtime_ns for path in Path("work/any").iterdir()}
    assert len(parts) == 3
    again = tandem(*command, "--out", "again", "--work", "work")
    assert again.returncode == 0, again.stderr
    assert parts == {path: path.stat().st_mtime_ns for path in Path("work/any").iterdir()}
    # Whoever has the report alone goes on from it.
    from_report = tandem(*command, "--out", "bench", "--work", "elsewhere")
    assert from_report.returncode == 0, from_report.stderr
    assert json.loads(Path("bench/results.json").read_text())["results"] == results
    assert not list(Path("elsewhere").rglob("*.json"))
    some = tandem("reproduce", "any", "--quick", "--finished", "--out", "some", "--work", "work")
    assert some.returncode == 0, some.stderr
    assert len(json.loads(Path("some/results.json").read_text())["results"]) == 3
    for options, fault in (
        (("--finished", "--seeds", "1"), "no part is finished in work"),
        (("--setting", "wifi"), "--setting 'wifi' is unknown"),
        (("--agent", "prior"), "--agent 'prior' is unknown"),
        (("--states", "3"), "--states does nothing in the experiment any"),
    ):
        refused = tandem("reproduce", "any", *options, "--work", "work")
        assert refused.returncode == 2, refused.stderr
        assert fault in refused.stderr


def test_choices_reals_masks_and_several_blocks_together() -> None:
    """Least power is best; SAC is the half that knows values where actions are no choices."""
    with TandemEnv(own_scenario("cells"), {"epochs": 30}, objective=cheap) as env:
        settings = {
            "warmup": 30,
            "model": {"fit_every": 15, "fit_steps": 60, "hidden": 16},
            "model_free": {"updates": 10, "starts": 20},
            "planning": {"horizon": 2, "budget": 100},
        }
        agent = make_general(env, "hybrid", 1, settings)
        for episode in range(4):
            observation, _ = env.reset(seed=episode + 1)
            agent.begin_episode(episode + 1)
            for _ in range(30):
                choice = agent.decide(observation)
                assert env.action_space.contains(choice.action)
                following, reward, terminated, _, info = env.step(choice.action)
                assert info["forbidden"] == 0
                step = Step(observation, choice.action, float(reward), following, terminated)
                agent.learn(choice, step)
                observation = following
        observation, _ = env.reset(seed=50)
        power = agent.act(observation)["radio"][:, 0]
        radio = env.action_space["radio"]
        low, high = radio.low[:, 0].mean(), radio.high[:, 0].mean()
    assert power.mean() < low + 0.3 * (high - low)
