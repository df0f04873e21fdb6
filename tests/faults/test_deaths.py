# SPDX-License-Identifier: MIT
"""Whoever dies, the other side notices soon, says what happened and leaves nothing behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from processes import children

from tandem.bridge.core import errors
from tandem.bridge.core.scenarios import executable_folder
from tandem.bridge.core.simulator import Simulator

DETECTION_LIMIT_S = 1.0
ORPHAN_LIMIT_S = 2.0
ACTION = np.zeros(1)
EDGE = 8


def kill_later(pid: int, delay_s: float = 0.2) -> threading.Thread:
    thread = threading.Thread(target=lambda: (time.sleep(delay_s), os.kill(pid, signal.SIGKILL)))
    thread.start()
    return thread


def living(pids: list[int]) -> list[int]:
    """Those that still run; a zombie has ended."""
    alive = []
    for pid in pids:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            continue
        if state not in "ZX":
            alive.append(pid)
    return alive


def wait_gone(pids: list[int], limit_s: float) -> list[int]:
    deadline = time.monotonic() + limit_s
    while living(pids) and time.monotonic() < deadline:
        time.sleep(0.01)
    return living(pids)


@pytest.mark.parametrize("victim", ["episode", "zygote"])
def test_kill_9_in_mid_step_raises_with_status_and_command(victim: str) -> None:
    with Simulator("echo", {"values": 1, "epochs": 0, "hangAt": 3}) as simulator:
        simulator.reset(11)
        episode = simulator.episode_pid
        for _ in range(2):
            simulator.step(ACTION)
        killer = kill_later(episode if victim == "episode" else simulator.pid)
        start = time.monotonic()
        with pytest.raises(errors.SimulatorDied) as caught:
            simulator.step(ACTION)
        assert time.monotonic() - start < 0.2 + DETECTION_LIMIT_S
        killer.join()
        assert caught.value.exit_status == -signal.SIGKILL
        assert "SIGKILL" in str(caught.value)
        assert "--hangAt=3" in str(caught.value)
        assert "--seed=11" in caught.value.command
        assert not wait_gone([episode], DETECTION_LIMIT_S)


def test_after_a_killed_episode_reset_starts_the_next() -> None:
    with Simulator("echo", {"values": 1, "epochs": 0}) as simulator:
        simulator.reset(1)
        os.kill(simulator.episode_pid, signal.SIGKILL)
        assert not wait_gone([simulator.episode_pid], DETECTION_LIMIT_S)
        with pytest.raises(errors.SimulatorDied):
            simulator.step(ACTION)
        np.testing.assert_array_equal(simulator.reset(2).observation["values"], [0.0])


def test_an_abort_in_ns3_arrives_with_its_message() -> None:
    with Simulator("echo", {"values": 1, "epochs": 0, "crashAt": 1}) as simulator:
        simulator.reset(1)
        with pytest.raises(errors.SimulatorDied, match="told to crash at epoch 1") as caught:
            simulator.step(ACTION)
        assert caught.value.exit_status == -signal.SIGABRT


def test_an_exit_in_mid_episode_arrives_with_its_status() -> None:
    with Simulator("echo", {"values": 1, "epochs": 0, "exitAt": 1}) as simulator:
        simulator.reset(1)
        with pytest.raises(errors.SimulatorDied) as caught:
            simulator.step(ACTION)
        assert caught.value.exit_status == 7


def test_a_branch_that_dies_is_told() -> None:
    with Simulator("echo", {"values": 1, "epochs": 0, "crashAt": 1}) as simulator:
        simulator.reset(1)
        with pytest.raises(errors.SimulatorDied, match=r"branch [12] "):
            simulator.branch([ACTION, ACTION])


def test_a_branch_that_dies_is_told_before_the_others_end() -> None:
    with Simulator("echo", {"values": 1, "epochs": 0, "hangAt": 1}) as simulator:
        simulator.reset(1)
        family: list[int] = []

        def kill_one() -> None:
            while len(family) < 2:
                family[:] = children(simulator.episode_pid)
            os.kill(family[0], signal.SIGKILL)

        killer = threading.Thread(target=kill_one)
        killer.start()
        with pytest.raises(errors.SimulatorDied, match=r"branch [12] .*SIGKILL") as caught:
            simulator.branch([ACTION] * 8, parallel=2)
        killer.join()
        assert caught.value.exit_status == -signal.SIGKILL
        assert not living(family)
        assert simulator.reset(1).decision == 0


def test_a_step_beyond_its_time_limit_is_stopped() -> None:
    arguments = {"values": 1, "epochs": 0, "hangAt": 1}
    with Simulator("echo", arguments, step_timeout_s=0.3) as simulator:
        simulator.reset(1)
        start = time.monotonic()
        with pytest.raises(errors.SimulatorTimeout, match=r"0\.3 s"):
            simulator.step(ACTION)
        assert time.monotonic() - start < 0.3 + DETECTION_LIMIT_S + 1.0


def test_a_standing_still_branch_meets_the_time_limit() -> None:
    arguments = {"values": 1, "epochs": 0, "hangAt": 1}
    with Simulator("echo", arguments, step_timeout_s=0.3) as simulator:
        simulator.reset(1)
        pids = [simulator.pid, simulator.episode_pid]
        with pytest.raises(errors.SimulatorTimeout):
            simulator.branch([ACTION] * 3)
        assert not wait_gone(pids, ORPHAN_LIMIT_S)


def test_close_from_another_thread_ends_a_waiting_step() -> None:
    simulator = Simulator("echo", {"values": 1, "epochs": 0, "hangAt": 1})
    simulator.reset(1)
    closer = threading.Timer(0.2, simulator.close)
    closer.start()
    with pytest.raises(errors.TandemError):
        simulator.step(ACTION)
    closer.join()


AGENT = """
    import sys, time
    import numpy as np
    from tandem.bridge.core.simulator import Simulator
    simulator = Simulator({scenario!r}, {arguments!r})
    frame = simulator.reset(1)
    print(simulator.pid, simulator.episode_pid, flush=True)
    {doing}
"""


def start_agent(scenario: str, arguments: dict, doing: str) -> tuple[subprocess.Popen, list[int]]:
    code = textwrap.dedent(AGENT).format(scenario=scenario, arguments=arguments, doing=doing)
    agent = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert agent.stdout is not None
    return agent, [int(word) for word in agent.stdout.readline().split()]


@pytest.mark.parametrize(
    ("scenario", "arguments", "doing"),
    [
        ("echo", {"values": 1, "epochs": 0}, "time.sleep(60)"),
        ("echo", {"values": 1, "epochs": 0, "hangAt": 1}, "simulator.step([0.0])"),
        ("echo", {"values": 1, "epochs": 0, "hangAt": 1}, "simulator.branch([[0.0]] * 4)"),
        ("wifi-edge", {"users": 20, "epochs": 0}, "while True: simulator.step(np.full(20, 8))"),
    ],
    ids=["idle", "mid-step", "mid-branch", "simulating"],
)
def test_kill_9_of_python_leaves_no_simulator(scenario: str, arguments: dict, doing: str) -> None:
    agent, pids = start_agent(scenario, arguments, doing)
    time.sleep(0.3)
    family = family_of(pids[0])
    assert set(pids) <= set(family)
    agent.kill()
    agent.wait()
    assert not wait_gone(family, ORPHAN_LIMIT_S)


def family_of(zygote: int) -> list[int]:
    """All processes of a simulator's session."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and os.getsid(int(entry.name)) == zygote:
                found.append(int(entry.name))
        except OSError:
            continue
    return found


@pytest.mark.usefixtures("interruptible")
def test_ctrl_c_works_in_a_long_epoch() -> None:
    agent, pids = start_agent(
        "echo", {"values": 1, "epochs": 0, "hangAt": 1}, "simulator.step([0.0])"
    )
    time.sleep(0.3)
    start = time.monotonic()
    agent.send_signal(signal.SIGINT)
    try:
        _, output = agent.communicate(timeout=10)
    finally:
        agent.kill()
    assert "KeyboardInterrupt" in output
    assert time.monotonic() - start < DETECTION_LIMIT_S + ORPHAN_LIMIT_S
    assert not wait_gone(pids, ORPHAN_LIMIT_S)


def test_an_interrupted_step_can_be_waited_for_or_reset() -> None:
    with Simulator("echo", {"values": 1, "epochs": 0}) as simulator:
        simulator.reset(1)
        simulator.post(np.ones(1))
        with pytest.raises(errors.NoEpisode, match="wait"):
            simulator.step(np.ones(1))
        assert simulator.wait().observation["values"][0] == 1.0
        simulator.post(np.ones(1))
        assert simulator.reset(2).observation["values"][0] == 0.0


def test_nothing_stays_open_or_in_temporary_folders() -> None:
    def held() -> np.ndarray:
        """Descriptors and threads of this process."""
        return np.array(
            [sum(1 for _ in Path("/proc/self", kind).iterdir()) for kind in ("fd", "task")]
        )

    # Of this test alone: other tests and programs have theirs.
    folder = Path(tempfile.gettempdir())
    temporary = set(folder.iterdir()) | set(Path("/dev/shm").glob("*tandem*"))
    for _ in range(2):
        with Simulator("echo", {"values": 1, "epochs": 0}) as simulator:
            simulator.reset(1)
            simulator.reset(2)
    before = held()
    closed = []  # kept: closing frees everything, not the garbage collector
    for _ in range(20):
        with Simulator("echo", {"values": 1, "epochs": 0}) as simulator:
            for seed in range(3):
                simulator.reset(seed)
                simulator.branch([ACTION] * 2)
        closed.append(simulator)
    assert (held() <= before).all()
    after = set(folder.iterdir()) | set(Path("/dev/shm").glob("*tandem*"))
    assert after <= temporary


def test_many_simulators_side_by_side_keep_their_memory_apart() -> None:
    simulators = [Simulator("echo", {"values": 1, "epochs": 0}) for _ in range(6)]
    try:
        for k, simulator in enumerate(simulators):
            simulator.reset(k)
        for k, simulator in enumerate(simulators):
            simulator.post(np.array([float(k)]))
        received = [simulator.wait().observation["values"][0] for simulator in simulators]
        assert received == list(range(6))
    finally:
        for simulator in simulators:
            simulator.close()


def test_memory_is_anonymous() -> None:
    with Simulator("echo", {"values": 1}) as simulator:
        simulator.reset(1)
        maps = Path(f"/proc/{simulator.pid}/maps").read_text()
        lines = [line for line in maps.splitlines() if "tandem-channel" in line]
        assert lines
        assert all("memfd:" in line and "(deleted)" in line for line in lines)
        assert executable_folder().is_dir()
