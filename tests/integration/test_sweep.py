# SPDX-License-Identifier: MIT
"""Sweeps on real ns-3: complete, resumed, and not mixed up."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner, Result

from tandem.scripts import sweep as command
from tandem.scripts.app.sweep.grid import SweepError, planned_runs, read_grid
from tandem.scripts.cli import app

GRID = """
scenario: wifi-edge
policies: [edge, device]
seeds: [1]
epochs: 2
set: {backgroundStations: 0}
grid:
  users: [1, 2]
"""


@pytest.fixture
def grid(tmp_path: Path) -> Path:
    path = tmp_path / "grid.yaml"
    path.write_text(GRID)
    return path


def sweep(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["sweep", *map(str, arguments), "--jobs", "2", "--quiet"])


def test_sweep_runs_what_is_missing_and_only_that(grid: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    result = sweep(grid, "--out", out)
    assert result.exit_code == 0, result.output
    table = pd.read_csv(out / "sweep.csv")
    assert len(table) == 4
    assert table.groupby("users")["requests"].unique().to_dict() == {1: [2], 2: [4]}
    assert "users 2, edge" in result.output
    # A run of the sweep is what `tandem run` gives.
    alone = tmp_path / "alone"
    options = ["--users", "2", "--epochs", "2", "--policy", "edge", "--set", "backgroundStations=0"]
    CliRunner().invoke(app, ["run", *options, "--out", str(alone), "--quiet"])
    name = "requests.parquet"
    assert (alone / name).read_bytes() == (out / "users=2" / "edge-s1" / name).read_bytes()

    # One is gone, one was cut off: those two are run again, the others not.
    stamps = {path: path.stat().st_mtime_ns for path in out.glob("*/*/requests.parquet")}
    shutil.rmtree(out / "users=1" / "edge-s1")
    cut = out / "users=2" / "device-s1" / "metadata.json"
    cut.write_text(cut.read_text().replace('"complete"', '"interrupted"'))
    result = sweep(grid, "--out", out, "--dry-run")
    assert [Path(line).name for line in result.stdout.splitlines()[-2:]] == ["edge-s1", "device-s1"]
    result = sweep(grid, "--out", out)
    assert result.exit_code == 0, result.output
    assert "2 missing" in result.output
    again = {path for path, stamp in stamps.items() if path.stat().st_mtime_ns != stamp}
    assert again == {out / "users=1/edge-s1" / name, out / "users=2/device-s1" / name}

    # Another build's run is refused, and accepted when told to.
    metadata = out / "users=1" / "edge-s1" / "metadata.json"
    content = json.loads(metadata.read_text())
    content["build"]["program_sha256"] = "0" * 64
    metadata.write_text(json.dumps(content))
    result = sweep(grid, "--out", out)
    assert isinstance(result.exception, SweepError)
    assert "another build" in str(result.exception)
    assert "--mix-builds" in str(result.exception)
    assert "0 missing" in sweep(grid, "--out", out, "--mix-builds").output

    # Other settings in the same folder are refused, too.
    grid.write_text(GRID.replace("epochs: 2", "epochs: 3"))
    result = sweep(grid, "--out", out, "--mix-builds")
    assert isinstance(result.exception, SweepError)
    assert "other settings" in str(result.exception)


def test_failed_run_is_told_and_the_others_are_kept(grid: Path, tmp_path: Path) -> None:
    grid.write_text("policies: [device]\nepochs: 1\nset: {users: 1}\ngrid: {edgeCores: [1, 0]}\n")
    out = tmp_path / "out"
    result = sweep(grid, "--out", out)
    assert result.exit_code == command.EXIT_FAILED
    assert "edgeCores=0" in result.output
    assert pd.read_csv(out / "sweep.csv")["edgeCores"].tolist() == [1]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("policies: [edgy]", ["edgy", "edge", "device"]),
        ("epochs: 0", ["epochs", "0"]),
        ("seed: 1", ["seed", "not permitted"]),
        ("set: {users: 2}\ngrid: {users: [1]}", ["users", "both"]),
        ("grid: {seed: [1, 2]}", ["seed", "field of its own: write `seeds:`"]),
        ("set: {frames: 1}", ["frames", "field of its own: write `frames:`"]),
        ("grid: {users: []}", ["users"]),
        ("grid: {users: [2, 2]}", ["users", "twice"]),
        ("seeds: [1, 1]", ["seeds", "twice"]),
        ("- a\n- b", ["list"]),
        ("a: [", ["not YAML"]),
    ],
)
def test_bad_grid_is_refused(content: str, words: list[str], tmp_path: Path) -> None:
    path = tmp_path / "grid.yaml"
    path.write_text(content)
    with pytest.raises(SweepError) as caught:
        read_grid(path)
    for word in (path.name, *words):
        assert word in str(caught.value)


def test_missing_grid_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SweepError, match="cannot be read"):
        read_grid(tmp_path / "gone.yaml")


def test_cells_are_the_product_in_the_file_s_order(tmp_path: Path) -> None:
    path = tmp_path / "grid.yaml"
    path.write_text("policies: [edge]\nseeds: [3, 4]\ngrid: {users: [1, 2], nakagami: [true]}\n")
    planned = list(planned_runs(read_grid(path), tmp_path / "out"))
    assert [(cell.point["users"], cell.seed) for cell in planned] == [
        (1, 3),
        (1, 4),
        (2, 3),
        (2, 4),
    ]
    assert planned[0].config["arguments"]["nakagami"] == "1"
    assert planned[0].folder == tmp_path / "out" / "users=1,nakagami=1" / "edge-s3"


def test_scenarios_policies_of_their_own_can_be_swept(tmp_path: Path) -> None:
    grid, out = tmp_path / "grid.yaml", tmp_path / "out"
    grid.write_text(
        "scenario: wifi-contention\npolicies: [standard, crowd]\nepochs: 30\n"
        "grid: {stations: [3, 4], payload: [500, 1000]}\n"
    )
    result = sweep(grid, "--out", out)
    assert result.exit_code == 0, result.output
    table = pd.read_csv(out / "sweep.csv")
    assert len(table) == 8
    assert table["policy"].tolist() == ["standard", "crowd"] * 4
    rewards = table.pivot_table(
        index=["stations", "payload"], columns="policy", values="reward_mean"
    )
    assert (rewards["crowd"] != rewards["standard"]).any()
