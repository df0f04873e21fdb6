# SPDX-License-Identifier: MIT
"""Pre-training on real ns-3: drawn scenarios, networks, an agent that plans in them."""

from __future__ import annotations

import json
from pathlib import Path

from typer.testing import CliRunner, Result

from tandem.agents.inference.objective import PaperObjective
from tandem.agents.registry import learner_config, make_learner
from tandem.agents.training.loop import Training
from tandem.agents.training.world import EnvWorld
from tandem.bridge.core.env import TandemEnv
from tandem.scripts.cli import app


def pretrain(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["pretrain", "--quick", "--quiet", *map(str, arguments)])


def test_networks_of_a_quick_run_serve_an_agent(tmp_path: Path) -> None:
    data, first, again = tmp_path / "data", tmp_path / "first.npz", tmp_path / "again.npz"
    result = pretrain("--data", data, "--out", first)
    assert result.exit_code == 0, result.output
    about = json.loads(first.with_suffix(".json").read_text())
    assert about["requests"] > 10
    played = {path: path.read_bytes() for path in data.iterdir()}
    assert len([path for path in played if path.suffix == ".npz"]) == about["recipe"]["scenarios"]

    # What was played is not played again, and gives the same networks.
    assert pretrain("--data", data, "--out", again).exit_code == 0
    assert {path: path.read_bytes() for path in data.iterdir()} == played
    assert again.read_bytes() == first.read_bytes()
    refused = pretrain("--data", data, "--out", again, "--seed", "2")
    assert refused.exit_code != 0
    assert "holds scenarios that were played as" in str(refused.exception or refused.output)

    config = learner_config("hybrid-no-physics", {"model": {"networks": str(first)}})
    with TandemEnv("wifi-edge", {"users": 2}, objective=PaperObjective(85.0)) as env:
        world = EnvWorld(env)
        training = Training(world, make_learner("hybrid-no-physics", world.problem, 1, config), 1)
        training.run(2)
    assert [row.predicted_s > 0.0 for row in training.history] == [True, True]
