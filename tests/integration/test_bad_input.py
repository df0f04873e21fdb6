# SPDX-License-Identifier: MIT
"""Every command with every kind of bad path: one message, exit status 1 or 2, no traceback."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from commands import COLUMNS, Finished, tandem

RUN = ("run", "--scenario=wifi-edge", "--users=1", "--epochs=2", "--policy=edge", "--quiet")
#: Commands that write, up to the path that they write to.
WRITERS = {
    "run": (*RUN, "--out"),
    "run --force": (*RUN, "--force", "--out"),
    "train": ("train", "--agent=random", "--interactions=1", "--quiet", "--out"),
    "train --resume": ("train", "--agent=random", "--quiet", "--resume", "--out"),
    "demo": ("demo", "--interactions=1", "--out"),
    "sweep": ("sweep", "{grid}", "--out"),
    "reproduce": ("reproduce", "paper", "--quick", "--out"),
    "reproduce --work": ("reproduce", "paper", "--quick", "--work"),
    "calibrate": ("calibrate", "--out"),
    "bench": ("bench", "--out"),
    "bench --json": ("bench", "--json"),
    "report": ("report", "{run}", "--out"),
    "report --format": ("report", "{run}", "--format=svg", "--out"),
    "new": ("new", "mine", "--in"),
    "build": ("build", "{source}", "--output"),
    "keys": ("keys", "new", "server", "--folder"),
    "profiles options": ("profiles", "options", "--output"),
    "profiles plot": ("profiles", "plot", "--output"),
}
#: Commands that read, up to the path that they read.
READERS = {
    "evaluate": ("evaluate",),
    "analyze": ("analyze",),
    "explain": ("explain",),
    "report": ("report",),
    "compat check": ("compat", "check"),
    "build": ("build",),
    "build --compat": ("build", "--compat"),
    "sweep": ("sweep",),
    "train --config": ("train", "--scenario=hello", "--quiet", "--config"),
    "serve --key": ("serve", "--key"),
    "top --key": ("top", "--once", "--server-key={source}", "--key"),
    "keys list": ("keys", "list"),
    "profiles": ("profiles", "list", "--table"),
    "scenarios": ("scenarios",),
    "run --scenario": ("run", "--quiet", "--scenario"),
    "bench --compare": ("bench", "--compare", "{source}"),
}


def long_name(folder: Path) -> Path:
    return folder / ("n" * 256)


def in_proc(_folder: Path) -> Path:
    return Path("/proc/x")


def not_utf8(folder: Path) -> Path:
    return folder / os.fsdecode(b"caf\xe9")


def below_a_file(folder: Path) -> Path:
    (folder / "file").write_text("content")
    return folder / "file" / "below"


def dangling_link(folder: Path) -> Path:
    (folder / "link").symlink_to(folder / "gone" / "away")
    return folder / "link"


def binary_file(folder: Path) -> Path:
    (folder / "binary").write_bytes(bytes(range(256)))
    return folder / "binary"


def empty_file(folder: Path) -> Path:
    (folder / "empty").touch()
    return folder / "empty"


def empty_folder(folder: Path) -> Path:
    (folder / "nothing").mkdir()
    return folder / "nothing"


def nested_yaml(folder: Path) -> Path:
    (folder / "list.yaml").write_text("- [1, {2: [3]}]\n")
    return folder / "list.yaml"


def cut_yaml(folder: Path) -> Path:
    (folder / "cut.yaml").write_text("scenario: [wifi-edge\npolicies: {")
    return folder / "cut.yaml"


@pytest.fixture(scope="module")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small recorded run."""
    folder = tmp_path_factory.mktemp("runs") / "run"
    assert tandem(*RUN, "--out", str(folder)).returncode == 0
    return folder


@pytest.fixture
def fill(tmp_path: Path, run_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], str]:
    """Puts real paths into a command."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "source.cc").write_text("int main() {}\n")
    (tmp_path / "grid.yaml").write_text("scenario: wifi-edge\npolicies: [edge]\nseeds: [1]\n")
    paths = {
        "run": run_folder,
        "grid": tmp_path / "grid.yaml",
        "source": tmp_path / "source.cc",
    }
    return lambda text: text.format(**paths)


def assert_told(done: Finished) -> None:
    said = done.stdout + done.stderr
    assert done.returncode in (1, 2), said
    assert "Traceback" not in said
    assert done.stderr.strip() or done.stdout.strip()
    # Typer frames its messages and shows the usage above them.
    assert len(done.stderr.strip().splitlines()) <= 12, said


@pytest.mark.parametrize("bad", [long_name, in_proc, not_utf8, below_a_file, dangling_link])
@pytest.mark.parametrize("command", WRITERS)
def test_places_that_cannot_be_written(
    command: str, bad: Callable[[Path], Path], tmp_path: Path, fill: Callable[[str], str]
) -> None:
    arguments = [fill(word) for word in WRITERS[command]]
    path = bad(tmp_path)
    if bad is dangling_link and command not in {"run", "run --force", "train", "train --resume"}:
        path /= "below"
    done = tandem(*arguments, str(path))
    assert_told(done)
    left = {entry.name for entry in tmp_path.iterdir()}
    assert left <= {"cache", "source.cc", "grid.yaml", "file", "link"}, left


@pytest.mark.parametrize("command", ["run", "train", "calibrate", "keys", "build"])
def test_a_read_only_folder(command: str, tmp_path: Path, fill: Callable[[str], str]) -> None:
    """Root may write to any folder, but for one on a file system that is mounted read-only."""
    folder = tmp_path / "closed"
    folder.mkdir()
    mount = f"mount --bind {folder} {folder} && mount -o remount,ro,bind {folder}"
    shell = ["unshare", "-m", "sh", "-c"]
    if shutil.which("unshare") is None or subprocess.run([*shell, mount], check=False).returncode:
        pytest.skip("this sandbox mounts nothing, and root may write to any folder")
    arguments = [fill(word) for word in WRITERS[command]]
    for place in (folder, folder / "below"):
        program = shlex.join([sys.executable, "-m", "tandem.scripts.main", *arguments, str(place)])
        done = subprocess.run(
            [*shell, f"{mount} && {program}"],
            env={**os.environ, "COLUMNS": COLUMNS},
            capture_output=True,
            text=True,
            check=False,
        )
        assert_told(Finished(done.returncode, done.stdout, done.stderr))
        assert (
            "written" in done.stderr or "Read-only" in done.stderr or "is a folder" in done.stderr
        )


@pytest.mark.parametrize(
    "bad",
    [
        long_name,
        not_utf8,
        below_a_file,
        dangling_link,
        binary_file,
        empty_file,
        empty_folder,
        nested_yaml,
        cut_yaml,
    ],
)
@pytest.mark.parametrize("command", READERS)
def test_files_that_are_not_what_is_expected(
    command: str, bad: Callable[[Path], Path], tmp_path: Path, fill: Callable[[str], str]
) -> None:
    path = bad(tmp_path)
    done = tandem(*(fill(word) for word in READERS[command]), str(path))
    if done.returncode == 0:  # nothing in it is wrong for that command
        assert (command, bad.__name__) in HARMLESS
        return
    assert_told(done)


HARMLESS = {
    *((command, "empty_file") for command in ("compat check", "build")),
    *(
        ("compat check", name)
        for name in ("binary_file", "empty_folder", "nested_yaml", "cut_yaml")
    ),
    ("keys list", "empty_folder"),
}


def damage(folder: Path, name: str, content: str) -> None:
    (folder / name).write_text(content)


@pytest.mark.parametrize("command", ["analyze", "explain", "report", "evaluate"])
@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("config.yaml", "scenario: [cut"),
        ("config.yaml", "just text"),
        ("config.yaml", ""),
        ("schema.json", "[1, 2]"),
        ("schema.json", '{"scenario": 1}'),
        ("schema.json", '{"scenario": "s", "meta": {}, "observation": [1], "records": []}'),
        ("schema.json", '{"scenario'),
        ("metadata.json", "[]"),
        ("metadata.json", '{"format": "tandem-run"}'),
        ("decisions.parquet", "no table"),
    ],
)
def test_damaged_run_folders(
    command: str, name: str, content: str, tmp_path: Path, run_folder: Path
) -> None:
    folder = tmp_path / "run"
    shutil.copytree(run_folder, folder)
    damage(folder, name, content)
    assert_told(tandem(command, str(folder)))
    resumed = tandem(*RUN, "--resume", "--out", str(folder))
    assert resumed.returncode == 0 or "Traceback" not in resumed.stderr


@pytest.mark.parametrize("bad", [in_proc, below_a_file, long_name])
def test_training_goes_on_where_its_cache_cannot_be_written(
    bad: Callable[[Path], Path], tmp_path: Path
) -> None:
    pytest.importorskip("torch")
    options = ("--agent=random", "--users=1", "--interactions=1", "--evaluation-states=2")
    places = (f"--out={tmp_path / 'run'}", f"--cache={bad(tmp_path)}")
    with pytest.warns(UserWarning, match="takes no outcome tables") as told:
        done = tandem("train", "--quiet", *options, *places)
    assert done.returncode == 0, done.stderr
    assert len([one for one in told if "outcome table" in str(one.message)]) == 1


def test_force_follows_a_link_to_a_run(tmp_path: Path, run_folder: Path) -> None:
    shutil.copytree(run_folder, tmp_path / "real")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    done = tandem(*RUN, "--seed=9", "--force", "--out", str(tmp_path / "link"))
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "link").is_symlink()
    assert "seed: 9" in (tmp_path / "real" / "config.yaml").read_text()


@pytest.mark.parametrize("agent", ["joint-dqn", "random"])
@pytest.mark.parametrize("scenario", ["hello", "echo"])
def test_training_needs_a_scenario_with_requests(agent: str, scenario: str, tmp_path: Path) -> None:
    pytest.importorskip("torch")
    out = f"--out={tmp_path / 'run'}"
    done = tandem("train", f"--agent={agent}", f"--scenario={scenario}", out, "--quiet")
    assert_told(done)
    assert "has none" in done.stderr
    assert "wifi-edge" in done.stderr
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("scenario", ["hello", "echo"])
def test_hybrid_needs_a_reward_where_there_are_no_requests(scenario: str, tmp_path: Path) -> None:
    pytest.importorskip("torch")
    out = f"--out={tmp_path / 'run'}"
    done = tandem("train", "--agent=hybrid", f"--scenario={scenario}", out, "--quiet")
    assert_told(done)
    assert "--objective" in done.stderr
    assert not (tmp_path / "run").exists()
