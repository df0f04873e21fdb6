# SPDX-License-Identifier: MIT
"""Simulators start whatever state this process is in, or say what is wrong and what to do."""

from __future__ import annotations

import errno
import json
import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tandem.bridge.core.env import TandemEnv
from tandem.bridge.core.errors import SimulatorDied, describe_exit
from tandem.bridge.core.scenarios import scenario_executable
from tandem.bridge.core.simulator import Simulator
from tandem.bridge.runs.writer import RunWriter

CLOSED = ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"]
PROGRAM = """
import os, sys
from tandem.bridge.core.env import TandemEnv
with TandemEnv("echo", values=1, epochs=0) as env:
    env.reset(seed=1)
    values = [float(env.step([number])[0]["values"][0]) for number in (1.0, 2.0)]
    outcomes = env.branch([[3.0], [4.0]])
    os.write(1, b"what a library prints")
    os.write(2, b"what a library prints")
    env.reset(seed=2)
open(sys.argv[1], "w").write(f"{values} {len(outcomes)}")
"""


def shell(command: list[str], redirections: str) -> subprocess.CompletedProcess[bytes]:
    """Run a command with some of its standard descriptors closed."""
    return subprocess.run(
        ["/bin/sh", "-c", f'exec "$@" {redirections}', "sh", *command], check=False, timeout=60
    )


@pytest.mark.parametrize("closed", CLOSED)
def test_an_environment_needs_no_standard_descriptor(closed: str, tmp_path: Path) -> None:
    said = tmp_path / "said"
    assert shell([sys.executable, "-c", PROGRAM, str(said)], closed).returncode == 0
    assert said.read_text() == "[1.0, 2.0] 2"


@pytest.mark.parametrize("closed", CLOSED)
def test_commands_need_no_standard_descriptor(closed: str, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    command = [sys.executable, "-m", "tandem.scripts.main", "run", "--users", "1"]
    command += ["--epochs", "2", "--out", str(folder)]
    assert shell(command, closed).returncode == 0
    assert json.loads((folder / "metadata.json").read_text())["status"] == "complete"


@pytest.mark.parametrize("closed", CLOSED)
def test_a_scenario_alone_prints_into_no_file_of_its_own(closed: str, tmp_path: Path) -> None:
    program = str(scenario_executable("wifi-edge"))
    tables = []
    for name, redirections in (("open", ""), ("closed", closed)):
        table = tmp_path / f"{name}.csv"
        command = [program, "--users=1", "--epochs=2", "--policy=edge", f"--requests={table}"]
        assert shell(command, redirections).returncode == 0
        tables.append(table.read_bytes())
    assert tables[0] == tables[1]
    assert tables[0]


def test_later_resets_start_from_the_folder_of_the_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "scenario").symlink_to(scenario_executable("echo"))
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(tmp_path)
    for scenario in ("./scenario", "scenario"):
        with TandemEnv(scenario, values=1, epochs=3) as env:
            monkeypatch.chdir(elsewhere)
            env.reset(seed=1, options={"arguments": {"epochs": 5}})
            assert env.step([1.0])[4]["decision"] == 0
            assert Path(f"/proc/{env.simulator.pid}/cwd").readlink() == tmp_path
        monkeypatch.chdir(tmp_path)


def test_a_folder_that_is_gone_is_no_hindrance(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    with TandemEnv("echo", values=1, epochs=3) as env:
        env.reset(seed=1)


def test_a_kill_names_the_lack_of_memory() -> None:
    with Simulator("echo", {"values": 1, "epochs": 0}) as simulator:
        simulator.reset(1)
        os.kill(simulator.episode_pid, signal.SIGKILL)
        with pytest.raises(SimulatorDied, match=r"SIGKILL.*lack of memory.*fewer simulators"):
            simulator.step([1.0])


def test_a_limit_of_file_sizes_is_named() -> None:
    program = """
import resource
from tandem.bridge.core.errors import ScenarioError
from tandem.bridge.core.simulator import Simulator
from tandem.bridge.runs.writer import RunWriter
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))
try:
    Simulator("echo", {"values": 1000})
except ScenarioError as error:
    print(error)
"""
    said = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    ).stdout
    assert "SIGXFSZ" in said
    assert "ulimit -f" in said


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (signal.SIGXCPU, "ulimit -t"),
        (signal.SIGBUS, "shared memory is full"),
        (signal.SIGSYS, "seccomp"),
    ],
)
def test_signals_from_outside_are_explained(number: signal.Signals, words: str) -> None:
    assert words in describe_exit(-number)
    assert number.name in describe_exit(-number)


#: Denies this process and its children a system call from here on: (number of the call, errno).
DENY = """
import ctypes, struct, sys
def deny(call, number):
    # load the call's number; if it is this one: errno; else allow
    lines = [(0x20, 0, 0, 0), (0x15, 0, 1, call), (0x06, 0, 0, 0x50000 | number),
             (0x06, 0, 0, 0x7FFF0000)]
    program = b"".join(struct.pack("=HBBI", *line) for line in lines)
    memory = ctypes.create_string_buffer(program)
    header = struct.pack("HxxxxxxP", len(lines), ctypes.addressof(memory))
    libc = ctypes.CDLL(None, use_errno=True)
    assert libc.prctl(38, 1, 0, 0, 0) == 0, "no_new_privs"
    if libc.prctl(22, 2, ctypes.create_string_buffer(header), 0, 0):
        sys.exit(77)  # no seccomp here
"""
SYSCALLS = {"pidfd_open": 434, "memfd_create": 319}
ATTEMPT = """
import errno
from tandem.bridge.core.errors import TandemError
from tandem.bridge.core.simulator import Simulator
from tandem.bridge.runs.writer import RunWriter
deny(int(sys.argv[1]), int(sys.argv[2]))
try:
    with Simulator("echo", {"values": 1, "epochs": 0}) as simulator:
        simulator.reset(1)
    print("it started")
except TandemError as error:
    print(type(error).__name__, " ".join(str(error).split()))
"""


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="numbers of system calls of x86-64")
@pytest.mark.parametrize("reason", [errno.EPERM, errno.ENOSYS])
@pytest.mark.parametrize("call", sorted(SYSCALLS))
def test_a_denied_system_call_is_named_with_what_it_needs(call: str, reason: int) -> None:
    command = [sys.executable, "-c", DENY + ATTEMPT, str(SYSCALLS[call]), str(reason)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    if done.returncode == 77:
        pytest.skip("this kernel takes no seccomp filter")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("ScenarioError")
    assert os.strerror(reason) in done.stdout
    assert "memfd_create and pidfd_open need Linux 5.3" in done.stdout
    assert "tandem doctor" in done.stdout


def test_a_zygote_without_descriptors_starts_episodes_whose_death_is_noticed() -> None:
    with Simulator("echo", {"values": 1, "epochs": 0}) as simulator:
        simulator.reset(1)
        limits = resource.prlimit(simulator.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(simulator.pid, resource.RLIMIT_NOFILE, (3, limits[1]))
        simulator.reset(2)
        os.kill(simulator.episode_pid, signal.SIGKILL)
        with pytest.raises(SimulatorDied, match="SIGKILL"):
            simulator.step([1.0])
        assert simulator.reset(3).decision == 0


def test_a_run_is_recorded_in_the_folder_that_was_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("run").mkdir()
    with TandemEnv("echo", values=1) as env:
        writer = RunWriter(Path("run"), schema=env.schema, config={})
        monkeypatch.chdir("/")
        with writer:
            pass
    assert json.loads((tmp_path / "run" / "metadata.json").read_text())["status"] == "complete"
