# SPDX-License-Identifier: MIT
"""Run folders that earlier versions have written, kept in `old_runs` as they were."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from commands import tandem as command

import tandem
from tandem.scripts.app.inspection.stages import epochs

FOLDERS = sorted((Path(__file__).parent / "old_runs").iterdir())


@pytest.fixture(params=FOLDERS, ids=lambda folder: folder.name)
def folder(request: pytest.FixtureRequest) -> Path:
    return Path(request.param)


def test_each_older_format_is_there() -> None:
    versions = [json.loads((f / "metadata.json").read_text())["format_version"] for f in FOLDERS]
    assert versions == [2, 3]


def test_an_old_run_has_todays_names(folder: Path) -> None:
    run = tandem.load_run(folder)
    assert len(run.decisions) == run.metadata["decisions"]
    assert run.episodes["decisions"].sum() == len(run.decisions)
    assert run.episodes["return"].sum() == pytest.approx(run.decisions["reward"].sum())
    assert set(run.requests["decision"]) <= set(run.decisions["decision"])
    assert "epoch" not in run.columns("requests").index
    assert len(run.observation("users")) == 2 * (len(run.decisions) + len(run.episodes))
    assert (epochs(run)["end_s"] > epochs(run)["begin_s"]).all()


def test_every_command_reads_it(folder: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    for arguments in (
        ("analyze", folder),
        ("analyze", folder, "--format", "json"),
        ("explain", folder),
        ("report", folder, "--out", page),
    ):
        done = command(*map(str, arguments))
        assert done.returncode == 0, done.stderr
        assert done.stdout or page.exists()
    assert page.read_text().count('class="figure"') > 10
    refused = command("analyze", str(folder), "--objective", "mean")
    assert refused.returncode == 2
    assert "does not tell which rows of 'requests' belong to which decision" in refused.stderr
