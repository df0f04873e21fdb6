# SPDX-License-Identifier: MIT
"""``tandem dataset``: what a branch says of an action is what its play then gives."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from commands import Finished, tandem
from own_scenario import own_scenario

from tandem.bridge.core.env import TandemEnv
from tandem.bridge.core.masks import forbidden
from tandem.scripts.app.dataset.files import write_tables
from tandem.scripts.app.dataset.record import Asked, Recorder
from tandem.scripts.app.policies.choose import choose_policy

COMMAND = (
    *("dataset", "--scenario", "tcp-bottleneck", "--policy", "random", "--policy", "constant:2"),
    *("--episodes", "2", "--epochs", "4", "--quiet", "--seed", "7"),
)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data") / "set"
    done = tandem(*COMMAND, "--alternatives", "36", "--out", str(folder))
    assert done.returncode == 0, done.stderr
    return folder


def test_what_was_played_has_the_reward_that_its_branch_has(data: Path) -> None:
    steps = pd.read_parquet(data / "steps.parquet")
    tried = pd.read_parquet(data / "counterfactuals.parquet")
    assert len(steps) == 2 * 2 * 4
    assert len(tried) == 36 * len(steps)
    for frame in (steps, tried):
        frame["which"] = frame["action"].map(tuple)
    both = steps.merge(tried, on=["episode", "decision", "which"], suffixes=("", "_tried"))
    assert len(both) == len(steps)
    assert (both["reward"] == both["return"]).all()
    pairs = zip(both["next_observation_flows"], both["next_observation_flows_tried"], strict=True)
    assert all(np.array_equal(played, branched) for played, branched in pairs)
    assert tried["return"].nunique() > 36
    about = json.loads((data / "metadata.json").read_text())
    assert about["interactions"] == len(steps) + len(tried)
    # Chances are known where all actions are alike.
    random = steps[steps["policy"] == "random"]
    assert np.allclose(random["propensity"], 1.0 / 36.0)
    assert steps[steps["policy"] != "random"]["propensity"].isna().all()
    # All policies play the same episodes.
    firsts = steps[steps["decision"] == 0].groupby("seed")["observation_flows"]
    assert all(np.array_equal(*rows) for _, rows in firsts)


def test_minari_loads_it_in_three_lines(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    minari = pytest.importorskip("minari", reason="Minari is not installed (extra 'offline')")
    monkeypatch.setenv("MINARI_DATASETS_PATH", str(data / "minari"))
    loaded = minari.load_dataset("tandem/tcp-bottleneck-v0")
    assert (loaded.total_episodes, loaded.total_steps) == (4, 16)
    steps = pd.read_parquet(data / "steps.parquet")
    tried = pd.read_parquet(data / "counterfactuals.parquet")
    for number, episode in enumerate(loaded):
        mine = steps[steps["episode"] == number]
        assert np.array_equal(episode.rewards, mine["reward"])
        assert np.array_equal(episode.actions, np.stack(mine["action"]))
        seen = episode.observations["flows"]
        assert seen.shape == (5, 2, 5)
        assert np.array_equal(seen[0].ravel(), mine["observation_flows"].iloc[0])
        assert episode.truncations.tolist() == [False, False, False, True]
        returns = episode.infos["counterfactual_returns"]
        assert returns.shape == (5, 36)
        first = tried[(tried["episode"] == number) & (tried["decision"] == 0)]
        assert np.array_equal(returns[0], first["return"])
        assert np.isnan(returns[-1]).all()
        assert episode.infos["counterfactual_actions"].shape == (5, 36, 2)


def test_a_share_of_the_decisions_other_draws_and_what_was_there_before(
    data: Path, tmp_path: Path
) -> None:
    refused = tandem(*COMMAND, "--out", str(data))
    assert refused.returncode == 2
    assert "holds a data set already" in refused.stderr
    done = tandem(
        *(*COMMAND, "--alternatives", "2", "--share", "0.5", "--futures", "2", "--horizon", "2"),
        *("--out", str(tmp_path / "set")),
    )
    assert done.returncode == 0, done.stderr
    tried = pd.read_parquet(tmp_path / "set" / "counterfactuals.parquet")
    decisions = tried.groupby(["episode", "decision"])
    assert 0 < decisions.ngroups < 16
    assert (decisions.size() == 4).all()
    lengths = tried["rewards"].map(len)
    assert lengths.max() == 2
    assert (lengths[tried["decision"] == 3] == 1).all()  # the episode ends there


#: Fails in the second episode until a file is there; notes which episodes it plays; remembers.
OWN = """
from pathlib import Path

from tandem.bridge.core.errors import TandemError

HERE = Path(__file__).parent


class Remembering:
    def __init__(self):
        self.played = 0

    def begin_episode(self, seed):
        self.seed = seed

    def act(self, observation):
        if self.played == 0:
            with (HERE / "played").open("a") as file:
                file.write(f"{self.seed} ")
        if self.seed == 8 and not (HERE / "mended").exists():
            raise TandemError("it is broken")
        self.played += 1
        return [self.played % 6, 0]
"""


@pytest.mark.parametrize("more", [(), ("--jobs", "2")], ids=["one simulator", "parts"])
def test_finished_episodes_are_never_recorded_again(more: tuple[str, ...], tmp_path: Path) -> None:
    own = tmp_path / "own.py"
    own.write_text(OWN)

    def record(out: Path, *others: str) -> Finished:
        asked = ("dataset", "--scenario", "tcp-bottleneck", "--policy", f"{own}:Remembering")
        sized = ("--episodes", "3", "--epochs", "2", "--seed", "7", "--quiet", *others)
        return tandem(*asked, *sized, "--out", str(out), *more)

    out, whole = tmp_path / "out", tmp_path / "whole"
    broken = record(out)
    assert "it is broken" in broken.stderr
    assert broken.returncode != 0
    assert not (out / "metadata.json").exists()
    kept = {path.name: path.stat().st_mtime_ns for path in (out / "episodes").glob("*.npz")}
    assert "0-7.npz" in kept
    refused = record(out, "--alternatives", "3")
    assert refused.returncode == 2
    assert "interrupted data set with other options" in refused.stderr

    (tmp_path / "mended").touch()
    (tmp_path / "played").unlink()
    assert record(out).returncode == 0
    assert not (out / "episodes").exists()
    left = {f"0-{seed}.npz" for seed in (tmp_path / "played").read_text().split()}
    assert left == {"0-7.npz", "0-8.npz", "0-9.npz"} - set(kept)
    assert record(whole).returncode == 0
    for name in ("steps.parquet", "counterfactuals.parquet", "metadata.json"):
        assert (out / name).read_bytes() == (whole / name).read_bytes()
    # Each episode is played by an agent of its own, which remembers no other.
    actions = pd.read_parquet(out / "steps.parquet")["action"].map(tuple)
    assert actions.tolist() == [(1, 0), (2, 0)] * 3


def test_masks_reals_and_several_blocks(tmp_path: Path) -> None:
    with TandemEnv(
        own_scenario("cells"),
        {"epochs": 3},
        objective=lambda result: float(result.observation["cells"].sum()),
    ) as env:
        recorder = Recorder(env, Asked(alternatives=5), seed=1)
        episode = recorder.record(choose_policy("random", env), 3, lambda: None)
        assert len(episode.alternatives) == 5 * len(episode.actions)
        for tried in episode.alternatives:
            assert env.action_space.contains(tried.action)
            seen = episode.observations[tried.decision]
            assert forbidden(env.schema, seen, tried.action) == 0
    write_tables(tmp_path, [episode])
    columns = set(pd.read_parquet(tmp_path / "counterfactuals.parquet"))
    assert {"action_channel", "action_radio", "action_mode", "next_observation_cells"} <= columns


def test_the_example_scores_estimators_against_the_truth() -> None:
    program = Path(__file__).parents[2] / "docs" / "examples" / "off_policy.py"
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }
    done = subprocess.run(
        [sys.executable, str(program), "--episodes", "1"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=110,
    )
    assert done.returncode == 0, done.stderr
    assert "10 logged decisions, 490 outcomes of other actions" in done.stdout
    errors = dict(re.findall(r"(\w+) +RMSE ([\d.]+)", done.stdout))
    assert set(errors) == {"IPS", "SNIPS", "DM", "DR"}
    assert float(errors["DR"]) < float(errors["IPS"])
