# SPDX-License-Identifier: MIT
"""The command that an error names brings the failure about once more: the actions are played."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from remote_servers import children

from tandem.bridge.core import failure
from tandem.bridge.core.backend import DEFAULT_BRANCH_SLOTS, Backend
from tandem.bridge.core.env import TandemEnv
from tandem.bridge.core.errors import SimulatorDied, SimulatorTimeout, TandemError
from tandem.bridge.core.scenarios import scenario_executable
from tandem.bridge.core.simulator import Simulator
from tandem.bridge.core.vector import TandemVectorEnv

ECHO = {"values": 3, "choices": 2, "epochs": 0, "crashAbove": 10}
WORDS = "told to crash above 10, got 10.1"


def again(
    error: TandemError, *more: str, limit_s: float = 100.0
) -> subprocess.CompletedProcess[str]:
    """Run the command that a message names, as a person would."""
    found = re.search(r"to reproduce: (.*)", str(error))
    assert found, error
    words = [word for word in shlex.split(found[1]) if not word.startswith("@")]
    words[0] = str(scenario_executable(Path(words[0]).name))
    return subprocess.run(
        [*words, *more], capture_output=True, text=True, check=False, timeout=limit_s
    )


def test_the_third_action_crashes_the_scenario_again(backend: Backend, tmp_path: Path) -> None:
    folder = tmp_path / "with a blank"
    folder.mkdir()
    with TandemEnv("echo", ECHO, backend=backend, failure_folder=folder) as env:
        env.reset(seed=1)
        env.step([9.0, 1.0])  # another episode's
        env.reset(seed=7)
        env.step([1.0, -2.5e-7])
        env.step([1 / 3, 1e300])
        with pytest.raises(SimulatorDied, match=WORDS) as caught:
            env.step([10.1, 4.0])
    (file,) = folder.iterdir()
    played = [line for line in file.read_text().splitlines() if line[0] != "#"]
    assert played == ["1 -2.5e-07", "0.3333333333333333 1e+300", "10.1 4"]
    assert caught.value.command[-2:] == ("--seed=7", f"--actions={file}")
    replayed = again(caught.value)
    assert replayed.returncode == -signal.SIGABRT
    assert WORDS in replayed.stderr


def test_one_of_many_branches_crashes_again(backend: Backend, tmp_path: Path) -> None:
    with TandemEnv("echo", ECHO, backend=backend, branch_slots=2, failure_folder=tmp_path) as env:
        env.reset(seed=7)
        env.step([1.0, 2.0])
        with pytest.raises(SimulatorDied, match="branch 4 ") as caught:
            env.branch([[3.0, 0.0]] * 3 + [[10.1, 5.0]] + [[3.0, 0.0]], horizon=2)
    assert caught.value.branch == 3
    (file,) = tmp_path.iterdir()
    played = [line for line in file.read_text().splitlines() if line[0] != "#"]
    assert played == ["1 2", "10.1 5", "10.1 5"]
    assert WORDS in again(caught.value).stderr


def test_a_time_out_can_be_brought_about_again(backend: Backend, tmp_path: Path) -> None:
    options = {**ECHO, "hangAt": 2}
    with TandemEnv(
        "echo", options, backend=backend, step_timeout_s=0.5, failure_folder=tmp_path
    ) as env:
        env.reset(seed=7)
        env.step([1.0, 2.0])
        with pytest.raises(SimulatorTimeout) as caught:
            env.step([3.0, 4.0])
    with pytest.raises(subprocess.TimeoutExpired):
        again(caught.value, limit_s=2.0)


def test_vector_environments_name_the_actions_as_well(tmp_path: Path) -> None:
    envs = TandemVectorEnv("echo", ECHO, num_envs=2, failure_folder=tmp_path)
    envs.reset(seed=1)
    with pytest.raises(SimulatorDied, match="environment 1 of 2") as caught:
        envs.step(np.array([[1.0, 1.0], [10.1, 1.0]]))
    envs.close()
    assert WORDS in again(caught.value).stderr


def test_a_death_without_a_cause_in_the_scenario_replays_to_its_end() -> None:
    with Simulator("echo", ECHO) as simulator:
        simulator.reset(1)
        simulator.step([1.0, 1.0])
        os.kill(simulator.episode_pid, signal.SIGKILL)
        with pytest.raises(SimulatorDied) as caught:
            simulator.step([2.0, 2.0])
    replayed = again(caught.value)
    Path(caught.value.command[-1].partition("=")[2]).unlink()
    assert replayed.returncode == 0
    assert re.search(r"all 2 actions of .* are played", replayed.stderr)


@pytest.mark.parametrize("future", [0, 2])
def test_a_replay_simulates_the_same(tmp_path: Path, future: int) -> None:
    """Requests of a killed branch, replayed alone, are those of the same branch under an agent."""
    arguments = {"users": 2, "epochs": 0}
    with Simulator("wifi-edge", arguments, failure_folder=tmp_path) as simulator:
        simulator.reset(5)
        rows = [simulator.step(action).records["requests"] for action in ([8, 9], [0, 8])]
        (whole,) = simulator.branch([[8, 8]], horizon=4, future=future)

        def kill() -> None:
            while not (found := children(simulator.episode_pid)):
                time.sleep(0.001)
            os.kill(found[0], signal.SIGKILL)

        killer = threading.Thread(target=kill)
        killer.start()
        with pytest.raises(SimulatorDied, match="branch 1 ") as caught:
            simulator.branch([[8, 8]], horizon=DEFAULT_BRANCH_SLOTS, future=future)
        killer.join()
    (file,) = tmp_path.iterdir()
    lines = file.read_text().splitlines()
    assert ("future 2" in lines) == (future == 2)
    start = [line for line in lines if line[0] != "#"][: 2 + 4 + (future > 0)]
    file.write_text("\n".join(start) + "\n")
    table = tmp_path / "requests.csv"
    again(caught.value, f"--requests={table}")
    csv = np.genfromtxt(table, delimiter=",", names=True)
    expected = np.concatenate([*rows, whole.records["requests"]])
    done = csv["status"] != 2  # what is open at the end is told by the episode's end only
    names = ["request_id", "option", "response_time_s", "uplink_air_s"]
    for name in names:
        np.testing.assert_array_equal(csv[name][done], expected[name])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("1 2\n1\n", r":2: 2 numbers are expected"),
        ("1 2 3\n", r":1: 2 numbers"),
        ("# fine\n1 x\n", r":2: 2 numbers"),
        ("future many\n1 2\n", r":1: the number of a future"),
    ],
)
def test_a_file_that_cannot_be_played_is_refused(tmp_path: Path, text: str, words: str) -> None:
    file = tmp_path / "my.actions"
    file.write_text(text)
    done = subprocess.run(
        [scenario_executable("echo"), "--values=2", f"--actions={file}"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert re.search(words, done.stderr)
    missing = subprocess.run(
        [scenario_executable("wifi-edge"), "--actions=/nowhere/a"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "--actions=/nowhere/a: No such file" in missing.stderr


def test_too_many_actions_and_too_many_files_are_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    arguments = {"values": 200_000, "epochs": 0, "exitAt": 6}
    with Simulator("echo", arguments, failure_folder=tmp_path) as simulator:
        simulator.reset(1)
        for _ in range(5):
            simulator.step(np.zeros(200_000))
        with pytest.raises(SimulatorDied, match="too many to keep"):
            simulator.step(np.zeros(200_000))
        monkeypatch.setattr(failure, "MOST_FILES", 0)
        simulator.reset(1)
        os.kill(simulator.episode_pid, signal.SIGKILL)
        with pytest.raises(SimulatorDied, match="has left 0 such files"):
            simulator.step(np.zeros(200_000))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("agent", [True, False])
def test_a_segmentation_fault_brings_its_call_stack(agent: bool) -> None:
    if agent:
        with Simulator("echo", {**ECHO, "segvAt": 1}) as simulator:
            simulator.reset(1)
            with pytest.raises(SimulatorDied) as caught:
                simulator.step([1.0, 1.0])
        status, output = caught.value.exit_status, str(caught.value)
        output += again(caught.value).stderr
    else:
        done = subprocess.run(
            [scenario_executable("echo"), "--segvAt=1"], capture_output=True, text=True, check=False
        )
        status, output = done.returncode, done.stderr
    assert status == -signal.SIGSEGV
    assert "SIGSEGV: call stack" in output
    assert "Overwrite" in output
    assert "main" in output


def test_a_full_stack_brings_its_call_stack() -> None:
    done = subprocess.run(
        [scenario_executable("echo"), "--segvAt=1", "--overflow=1"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == -signal.SIGSEGV
    assert "SIGSEGV: call stack" in done.stderr
