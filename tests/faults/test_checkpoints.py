# SPDX-License-Identifier: MIT
"""A checkpoint that cannot be read or written: named, with the next step, and nothing is lost."""

from __future__ import annotations

import hashlib
import resource
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from commands import tandem

from tandem.bridge.runs.journal import read
from tandem.bridge.runs.reader import load_run

pytest.importorskip("torch")
from tandem.agents.checkpoint import save_state
from tandem.scripts.app.training import checkpoints

TABLES = ("requests", "decisions", "episodes", "history", "evaluation")
INTERACTIONS = 8
#: Checkpoints that are written before the disk is full, and what still fits then.
FULL_AFTER = 2
FULL_BYTES = 2_000


def command(folder: Path, cache: Path, interactions: int, *more: str) -> tuple[str, ...]:
    return (
        *("train", "--quiet", "--agent=random", "--users=1", "--epochs=3", "--seed=4"),
        *("--evaluate-every=4", "--evaluation-states=1", "--checkpoint-every=2"),
        *(f"--interactions={interactions}", f"--out={folder}", f"--cache={cache}", *more),
    )


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Path:
    """The uninterrupted run."""
    folder = tmp_path_factory.mktemp("runs") / "whole"
    done = tandem(*command(folder, cache, INTERACTIONS))
    assert done.returncode == 0, done.stderr
    return folder


def digests(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def assert_same(folder: Path, whole: Path) -> None:
    for name in TABLES:
        path = f"{name}.parquet"
        assert (folder / path).read_bytes() == (whole / path).read_bytes(), name
    assert not list(folder.rglob(".*"))


def test_unreadable_checkpoints_are_named_and_nothing_is_touched(
    tmp_path: Path, cache: Path, whole: Path
) -> None:
    folder = tmp_path / "run"
    assert tandem(*command(folder, cache, INTERACTIONS - 2)).returncode == 0
    older, newest = sorted((folder / "checkpoints").glob("*.pt"))
    content = newest.read_bytes()
    resume = command(folder, cache, INTERACTIONS, "--resume")
    for damaged in (b"", content[: len(content) // 2], b"PK\3\4" + content[8:], b"\x80\4N."):
        newest.write_bytes(damaged)
        before = digests(folder)
        refused = tandem(*resume)
        assert refused.returncode == 2
        assert f"{newest} is not a readable checkpoint" in refused.stderr
        assert f"delete it to resume from the one before, {older.name}" in refused.stderr
        assert "Traceback" not in refused.stderr
        assert digests(folder) == before
        assert len(load_run(folder).tables["decisions"]) == INTERACTIONS - 2
    newest.unlink()
    only = older.read_bytes()
    older.write_bytes(only[:-100])
    refused = tandem(*resume)
    assert "has to be trained again" in refused.stderr
    older.write_bytes(only)
    resumed = tandem(*resume)
    assert resumed.returncode == 0, resumed.stderr
    assert_same(folder, whole)


def test_a_killed_training_goes_on_to_the_same_bytes(
    tmp_path: Path, cache: Path, whole: Path
) -> None:
    folder = tmp_path / "run"
    training = subprocess.Popen(
        [sys.executable, "-m", "tandem.scripts.main", *command(folder, cache, 10_000)]
    )
    deadline_s = time.monotonic() + 60.0
    while not (folder / "checkpoints/00000004.pt").exists() and time.monotonic() < deadline_s:
        time.sleep(0.002)
    training.kill()
    training.wait()
    kept = sorted((folder / "checkpoints").glob("*.pt"))
    assert kept
    for later in kept[1:]:  # whatever it reached, go on from one that the whole run has passed
        later.unlink()
    reached = int(kept[0].stem)
    assert len(load_run(folder).tables["decisions"]) >= reached
    if reached > INTERACTIONS:
        pytest.skip(f"the machine was too busy: killed only after {reached} interactions")
    resumed = tandem(*command(folder, cache, INTERACTIONS, "--resume"))
    assert resumed.returncode == 0, resumed.stderr
    assert_same(folder, whole)


def test_a_training_killed_before_its_first_checkpoint_begins_again(
    tmp_path: Path, cache: Path, whole: Path
) -> None:
    folder = tmp_path / "run"
    late = "--checkpoint-every=100000"
    training = subprocess.Popen(
        [sys.executable, "-m", "tandem.scripts.main", *command(folder, cache, 100_000, late)]
    )
    journal = folder / "journal.bin"
    deadline_s = time.monotonic() + 60.0
    while time.monotonic() < deadline_s:
        if journal.is_file() and len(list(read(folder))) >= INTERACTIONS:
            break
        time.sleep(0.01)
    training.kill()
    training.wait()
    assert not (folder / "checkpoints").exists()
    assert len(load_run(folder).tables["decisions"]) > 1  # what the journal has
    resumed = tandem(*command(folder, cache, INTERACTIONS, late, "--resume"))
    assert resumed.returncode == 0, resumed.stderr
    assert "has no checkpoint yet: beginning again" in resumed.stderr
    assert_same(folder, whole)
    # A complete run without checkpoints is not repeated: that would delete it.
    shutil.rmtree(folder / "checkpoints")
    refused = tandem(*command(folder, cache, INTERACTIONS, late, "--resume"))
    assert refused.returncode == 2
    assert "Train it again" in refused.stderr
    assert_same(folder, whole)


# TensorBoard's own thread says so, too.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_full_disk_is_told_and_earlier_checkpoints_are_whole(
    tmp_path: Path, cache: Path, whole: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A limit on the size of files gives what a full disk gives: short and failing writes."""
    folder = tmp_path / "run"
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    saved = []

    def save(path: Path, state: dict[str, Any]) -> None:
        saved.append(path)
        if len(saved) > FULL_AFTER:
            resource.setrlimit(resource.RLIMIT_FSIZE, (FULL_BYTES, limit[1]))
        save_state(path, state)

    monkeypatch.setattr(checkpoints, "save_state", save)
    try:
        full = tandem(*command(folder, cache, INTERACTIONS))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
    monkeypatch.undo()
    assert full.returncode == 2, full.stderr
    assert "cannot write" in full.stderr
    assert "Traceback" not in full.stderr
    kept = sorted((folder / "checkpoints").iterdir())
    assert kept == saved[:FULL_AFTER]  # whole, and no torn one beside them
    assert len(load_run(folder).tables["decisions"]) == int(saved[-1].stem)
    resumed = tandem(*command(folder, cache, INTERACTIONS, "--resume"))
    assert resumed.returncode == 0, resumed.stderr
    assert_same(folder, whole)
