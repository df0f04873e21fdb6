# SPDX-License-Identifier: MIT
"""Parts in processes: any order, failures, lost processes, interruptions; files that travel."""

from __future__ import annotations

import dataclasses
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import part_tasks
import pytest
from part_tasks import FOLDER, Dying, Failing, Noting, Number, Slower

from tandem.bridge.core.errors import TandemError
from tandem.bridge.parts.api import MOST_LOSSES, Done, OtherBuild, PartsFailed, results_of
from tandem.bridge.parts.build import Build
from tandem.bridge.parts.carried import Carried
from tandem.bridge.parts.local import LocalExecutor
from tandem.bridge.parts.node import run_away
from tandem.bridge.parts.scratch import remove_abandoned, scratch_folder

SCRIPT = part_tasks.__file__
NUMBERS = [Number(value) for value in range(5)]


def done(task: Noting, jobs: int, folder: Path, parts: Sequence[Number] = NUMBERS) -> list[Any]:
    folder.mkdir(exist_ok=True)
    return list(LocalExecutor(jobs).map(task, parts, {FOLDER: folder}))


def begun(folder: Path) -> dict[str, int]:
    """How often each part was begun."""
    names = [path.stem for path in folder.glob("number-*")]
    return {name: names.count(name) for name in sorted(set(names))}


def test_the_results_are_the_same_in_any_order(tmp_path: Path) -> None:
    alone = done(Slower(), 1, tmp_path / "1")
    beside = done(Slower(), 3, tmp_path / "3")
    assert [one.number for one in alone] == [0, 1, 2, 3, 4]
    assert [one.number for one in beside] != [0, 1, 2, 3, 4]
    assert results_of(alone) == results_of(beside) == [0, 1, 4, 9, 16]
    assert set(begun(tmp_path / "3").values()) == {1}
    assert done(Slower(), 2, tmp_path / "none", []) == []


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_part_that_fails_is_named_and_the_others_go_on(jobs: int, tmp_path: Path) -> None:
    ended = {one.part.value: one for one in done(Failing(), jobs, tmp_path, NUMBERS[:4])}
    assert ended[0].result == 0
    assert ended[1].result == 1
    assert str(ended[2].failure) == "2 is not allowed: take 1"
    assert ended[3].failure.reason == "KeyError: 'absent'"
    assert "part_tasks.py" in ended[3].failure.details
    with pytest.raises(PartsFailed, match="2 of 4 parts failed") as caught:
        results_of(ended.values())
    assert "number-2: 2 is not allowed" in str(caught.value)


def test_a_result_that_cannot_be_sent_is_a_failure(tmp_path: Path) -> None:
    ended = {one.part.value: one for one in done(Failing(), 2, tmp_path, NUMBERS[3:])}
    assert "cannot pickle" in str(ended[4].failure)
    assert "absent" in str(ended[3].failure)


def test_a_lost_part_is_run_again_and_no_other(tmp_path: Path) -> None:
    ended = {one.part.value: one for one in done(Dying(), 2, tmp_path)}
    assert {value: one.result for value, one in ended.items()} == {0: 0, 1: 1, 2: None, 3: 9, 4: 16}
    assert f"lost {MOST_LOSSES + 1} times" in str(ended[2].failure)
    assert begun(tmp_path) == {
        "number-0": 1,
        "number-1": 2,
        "number-2": MOST_LOSSES + 1,
        "number-3": 1,
        "number-4": 1,
    }


def wait_for(condition: Callable[[], Any], limit_s: float = 30.0) -> Any:
    limit = time.monotonic() + limit_s
    while not (value := condition()):
        assert time.monotonic() < limit
        time.sleep(0.02)
    return value


def lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.usefixtures("interruptible")
@pytest.mark.parametrize("to_all", [False, True], ids=["kill -INT", "Ctrl-C in a terminal"])
def test_ctrl_c_stops_everything_at_once(to_all: bool, tmp_path: Path) -> None:
    main = subprocess.Popen(
        [sys.executable, SCRIPT, str(tmp_path)], stderr=subprocess.PIPE, start_new_session=True
    )
    wait_for(lambda: len(list(tmp_path.glob("pids.*"))) == 2)
    pids = [int(pid) for path in tmp_path.glob("pids.*") for pid in path.name.split(".")[1:]]
    (os.killpg if to_all else os.kill)(main.pid, signal.SIGINT)
    _, errors = main.communicate(timeout=30)
    assert main.returncode in (1, -signal.SIGINT)
    assert errors.count(b"Traceback") == 1  # of the main process: workers are silent
    assert not [pid for pid in pids if lives(pid)]
    # Each part had time to close what it had opened. No other part was begun.
    assert len(list(tmp_path.glob("closed.*"))) == 2
    assert len(begun(tmp_path)) == 2


def test_workers_end_when_the_main_process_is_killed(tmp_path: Path) -> None:
    main = subprocess.Popen([sys.executable, SCRIPT, str(tmp_path)], start_new_session=True)
    wait_for(lambda: len(list(tmp_path.glob("pids.*"))) == 2)
    workers = [int(path.name.split(".")[1]) for path in tmp_path.glob("pids.*")]
    programs = [int(path.name.split(".")[2]) for path in tmp_path.glob("pids.*")]
    main.kill()
    main.wait()
    wait_for(lambda: not [pid for pid in workers if lives(pid)], 5.0)
    for pid in programs:  # of the test, which looks after none of them
        os.kill(pid, signal.SIGKILL)


def test_files_travel_and_come_in_the_order_in_which_they_were_written(tmp_path: Path) -> None:
    here, there = ({name: tmp_path / side / name for name in "ab"} for side in ("here", "there"))
    for path in (*here.values(), *there.values()):
        path.mkdir(parents=True)
    (here["a"] / "known").write_text("known")
    read = Carried.read(here, [here["a"] / "known", here["a"] / "absent"])
    read.put(there)
    assert (there["a"] / "known").read_text() == "known"
    for age, (folder, name) in enumerate([("b", "sub/last"), ("a", "first")]):
        path = there[folder] / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(name)
        os.utime(path, (1000 - age, 1000 - age))
    (there["b"] / ".cut.tmp").touch()
    written = Carried.written(there, read)
    assert list(written.files) == [("a", "first"), ("b", "sub/last")]
    written.put(here)
    assert (here["b"] / "sub" / "last").read_text() == "sub/last"
    with pytest.raises(ValueError, match="none of the folders"):
        Carried.read(here, [Path(__file__)])
    for name in ("../x", "/x", "sub/../../x"):
        with pytest.raises(TandemError, match="leads out"):
            Carried({("a", name): b""}).put(here)


def test_a_part_away_from_home_leaves_nothing_there() -> None:
    build = Build.here(())
    for _ in range(2):
        returned = run_away(Noting(), Number(3), (FOLDER,), Carried(), build, "absent")
        assert returned.result == 9
        assert list(returned.written.files) == [(FOLDER, "number-3.0")]
    assert [path.name for path in scratch_folder().iterdir()] == ["lock"]


def test_the_folder_of_a_killed_process_is_removed_by_the_next_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = (
        "from tandem.bridge.parts.scratch import scratch_folder\n"
        "(scratch_folder() / 'left').touch()\nprint(scratch_folder(), flush=True)\ninput()\n"
    )
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen([sys.executable, "-c", script], **pipes) as other:
        assert other.stdout is not None
        folder = Path(other.stdout.readline().strip())
        remove_abandoned()
        assert (folder / "left").exists()
        other.kill()
    remove_abandoned()
    assert folder.parent == tmp_path
    assert not folder.exists()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"version": "0.1"}, "and this command is 0.1"),
        ({"sources": "x"}, "other code or tables"),
        ({"programs": (("hello", "0" * 64),)}, "another program of hello"),
    ],
)
def test_another_build_does_no_parts(change: dict[str, Any], words: str) -> None:
    build = dataclasses.replace(Build.here(("hello",)), **change)
    returned = run_away(Noting(), Number(3), (FOLDER,), Carried(), build, "absent")
    assert words in returned.refused
    assert "on each node" in returned.refused
    assert returned.result is None
    with pytest.raises(OtherBuild, match=words):
        build.check_here()


def test_a_result_may_be_nothing() -> None:
    assert results_of([Done(1, Number(1), None, None), Done(0, Number(0), 5, None)]) == [5, None]
