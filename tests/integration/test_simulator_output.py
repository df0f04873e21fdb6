# SPDX-License-Identifier: MIT
"""What a simulator prints: quoted in errors, bounded in size, shown or written where asked."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from commands import tandem

from tandem.bridge.backends.remote import RemoteBackend
from tandem.bridge.core import output as simulator_output
from tandem.bridge.core.backend import SimulatorOptions
from tandem.bridge.core.env import TandemEnv
from tandem.bridge.core.errors import (
    ScenarioError,
    SimulatorDied,
    SimulatorTimeout,
    TandemError,
)
from tandem.bridge.core.scenarios import scenario_executable
from tandem.bridge.core.simulator import Simulator

LIMIT_S = 60.0
#: What a kept output may take on disk when its keeper has caught up.
KEPT_BYTES = (
    simulator_output.HEAD_BYTES + simulator_output.TAIL_BYTES + simulator_output.SLACK_BYTES
)
ECHO = {"values": 1, "epochs": 0}


def program(folder: Path, body: str) -> Path:
    """A program with echo's arguments that runs ``body`` (shell) instead."""
    path = folder / "talking"
    echo = scenario_executable("echo")
    path.write_text(
        f'#!/bin/sh\ncase "$*" in *--describe*) exec "{echo}" --describe;; esac\n{body}\n'
    )
    path.chmod(0o755)
    return path


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + LIMIT_S
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def kept_file(simulator: Simulator) -> Path:
    return Path(f"/proc/{simulator.pid}/fd/1")


def test_a_start_that_takes_too_long_quotes_the_last_words(tmp_path: Path) -> None:
    path = program(tmp_path, "echo associating with the access point; exec sleep 60")
    with pytest.raises(SimulatorTimeout, match="associating with the access point"):
        Simulator(path, ECHO, start_timeout_s=0.5)


@pytest.mark.parametrize("during", ["reset", "step", "branch"])
def test_every_time_out_quotes_the_last_words(during: str) -> None:
    arguments = {**ECHO, "printLines": 2, "hangAt": 0 if during == "reset" else 1}

    def play(simulator: Simulator) -> None:
        simulator.reset(1)
        if during == "step":
            simulator.step([0.0])
        simulator.branch([[0.0]])

    words = f"line 1 of decision {arguments['hangAt']}"
    with (
        Simulator("echo", arguments, step_timeout_s=0.5) as simulator,
        pytest.raises(SimulatorTimeout, match=words),
    ):
        play(simulator)


def test_endless_output_stays_small_and_keeps_its_ends() -> None:
    """In episodes and branches, within one epoch and over many; the simulator never waits."""
    lines, per_epoch = 0, 400_000  # 10 MB each
    arguments = {**ECHO, "printLines": per_epoch, "crashAt": 4}
    with Simulator("echo", arguments) as simulator:
        simulator.reset(1)
        for _ in range(2):
            simulator.step([0.0])
            simulator.branch([[0.0]] * 2)
        lines += per_epoch * (1 + 2 + 2 * 2)
        file = kept_file(simulator)
        assert file.stat().st_size > 20 * lines
        wait_for(lambda: file.stat().st_blocks * 512 <= KEPT_BYTES)
        with file.open("rb") as content:
            head = content.read(100)
            content.seek(-100, os.SEEK_END)
            tail = content.read()
        assert head.startswith(b"line 0 of decision 0\n")
        assert tail.endswith(b"line %d of decision 3\n" % (per_epoch - 1))
        simulator.step([0.0])
        with pytest.raises(SimulatorDied) as caught:
            simulator.step([0.0])
    assert "told to crash at epoch 4" in caught.value.stderr_tail
    assert "bytes of earlier output were dropped" in caught.value.stderr_tail


def test_a_warm_up_that_prints_without_end_stays_small(tmp_path: Path) -> None:
    path = program(tmp_path, "echo first words; exec yes chatter")
    seen: list[int] = []
    take = simulator_output.KeptOutput.trim

    def trim(self: simulator_output.KeptOutput) -> bool:
        done = take(self)
        with self._held(wait=False) as fd:
            if fd is not None:
                seen.append(os.fstat(fd).st_blocks * 512)
        return done

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(simulator_output.KeptOutput, "trim", trim)
        with pytest.raises(SimulatorTimeout, match=r"(?s)were dropped.*chatter"):
            Simulator(path, ECHO, start_timeout_s=2.0)
    assert len(seen) > 2
    assert sorted(seen)[len(seen) // 2] < 64 * KEPT_BYTES


def test_a_refused_start_quotes_the_first_and_the_last_lines(tmp_path: Path) -> None:
    path = program(tmp_path, "echo first words; seq 1 2000000; echo last words; exit 9")
    with pytest.raises(ScenarioError, match=r"(?s)exit status 9.*first words.*last words"):
        Simulator(path, ECHO)


def test_without_a_folder_for_temporary_files_output_is_kept_in_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(simulator_output.tempfile, "tempdir", "/nowhere")
    with Simulator("echo", {**ECHO, "crashAt": 1}) as simulator:
        simulator.reset(1)
        with pytest.raises(SimulatorDied, match="told to crash at epoch 1"):
            simulator.step([0.0])


def test_output_goes_to_a_file_whatever_the_working_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("log.txt").write_text("before\n")
    with TandemEnv("echo", {**ECHO, "printLines": 2, "crashAt": 2}, output="log.txt") as env:
        monkeypatch.chdir("/")
        env.reset(seed=1, options={"arguments": {"crashAt": 1}})  # another simulator
        with pytest.raises(SimulatorDied, match="told to crash at epoch 1"):
            env.step([0.0])
    text = (tmp_path / "log.txt").read_text()
    assert text.startswith("before\nline 0 of decision 0\nline 1 of decision 0\n")
    assert "told to crash" in text


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(TandemError, match=r"no-folder/log.*No such file.*inherit"):
        TandemEnv("echo", ECHO, output=tmp_path / "no-folder" / "log")


SHOWING = """
from tandem.bridge.core.env import TandemEnv
from tandem.bridge.core.errors import SimulatorDied
env = TandemEnv("echo", {"values": 1, "epochs": 0, "printLines": 1, "crashAt": 1}, output="inherit")
env.reset(seed=1)
try:
    env.step([0.0])
except SimulatorDied as error:
    assert "was shown" in str(error), error
env.close()
"""


def test_output_is_shown_where_asked() -> None:
    command = [sys.executable, "-c", SHOWING]
    shown = subprocess.run(command, capture_output=True, text=True, check=False)
    assert shown.returncode == 0, shown.stderr
    assert shown.stdout == "line 0 of decision 0\n"
    assert "told to crash at epoch 1" in shown.stderr


def test_servers_keep_their_output() -> None:
    with pytest.raises(ValueError, match="output='inherit' is for simulators of this machine"):
        RemoteBackend()("echo", {}, SimulatorOptions(output="inherit"))


def test_tandem_run_shows_and_writes_what_the_simulator_prints(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("NS_LOG", "TandemAgentLink=function")
    options = ["--scenario", "wifi-edge", "--users", "1", "--epochs", "1", "--quiet"]
    log = tmp_path / "log.txt"
    done = tandem("run", *options, "--out", str(tmp_path / "a"), "--simulator-output", str(log))
    assert done.returncode == 0, done.stderr
    assert "AgentLink:Decide" in log.read_text()
    capfd.readouterr()
    tandem("run", *options, "--out", str(tmp_path / "b"), "--simulator-output", "inherit")
    assert "AgentLink:Decide" in capfd.readouterr().err
    refused = tandem("run", *options, "--simulator-output", "inherit", "--connect", "tcp://a:1")
    assert "--simulator-output is for simulators of this machine" in refused.stderr
