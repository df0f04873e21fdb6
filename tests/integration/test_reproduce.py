# SPDX-License-Identifier: MIT
"""``tandem reproduce`` on a tiny grid: outputs, resume, and results that do not change by it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tandem.scripts.cli import app


@pytest.mark.parametrize("jobs", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_a_tiny_grid_is_written_and_not_run_again(jobs: int, tmp_path: Path) -> None:
    out, work = tmp_path / "out", tmp_path / "work"
    command = [
        "reproduce",
        "paper",
        "--quick",
        "--users=2",
        "--seeds=1",
        "--training-states=3",
        "--evaluation-states=2",
        "--futures=2",
        "--agent=qlearning",
        "--agent=bandit",
        "--threshold=max",
        "--threshold=80",
        "--cap=qlearning=30",
        "--cap=bandit=30",
        f"--jobs={jobs}",
        f"--out={out}",
        f"--work={work}",
        f"--cache={tmp_path / 'cache'}",
    ]

    def reproduce() -> dict[str, object]:
        result = CliRunner().invoke(app, command)
        assert result.exit_code == 0, f"{result.output}{result.exception!r}"
        content = json.loads((out / "results.json").read_text(encoding="utf-8"))
        assert isinstance(content, dict)
        return content

    first = reproduce()
    runs = first["runs"]
    assert isinstance(runs, list)
    assert len(runs) == 8  # two conditions, two agents, two thresholds
    assert {run["threshold"] for run in runs} == {"max", 80.0}
    for run in runs:
        # Where one action is best in every future, these are sums of the same terms.
        assert run["hindsight_s"] <= run["best_on_average_s"] + 1e-9
        assert run["best_on_average_s"] <= run["oracle_s"] + 1e-9
        costs_s = [evaluation[1] * run["oracle_s"] for evaluation in run["evaluations"]]
        assert min(costs_s) >= run["best_on_average_s"] - 1e-9
        missed = [played for played, ratio, *_ in run["evaluations"] if ratio > 1.05]
        if run["censored"]:
            assert run["played"] == 30
            assert run["interactions"] == max(missed, default=0)
    assert {path.name for path in out.iterdir()} >= {"README.md", "results.csv", "curves_u2.svg"}

    units = sorted((work / "units").iterdir())
    stamps = [unit.stat().st_mtime_ns for unit in units]
    units[0].unlink()
    again = reproduce()
    assert [unit.stat().st_mtime_ns for unit in units[1:]] == stamps[1:]

    def results(content: dict[str, object]) -> list[object]:
        rows = content["runs"]
        assert isinstance(rows, list)
        return [{**row, "training_cpu_s": 0} for row in rows]

    assert results(again) == results(first)

    refused = CliRunner().invoke(app, [*command, "--futures=1"])
    assert refused.exit_code != 0
    assert "one future chooses" in refused.output
    refused = CliRunner().invoke(app, [*command, "--agent=sarsa"])
    assert refused.exit_code != 0
    assert "not in this grid" in refused.output
    refused = CliRunner().invoke(app, [*command, "--threshold=120"])
    assert refused.exit_code != 0
    assert "--threshold '120'" in refused.output
