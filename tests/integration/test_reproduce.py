# SPDX-License-Identifier: MIT
"""``tandem reproduce`` on tiny grids: outputs, resume, and results that do not change by it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from tandem.scripts.app.experiments.places import Places
from tandem.scripts.app.experiments.states import JudgingStates
from tandem.scripts.app.experiments.units import Unit, run_unit
from tandem.scripts.app.experiments.wrong_knowledge import SETTINGS
from tandem.scripts.cli import app

TINY = ["--states=2", "--futures=2", "--seeds=1"]


def reproduce(folder: Path, *options: str, jobs: int = 1) -> dict[str, Any]:
    """The content of results.json, less what time changes."""
    places = [f"--{name}={folder / name}" for name in ("out", "work", "cache")]
    done = CliRunner().invoke(app, ["reproduce", *options, *TINY, *places, f"--jobs={jobs}"])
    assert done.exit_code == 0, done.output
    content: dict[str, Any] = json.loads((folder / "out" / "results.json").read_text())
    for run in content["runs"]:
        run["cpu_ms"] = run["wall_s"] = 0
    return content


@pytest.mark.parametrize("jobs", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_a_tiny_suite_is_written_and_not_run_again(jobs: int, tmp_path: Path) -> None:
    command = [
        "wrong-knowledge",
        "--setting=default-3",
        "--setting=device-lie-3",
        "--agent=hybrid",
        "--agent=prior",
        "--agent=prior-true",
        "--cap=hybrid=6",
        "--episodes=1",
    ]
    first = reproduce(tmp_path, *command, jobs=jobs)
    runs = {(run["setting"], run["agent"]): run for run in first["runs"]}
    assert len(runs) == 6
    learned = runs["device-lie-3", "hybrid"]
    assert [row["interactions"] for row in learned["evaluations"]] == [0, 5, 6]
    assert learned["played"] == 6
    # The lie costs the prior something; who is told the truth is where nothing is wrong.
    lie, truth = (runs["device-lie-3", agent] for agent in ("prior", "prior-true"))
    assert lie["fixed"]
    assert lie["evaluations"][0]["held_out"] > truth["evaluations"][0]["held_out"]
    default = runs["default-3", "prior"]["evaluations"][0]
    assert truth["evaluations"][0]["held_out"] == default["held_out"]
    assert lie["optima"] == truth["optima"] == learned["optima"]
    # Before it has learned, the agent is its prior.
    assert learned["evaluations"][0]["held_out"] == lie["evaluations"][0]["held_out"]
    # The prior that is told the truth learns nothing and is not played.
    assert len(learned["episodes"]["costs_s"]) == len(lie["episodes"]["costs_s"]) == 1
    assert truth["episodes"] is None
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names == {"README.md", "results.json", "results.csv", "lies.svg"}
    states = list((tmp_path / "work" / "states").iterdir())
    assert len(states) == 1  # both settings have the same truth
    again = reproduce(tmp_path, *command, jobs=jobs)
    assert again["runs"] == first["runs"]
    assert "0 of 6 runs in it" in again["wall time"]


def test_what_learning_costs_does_not_change_what_is_learned(tmp_path: Path) -> None:
    command = ["paper", "--users=2", "--condition=B", "--threshold=85", "--agent=prior-bandit"]
    command += ["--cap=prior-bandit=6"]
    measured = reproduce(tmp_path, *command)["runs"][0]
    assert measured["setting"] == "2-B-85"
    costs = [row.pop("learning_s") for row in measured["evaluations"]]
    assert costs[0] == 0.0
    assert all(isinstance(cost, float) for cost in costs)
    plain = reproduce(tmp_path, *command, "--no-learning-cost")["runs"][0]
    assert [row.pop("learning_s") for row in plain["evaluations"]] == [None] * len(costs)
    assert plain["evaluations"] == measured["evaluations"]


def test_a_changed_system_is_judged_by_its_own_optimum(tmp_path: Path) -> None:
    setting = SETTINGS["throttled-3"]
    places = Places(str(tmp_path / "work"), str(tmp_path / "cache"))
    states = JudgingStates(count=1, futures=2)
    told, honest = (
        run_unit(Unit(setting, agent, 1, 0, states), places) for agent in ("prior", "prior-true")
    )
    before, after = honest["optima"]
    assert after != before
    assert [(row["interactions"], row["system"]) for row in told["evaluations"]][:2] == [
        (0, 0),
        (100, 1),
    ]
    # Before the change both know the truth. After it one of them still has the old table.
    assert told["evaluations"][0] == honest["evaluations"][0]
    told_s, honest_s = (run["evaluations"][1]["best_on_average"] for run in (told, honest))
    assert told_s >= 1.0
    assert honest_s >= 1.0
