# SPDX-License-Identifier: MIT
"""SIGSTOP for longer than a deadline: an error in time, then recovery or a clean end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from processes import alive, seconds_until_gone
from remote_servers import ServerProcess, children, free_address, wait_until

from tandem.bridge.backends.remote import RemoteSimulator, Target
from tandem.bridge.core.errors import SimulatorTimeout, TandemError
from tandem.bridge.core.simulator import Simulator
from tandem.bridge.remote import ConnectionLost

ECHO = {"values": 1, "epochs": 0}
ACTION = np.ones(1)
STEP_TIMEOUT_S = 0.3
HEARTBEAT_S = 0.4
STOP_S = 2.0
#: Deadlines are tenths of a second; a busy machine may need longer to say so.
LIMIT_S = 30.0
WIFI = {"users": 2, "epochs": 0}
ACTIONS = [[8, 9], [8, 8], [0, 9], [9, 9], [8, 0], [8, 9]]


def seconds(action: Callable[[], object], expected: type[Exception]) -> tuple[float, Exception]:
    """How long it takes until an action fails as it must."""
    start_s = time.monotonic()
    with pytest.raises(expected) as caught:
        action()
    return time.monotonic() - start_s, caught.value


@pytest.mark.parametrize("during", ["step", "branch", "reset"])
def test_a_stopped_simulator_is_told_and_ended(during: str) -> None:
    simulator = Simulator("echo", ECHO, step_timeout_s=STEP_TIMEOUT_S)
    simulator.reset(1)
    simulator.step(ACTION)
    pids = [simulator.pid, simulator.episode_pid]
    os.kill(simulator.pid if during == "reset" else simulator.episode_pid, signal.SIGSTOP)
    action: Callable[[], object] = {
        "step": lambda: simulator.step(ACTION),
        "branch": lambda: simulator.branch([ACTION] * 3),
        "reset": lambda: simulator.reset(2),
    }[during]
    took_s, error = seconds(action, SimulatorTimeout)
    assert STEP_TIMEOUT_S <= took_s < LIMIT_S
    assert "0.3 s" in str(error)
    assert seconds_until_gone(pids, LIMIT_S) < LIMIT_S
    with pytest.raises(TandemError):
        simulator.step(ACTION)
    simulator.close()


def test_a_stopped_branch_child_meets_the_deadline() -> None:
    arguments = {**ECHO, "hangAt": 2}
    with Simulator("echo", arguments, step_timeout_s=STEP_TIMEOUT_S) as simulator:
        simulator.reset(1)
        simulator.step(ACTION)
        pids = [simulator.pid, simulator.episode_pid]
        stopper = threading.Thread(target=stop_children, args=(simulator.episode_pid,))
        stopper.start()
        took_s, _ = seconds(lambda: simulator.branch([ACTION] * 2), SimulatorTimeout)
        stopper.join()
        assert took_s < LIMIT_S
        assert seconds_until_gone(pids, LIMIT_S) < LIMIT_S


def stop_children(pid: int) -> None:
    assert wait_until(lambda: children(pid), LIMIT_S)
    for child in children(pid):
        os.kill(child, signal.SIGSTOP)


AGENT = """
import sys
from tandem.bridge.core.simulator import Simulator
with Simulator("wifi-edge", {"users": 2, "epochs": 0}, step_timeout_s=float(sys.argv[1])) as s:
    s.reset(5)
    for action in %r:
        print(s.step(action).records["requests"].tobytes().hex(), flush=True)
"""


def test_an_agent_that_was_stopped_goes_on() -> None:
    """Its deadline is over when it wakes up, but so is the step: nothing has gone wrong."""
    agent = subprocess.Popen(
        [sys.executable, "-c", AGENT % ACTIONS, str(STOP_S)], stdout=subprocess.PIPE, text=True
    )
    assert agent.stdout is not None
    first = agent.stdout.readline()
    agent.send_signal(signal.SIGSTOP)
    family = children(agent.pid)
    time.sleep(STOP_S + 0.2)
    assert all(alive(pid) for pid in family)
    agent.send_signal(signal.SIGCONT)
    rest = agent.communicate(timeout=60)[0]
    assert agent.returncode == 0
    assert (first + rest).split() == [table.hex() for table in local_requests()]
    assert seconds_until_gone(family, LIMIT_S) < LIMIT_S


def local_requests() -> list[bytes]:
    """What the actions lead to without any fault."""
    with Simulator("wifi-edge", WIFI) as simulator:
        simulator.reset(5)
        return [simulator.step(action).records["requests"].tobytes() for action in ACTIONS]


@pytest.fixture(scope="module")
def server() -> Iterator[ServerProcess]:
    process = ServerProcess(
        free_address(),
        *("--scenario", "echo", "--scenario", "wifi-edge"),
        *("--heartbeat", str(HEARTBEAT_S), "--telemetry", ""),
    )
    yield process
    process.process.send_signal(signal.SIGCONT)
    process.end()


@pytest.fixture(autouse=True)
def _goes_on(server: ServerProcess) -> Iterator[None]:
    yield
    os.kill(server.pid, signal.SIGCONT)


def test_a_stopped_server_is_told_and_serves_again(server: ServerProcess) -> None:
    target = Target(server.address, resume_timeout_s=0.0, heartbeat_s=HEARTBEAT_S)
    simulator = RemoteSimulator("echo", ECHO, target=target)
    simulator.reset(1)
    os.kill(server.pid, signal.SIGSTOP)
    took_s, error = seconds(lambda: simulator.step(ACTION), ConnectionLost)
    assert took_s < LIMIT_S
    assert f"does not answer for {3 * HEARTBEAT_S:g} s" in str(error)
    simulator.close()
    impatient = Target(server.address, connect_timeout_s=0.3)
    took_s, _ = seconds(lambda: RemoteSimulator("echo", ECHO, target=impatient), ConnectionLost)
    assert took_s < LIMIT_S
    os.kill(server.pid, signal.SIGCONT)
    again = RemoteSimulator("echo", ECHO, target=target)
    assert again.reset(1).decision == 0
    assert wait_until(lambda: len(children(server.pid)) == 1, LIMIT_S)  # the first one is freed
    again.close()


def test_an_episode_outlives_a_stopped_server(server: ServerProcess) -> None:
    target = Target(server.address, heartbeat_s=HEARTBEAT_S)
    simulator = RemoteSimulator("wifi-edge", WIFI, target=target)
    simulator.reset(5)
    found = [simulator.step(action) for action in ACTIONS[:3]]
    os.kill(server.pid, signal.SIGSTOP)
    later = threading.Timer(STOP_S, os.kill, (server.pid, signal.SIGCONT))
    later.start()
    found += [simulator.step(action) for action in ACTIONS[3:]]
    later.join()
    simulator.close()
    assert [frame.records["requests"].tobytes() for frame in found] == local_requests()


CLIENT = """
import sys
from tandem.bridge.backends.remote import RemoteSimulator, Target
s = RemoteSimulator("wifi-edge", {"users": 2, "epochs": 0}, target=Target(sys.argv[1]))
s.reset(5)
for action in %r:
    print(s.step(action).records["requests"].tobytes().hex(), flush=True)
    sys.stdin.readline()
s.close()
"""


def test_a_stopped_client_is_freed_and_resumes(server: ServerProcess) -> None:
    client = subprocess.Popen(
        [sys.executable, "-c", CLIENT % ACTIONS, server.address],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert client.stdout is not None
    first = client.stdout.readline()
    assert len(children(server.pid)) == 1
    client.send_signal(signal.SIGSTOP)
    assert wait_until(lambda: not children(server.pid), LIMIT_S)
    client.send_signal(signal.SIGCONT)
    rest = client.communicate("\n" * len(ACTIONS), timeout=60)[0]
    assert client.returncode == 0
    assert (first + rest).split() == [table.hex() for table in local_requests()]
    assert wait_until(lambda: not children(server.pid), LIMIT_S)
