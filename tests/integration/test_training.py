# SPDX-License-Identifier: MIT
"""Training in real ns-3: resume, records, evaluation, the command."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner, Result

from tandem.agents.api import Learner
from tandem.agents.baselines.fixed_learner import FixedLearner
from tandem.agents.checkpoint import load_state, save_state
from tandem.agents.hybrid import HybridAgent, HybridConfig
from tandem.agents.inference.heuristics import make_policy
from tandem.agents.inference.objective import PaperObjective
from tandem.agents.training.loop import Training, history_columns
from tandem.agents.training.world import EnvWorld
from tandem.bridge.core.env import TandemEnv
from tandem.scripts.app.training.checkpoints import CHECKPOINTS, EVALUATION, last_checkpoint
from tandem.scripts.app.training.run import HISTORY
from tandem.scripts.cli import app

ARGUMENTS = {"users": 2, "epochs": 5, "backgroundStations": 0}
#: Explores much, so that few interactions cover everything.
CONFIG = {"explore_share": 0.9, "probe_share": 0.5, "worth": 0.0}
#: Files that depend on what was asked for only, not on when and how often it was interrupted.
SAME_BYTES = (
    HISTORY,
    EVALUATION,
    "requests.parquet",
    "decisions.parquet",
    "episodes.parquet",
)


@pytest.fixture
def env() -> Iterator[TandemEnv]:
    with TandemEnv("wifi-edge", ARGUMENTS, objective=PaperObjective(85.0)) as environment:
        yield environment


@pytest.mark.parametrize("agent", ["hybrid", "random"])
def test_resumed_training_equals_an_uninterrupted_one(
    env: TandemEnv, agent: str, tmp_path: Path
) -> None:
    world = EnvWorld(env)

    def training() -> Training:
        learner: Learner
        if agent == "hybrid":
            learner = HybridAgent(world.problem, HybridConfig(**CONFIG), 3)
        else:
            learner = FixedLearner(make_policy(agent, env.schema))
        return Training(world, learner, 3)

    whole = training()
    whole.run(13)
    half = training()
    half.run(7)  # in the middle of the second episode
    save_state(tmp_path / "half.pt", half.state_dict())
    resumed = training()
    resumed.load_state_dict(load_state(tmp_path / "half.pt"))
    resumed.run(13)

    one, other = history_columns(whole.history), history_columns(resumed.history)
    assert [row.interaction for row in resumed.history] == list(range(1, 14))
    for name, values in one.items():
        assert np.array_equal(values, other[name], equal_nan=name in _FLOATS), name
    observation, _ = env.reset(seed=9)
    assert np.array_equal(resumed.learner.act(observation), whole.learner.act(observation))


_FLOATS = ("cost_s", "accuracy_percent", "predicted_s", "model_error", "validation_loss")


def command(folder: Path, cache: Path, *more: str) -> list[str]:
    return [
        "train",
        "--users=2",
        "--epochs=5",
        "--set=backgroundStations=0",
        "--evaluate-every=4",
        "--evaluation-states=2",
        "--checkpoint-every=3",
        f"--cache={cache}",
        f"--out={folder}",
        *more,
    ]


def invoke(arguments: list[str], *, fails: bool = False) -> Result:
    result = CliRunner().invoke(app, arguments)
    assert (result.exit_code != 0) == fails, f"{result.output}{result.exception!r}"
    return result


def test_resumed_command_writes_the_same_bytes(tmp_path: Path) -> None:
    settings = tmp_path / "agent.yaml"
    settings.write_text(json.dumps(CONFIG), encoding="utf-8")  # JSON is YAML
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    config = f"--config={settings}"
    invoke(command(whole, tmp_path, config, "--interactions=10"))
    invoke(command(parts, tmp_path, config, "--interactions=7"))
    # What was written after the last checkpoint does not matter.
    (parts / "requests.parquet").write_bytes(b"torn")
    invoke(["train", "--resume", f"--cache={tmp_path}", f"--out={parts}", "--interactions=10"])
    for name in SAME_BYTES:
        assert (whole / name).read_bytes() == (parts / name).read_bytes(), name

    evaluation = pq.read_table(whole / EVALUATION).to_pandas()
    assert evaluation["interaction"].tolist() == [0, 4, 8, 10]
    assert (evaluation["ratio"] >= 1.0 - 1e-9).all()
    history = pq.read_table(whole / HISTORY).to_pandas()
    decisions = pq.read_table(whole / "decisions.parquet").to_pandas()
    assert history["interaction"].tolist() == list(range(1, 11))
    assert np.array_equal(history["cost_s"], -decisions["reward"])
    assert len(list((whole / CHECKPOINTS).glob("*.pt"))) == 2
    metadata = json.loads((parts / "metadata.json").read_text(encoding="utf-8"))
    assert metadata["status"] == "complete"
    assert metadata["oracle"] == "exact"
    assert metadata["decisions"] == metadata["interactions"] == 10
    assert metadata["episodes"] == 2

    evaluated = invoke(["evaluate", str(parts), "--states=2", f"--cache={tmp_path}"])
    assert "best fixed" in evaluated.output
    report = json.loads((parts / "evaluate.json").read_text(encoding="utf-8"))
    lines = {line["policy"]: line for line in report["lines"]}
    assert lines["hybrid"]["interactions"] == 10
    assert all(line["cost_s"] >= report["best_s"] - 1e-12 for line in lines.values())
    assert lines["best fixed"]["cost_s"] <= min(
        lines[name]["cost_s"] for name in ("all device", "all edge", "all cloud")
    )
    assert lines["all edge"]["accuracy_percent"] == pytest.approx(89.9)

    over = ["evaluate", str(parts), "--states=2", f"--cache={tmp_path}"]
    invoke([*over, "--futures=2"])
    report = json.loads((parts / "evaluate.json").read_text(encoding="utf-8"))
    costs_s = {line["policy"]: line["cost_s"] for line in report["lines"]}
    assert report["best_s"] == costs_s["oracle, held out"]
    assert costs_s["best on average"] == min(costs_s.values())
    assert "give 2 or more" in invoke([*over, "--futures=1"], fails=True).output

    refused = invoke(["train", "--resume", f"--out={parts}", "--seed=2"], fails=True)
    assert "differs from the run" in refused.output
    refused = invoke(["train", "--resume", f"--out={parts}", "--set=edgeCores=7"], fails=True)
    assert "differs from the run" in refused.output


@pytest.mark.usefixtures("interruptible")
def test_interrupt_leaves_a_checkpoint_to_go_on_from(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    arguments = command(folder, tmp_path, "--agent=random", "--interactions=100000")
    process = subprocess.Popen(
        [sys.executable, "-m", "tandem.scripts.main", *arguments],
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        while not list(folder.glob(f"{CHECKPOINTS}/*.pt")):
            assert process.poll() is None, process.communicate()[1]
            time.sleep(0.05)
        # As Ctrl-C in a terminal: to the whole group, simulators included.
        os.killpg(process.pid, signal.SIGINT)
        _, said = process.communicate(timeout=60)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 130, said
    assert "tandem train --resume" in said
    metadata = json.loads((folder / "metadata.json").read_text(encoding="utf-8"))
    assert metadata["status"] == "interrupted"
    done = int(last_checkpoint(folder).stem)
    assert done == metadata["decisions"] == pq.read_table(folder / HISTORY).num_rows
    requests = pq.read_table(folder / "requests.parquet").num_rows
    assert requests == 2 * done
    more = ["--resume", f"--cache={tmp_path}", f"--out={folder}", f"--interactions={done + 2}"]
    invoke(["train", *more])
    assert pq.read_table(folder / "requests.parquet").num_rows == requests + 4


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--agent=sarsa"], "'sarsa' is unknown: one of hybrid"),
        (["--agent=edge", "--config=CONFIG"], "edge has no settings"),
        (["--config=CONFIG"], "warmup"),
        (["--accuracy=101"], "101"),
    ],
)
def test_bad_settings_are_named(arguments: list[str], message: str, tmp_path: Path) -> None:
    config = tmp_path / "bad.yaml"
    config.write_text("warmup: -3\n", encoding="utf-8")
    given = [argument.replace("CONFIG", str(config)) for argument in arguments]
    result = invoke(["train", f"--out={tmp_path / 'run'}", *given], fails=True)
    assert message in f"{result.output}{result.exception}"
    assert not (tmp_path / "run").exists()
