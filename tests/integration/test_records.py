# SPDX-License-Identifier: MIT
"""Recorded runs on real ns-3: reproducible to the byte, complete, and safe."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tandem.agents.inference.heuristics import make_policy
from tandem.agents.inference.request_table import TABLE
from tandem.bridge.core.env import TandemEnv
from tandem.bridge.core.errors import SimulatorDied
from tandem.bridge.core.scenarios import scenario_executable
from tandem.bridge.runs import folder as run_folder
from tandem.bridge.runs.writer import RunWriter
from tandem.scripts.app.inspection import measures
from tandem.scripts.app.training.rollout import play

USERS = 3
EPOCHS = 4
SCENARIOS = ("wifi-edge", "lte-edge", "hetnet")


def record(env: TandemEnv, folder: Path, policy: str, *, seed: int, episodes: int = 1) -> bytes:
    """Play a policy, write the run, return the bytes of its request table."""
    run_folder.prepare(folder, force=False)
    config = {"policy": policy, "seed": seed}
    with RunWriter(folder, schema=env.schema, config=config) as writer:
        play(env, make_policy(policy, env.schema), writer, seed=seed, episodes=episodes)
    return (folder / "requests.parquet").read_bytes()


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_same_seed_gives_equal_bytes_fresh_or_forked(scenario: str, tmp_path: Path) -> None:
    with TandemEnv(scenario, users=USERS, epochs=EPOCHS) as env:
        first = record(env, tmp_path / "a", "random", seed=5)
        other = record(env, tmp_path / "b", "random", seed=6)
        forked = record(env, tmp_path / "c", "random", seed=5)
    with TandemEnv(scenario, users=USERS, epochs=EPOCHS) as env:
        fresh = record(env, tmp_path / "d", "random", seed=5)
    assert first == forked == fresh
    assert first != other
    for name in ("decisions.parquet", "episodes.parquet"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "d" / name).read_bytes()


@pytest.mark.parametrize("scenario", SCENARIOS)
@pytest.mark.parametrize("policy", ["edge", "device"])
def test_scenario_alone_gives_the_recorded_table(
    scenario: str, policy: str, tmp_path: Path
) -> None:
    with TandemEnv(scenario, users=USERS, epochs=EPOCHS) as env:
        record(env, tmp_path / "run", policy, seed=9)
    recorded = pd.read_parquet(tmp_path / "run" / "requests.parquet").drop(columns="episode")
    csv = tmp_path / "alone.csv"
    subprocess.run(
        [
            scenario_executable(scenario),
            "--agent=none",
            f"--policy={policy}",
            f"--users={USERS}",
            f"--epochs={EPOCHS}",
            "--seed=9",
            f"--requests={csv}",
        ],
        check=True,
        timeout=60,
    )
    types = recorded.dtypes.to_dict()
    alone = pd.read_csv(csv, dtype=types, float_precision="round_trip")
    pd.testing.assert_frame_equal(alone, recorded, check_exact=True)


def test_run_folder_holds_everything(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    with TandemEnv("wifi-edge", users=USERS, epochs=EPOCHS) as env:
        record(env, folder, "edge", seed=1, episodes=2)
    assert sorted(path.name for path in folder.iterdir()) == [
        "config.yaml",
        "decisions.parquet",
        "episodes.parquet",
        "metadata.json",
        "positions.parquet",
        "requests.parquet",
        "schema.json",
    ]
    metadata = json.loads((folder / "metadata.json").read_text())
    assert metadata["status"] == "complete"
    assert metadata["decisions"] == 2 * EPOCHS
    assert metadata["episodes"] == 2
    assert metadata["ns3_version"]
    run = measures.load_run(folder)
    assert len(run.requests) == 2 * EPOCHS * USERS
    assert run.episodes["seed"].tolist() == [1, 2]
    assert run.episodes["truncated"].all()
    assert run.episodes["requests"].tolist() == [EPOCHS * USERS] * 2
    by_decision = run.decisions.groupby("episode")["reward"].sum()
    assert np.allclose(by_decision, run.episodes["return"])
    mean_s = run.requests.groupby(["episode", "decision"])["response_time_s"].mean()
    assert np.allclose(mean_s, run.decisions["mean_response_time_s"])
    shape = run.labels["observation"]["users"]["shape"]
    assert len(run.decisions["observation_users"][0]) == shape[0] * shape[1]
    airtime = measures.cell_airtime(run)
    assert airtime.index.tolist() == ["wifi"]
    assert 0.0 < airtime.loc["wifi", "mean"] <= 1.0


def test_dead_simulator_loses_nothing_that_was_finished(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    played = 0

    with TandemEnv("wifi-edge", users=USERS, epochs=1000) as env:

        def kill_after_three() -> None:
            nonlocal played
            played += 1
            if played == 3:
                os.kill(env.simulator.pid, signal.SIGKILL)

        def play_until_death() -> None:
            with RunWriter(folder, schema=env.schema, config={}) as writer:
                agent = make_policy("edge", env.schema)
                play(env, agent, writer, seed=1, on_decision=kill_after_three)

        with pytest.raises(SimulatorDied):
            play_until_death()
    metadata = json.loads((folder / "metadata.json").read_text())
    assert metadata["status"] == "failed"
    assert "SimulatorDied" in metadata["error"]
    run = measures.load_run(folder)
    assert len(run.decisions) == played >= 3
    assert len(run.requests) == played * USERS
    assert run.episodes["finished"].tolist() == [False]


def test_scenario_without_requests_is_recorded_and_not_analysed(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    with (
        TandemEnv("hello", epochs=5) as env,
        RunWriter(folder, schema=env.schema, config={}) as writer,
    ):
        play(env, make_policy("random", env.schema), writer, seed=1)
    assert not (folder / f"{TABLE}.parquet").exists()
    assert len(pd.read_parquet(folder / "decisions.parquet")) == 5
    with pytest.raises(run_folder.RunFolderError, match="records no requests"):
        measures.load_run(folder)
