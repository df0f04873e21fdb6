# SPDX-License-Identifier: MIT
"""Whatever ends a run, every finished epoch is on disk, and resuming gives the same bytes."""

from __future__ import annotations

import os
import resource
import signal
import struct
import subprocess
import sys
import time
import zlib
from pathlib import Path

import numpy as np
import pytest
from commands import tandem as command_line

from tandem.bridge.core.env import TandemEnv
from tandem.bridge.runs import folder as run_folder
from tandem.bridge.runs import journal
from tandem.bridge.runs.reader import load_run
from tandem.bridge.runs.recovery import recover
from tandem.bridge.runs.writer import RunWriter

TABLES = ("requests", "decisions", "episodes")
RUN = ("--policy", "random", "--users", "2", "--epochs", "4", "--episodes", "3", "--seed", "2")


def tandem(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tandem.scripts.main", "run", *RUN, *arguments],
        stderr=subprocess.PIPE,
        text=True,
    )


def finished_epochs(folder: Path) -> int:
    if not (folder / journal.JOURNAL).is_file():
        return 0
    return sum(entry.call == "add" for entry in journal.read(folder))


def test_a_killed_run_is_read_and_resumed(tmp_path: Path) -> None:
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    # Long enough that it cannot end between the sixth decision and the kill, on a busy machine too:
    # the journal of a run that has ended is gone.
    length = ("--episodes", "8")
    with tandem("--out", str(whole), *length) as uninterrupted:
        with tandem("--out", str(cut), *length) as killed:
            deadline_s = time.monotonic() + 60
            while finished_epochs(cut) < 6 and time.monotonic() < deadline_s:
                time.sleep(0.002)
            killed.kill()
        on_disk = finished_epochs(cut)
        assert on_disk >= 6
        run = load_run(cut)
        assert run.metadata["status"] == "killed"
        assert len(run.tables["decisions"]) == on_disk
        assert len(run.tables["requests"]) >= on_disk
        message = uninterrupted.communicate()[1]
    assert uninterrupted.returncode == 0, message
    expected = load_run(whole).tables["requests"]
    recorded = run.tables["requests"]
    assert recorded.equals(expected.iloc[: len(recorded)])
    again = tandem("--out", str(cut), *length, "--resume")
    message = again.communicate()[1]
    assert again.returncode == 0, message
    for name in TABLES:
        assert (cut / f"{name}.parquet").read_bytes() == (whole / f"{name}.parquet").read_bytes()
    assert not (cut / journal.JOURNAL).exists()


def test_two_runs_in_one_folder_are_refused(tmp_path: Path) -> None:
    with (
        TandemEnv("wifi-edge", users=1, epochs=2) as env,
        RunWriter(tmp_path, schema=env.schema, config={}),
    ):
        second = RunWriter(tmp_path, schema=env.schema, config={})
        with pytest.raises(run_folder.RunFolderError, match="another run"), second:
            pass
        with pytest.raises(run_folder.RunFolderError, match="another run"):
            run_folder.prepare(tmp_path, force=True)
        assert not recover(tmp_path)


def test_a_second_command_is_refused_and_harms_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    with (
        TandemEnv("wifi-edge", users=1, epochs=2) as env,
    ):
        run_folder.prepare(folder, force=False)
        with RunWriter(folder, schema=env.schema, config={}) as writer:
            observation, _ = env.reset(seed=1)
            writer.begin_episode(0, 1, observation)
            observation, reward, *over, info = env.step([8])
            writer.add(np.array([8]), observation, reward, *over, {"requests": info["requests"]})
            before = {path: path.read_bytes() for path in folder.iterdir()}
            for command in ("run", "train"):
                for option in ((), ("--force",), ("--resume",)):
                    refused = command_line(
                        command, "--users=1", "--quiet", f"--out={folder}", *option
                    )
                    assert refused.returncode == 2, (command, option)
                    assert str(folder) in refused.stderr
                    assert "Traceback" not in refused.stderr
            assert {path: path.read_bytes() for path in folder.iterdir()} == before
    assert len(load_run(folder).tables["decisions"]) == 1


def test_a_full_disk_is_told_and_loses_nothing(tmp_path: Path) -> None:
    """A limit on the size of files gives what a full disk gives: short and failing writes."""
    with TandemEnv("wifi-edge", users=2, epochs=0) as env:
        child = os.fork()
        if child == 0:
            code = 1
            try:
                resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
                os._exit(_play_until_full(env, tmp_path))
            finally:
                os._exit(code)
        _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) >= 10, "the limit was never met"
    epochs = os.waitstatus_to_exitcode(status)
    assert finished_epochs(tmp_path) == epochs
    assert len(load_run(tmp_path).tables["decisions"]) == epochs


def _play_until_full(env: TandemEnv, folder: Path) -> int:
    """Exit status: epochs that were written."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    writer = RunWriter(folder, schema=env.schema, config={})
    epochs = 0
    observation = {block.name: np.zeros(block.shape) for block in env.schema.observation}
    requests = {t.name: np.zeros(2, t.dtype) for t in env.schema.records}
    try:
        with writer:
            writer.begin_episode(0, 1, observation)
            while epochs < 100:
                writer.add(np.zeros(2, np.int64), observation, 0.0, False, False, requests)
                epochs += 1
    except run_folder.RunFolderError:
        return epochs
    return 0


def test_a_journal_of_another_version_is_refused_in_words(tmp_path: Path) -> None:
    """Version 0.1's: length, CRC-32, length of a JSON header, header, arrays."""
    header = b'{"call": "state", "values": {}, "arrays": []}'
    prefix = struct.pack("<QII", len(header), zlib.crc32(header), len(header))
    (tmp_path / journal.JOURNAL).write_bytes(prefix + header)
    with pytest.raises(ValueError, match="another version"):
        list(journal.read(tmp_path))
    run_folder.write_json(
        tmp_path / run_folder.METADATA, {"format": run_folder.FORMAT, "status": "running"}
    )
    with pytest.raises(run_folder.RunFolderError, match=r"journal\.bin .*another version"):
        recover(tmp_path)


@pytest.mark.parametrize("cut", [1, 7, 16, 40, 300, 700])
def test_a_torn_journal_gives_its_whole_entries(cut: int, tmp_path: Path) -> None:
    with journal.Journal(tmp_path) as log:
        for number in range(5):
            log.append("add", {"number": number}, {"a": np.arange(number)})
    path = tmp_path / journal.JOURNAL
    whole = list(journal.read(tmp_path))
    assert [entry.values["number"] for entry in whole] == list(range(5))
    data = bytearray(path.read_bytes())
    path.write_bytes(data[:-cut])
    kept = list(journal.read(tmp_path))
    assert [entry.end for entry in kept] == [e.end for e in whole if e.end <= len(data) - cut]
    data[whole[2].end + 20] ^= 1
    path.write_bytes(data)
    assert len(list(journal.read(tmp_path))) == 3
