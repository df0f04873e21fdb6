# SPDX-License-Identifier: MIT
"""Simulators on a server: the same results as here, and everything freed."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import gymnasium
import numpy as np
import pytest
from remote_servers import ServerProcess, free_address, serving, wait_until

from tandem.bridge.backends.remote import RemoteBackend, RemoteSimulator, Target
from tandem.bridge.core.env import TandemEnv
from tandem.bridge.core.errors import (
    InvalidAction,
    NoEpisode,
    ScenarioError,
    SimulatorDied,
    SimulatorTimeout,
)
from tandem.bridge.core.simulator import Simulator
from tandem.bridge.core.vector import TandemVectorEnv
from tandem.bridge.remote import ConnectionLost, QuotaExceeded
from tandem.bridge.remote.sockets import Access
from tandem.bridge.server.watch import Watch

ARGUMENTS = {"users": 3, "epochs": 4}
ACTIONS = ([8, 9, 0], [8, 8, 8], [3, 9, 8], [0, 0, 9])
FREED_S = 5.0
ECHO = {"values": 2, "epochs": 0}


def at(address: str) -> RemoteBackend:
    return RemoteBackend(Target(address))


def tandem(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tandem.scripts.main", *arguments],
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )


def test_two_terminals_give_the_local_requests_byte_for_byte(tmp_path: Path) -> None:
    server = ServerProcess(free_address())
    common = ("--users", "3", "--epochs", "3", "--episodes", "2", "--seed", "4")
    try:
        remote = tandem(
            *("run", "--policy", "random", *common, "--out", str(tmp_path / "remote")),
            *("--connect", server.address),
        )
        assert remote.returncode == 0, remote.stderr
    finally:
        server.end()
    local = tandem("run", "--policy", "random", *common, "--out", str(tmp_path / "local"))
    assert local.returncode == 0, local.stderr
    for name in ("requests", "decisions", "episodes"):
        mine, theirs = (tmp_path / kind / f"{name}.parquet" for kind in ("remote", "local"))
        assert mine.read_bytes() == theirs.read_bytes()


def test_steps_and_branches_equal_local_ones() -> None:
    with (
        serving(["wifi-edge"]) as server,
        TandemEnv("wifi-edge", ARGUMENTS, backend=at(server.address)) as far,
        TandemEnv("wifi-edge", ARGUMENTS) as near,
    ):
        assert far.observation_space == near.observation_space
        assert far.action_space == near.action_space
        first, there = near.reset(seed=3)[0], far.reset(seed=3)[0]
        assert all(np.array_equal(first[name], there[name]) for name in first)
        for action in ACTIONS:
            branches = [[0, 0, 0], [8, 8, 8], action]
            here = near.branch(branches, parallel=1)
            away = far.branch(branches, parallel=1)
            for one, other in zip(here, away, strict=True):
                assert one.reward == other.reward
                assert one.records["requests"].tobytes() == other.records["requests"].tobytes()
            mine, theirs = near.step(action), far.step(action)
            assert mine[1:4] == theirs[1:4]
            assert mine[4]["requests"].tobytes() == theirs[4]["requests"].tobytes()
            assert theirs[1] == away[2].reward
        assert theirs[3]
        with pytest.raises(NoEpisode):
            far.step(ACTIONS[0])


def test_vector_environment_equals_the_local_one() -> None:
    rows = np.array([ACTIONS[0], ACTIONS[1]])
    with serving(["wifi-edge"]) as server:
        far = gymnasium.make_vec(
            "tandem/Remote-v0",
            num_envs=2,
            scenario="wifi-edge",
            arguments=ARGUMENTS,
            server=server.address,
        )
        near = TandemVectorEnv("wifi-edge", ARGUMENTS, num_envs=2)
        assert isinstance(far, TandemVectorEnv)
        far.reset(seed=1)
        near.reset(seed=1)
        for _ in range(6):  # beyond the end of the episodes
            mine, theirs = near.step(rows), far.step(rows)
            for name in mine[0]:
                np.testing.assert_array_equal(mine[0][name], theirs[0][name])
            np.testing.assert_array_equal(mine[1], theirs[1])
        far.close()
        near.close()


def test_errors_are_those_of_a_local_simulator() -> None:
    with serving(["echo", "wifi-edge"]) as server:
        target = Target(server.address)
        with pytest.raises(ScenarioError, match="users"):
            RemoteSimulator("wifi-edge", {"users": -1}, target=target)
        crashing = RemoteSimulator("echo", {**ECHO, "crashAt": 1}, target=target)
        crashing.reset(7)
        with pytest.raises(InvalidAction, match="shape"):
            crashing.step([1.0])
        with pytest.raises(InvalidAction, match="nan"):
            crashing.step([1.0, np.nan])
        with pytest.raises(SimulatorDied, match="told to crash at epoch 1") as caught:
            crashing.step([1.0, 2.0])
        assert caught.value.exit_status == -signal.SIGABRT
        assert "--seed=7" in caught.value.command
        assert crashing.reset(8).decision == 0
        crashing.close()
        hanging = RemoteSimulator("echo", {**ECHO, "hangAt": 1}, target=target, step_timeout_s=0.3)
        hanging.reset(1)
        with pytest.raises(SimulatorTimeout, match=r"0\.3 s"):
            hanging.step([1.0, 2.0])
        hanging.close()


def test_an_action_in_a_network_buffer_is_read() -> None:
    """It may lie at any address; a local simulator has to take it as well."""
    unaligned = np.frombuffer(b"x" + np.array([3.0, 4.0]).tobytes(), "<f8", 2, 1)
    assert not unaligned.flags.aligned
    with Simulator("echo", ECHO) as simulator:
        simulator.reset(1)
        branches = simulator.branch([unaligned])
        np.testing.assert_array_equal(branches[0].observation["values"], [3.0, 4.0])
        np.testing.assert_array_equal(simulator.step(unaligned).observation["values"], [3.0, 4.0])


def test_a_client_that_vanishes_frees_its_simulator() -> None:
    code = (
        "import sys, time\n"
        "from tandem.bridge.backends.remote import RemoteSimulator, Target\n"
        "s = RemoteSimulator('echo', {'values': 1, 'epochs': 0, 'hangAt': 1},"
        " target=Target(sys.argv[1]))\n"
        "s.reset(1); print(s.pid, flush=True); s.step([1.0])\n"
    )
    with serving() as server:
        client = subprocess.Popen(
            [sys.executable, "-c", code, server.address], stdout=subprocess.PIPE, text=True
        )
        assert client.stdout is not None
        pid = int(client.stdout.readline())
        assert Path(f"/proc/{pid}").exists()
        client.kill()
        client.wait()
        client.stdout.close()
        assert wait_until(lambda: not Path(f"/proc/{pid}").exists(), FREED_S)
        assert wait_until(lambda: server.snapshot().simulators == 0, FREED_S)


def test_an_episode_goes_on_after_a_restart_of_the_server() -> None:
    address = free_address()
    with TandemEnv("wifi-edge", ARGUMENTS) as env:
        env.reset(seed=5)
        expected = [env.step(action)[4]["requests"].tobytes() for action in ACTIONS]
    server = ServerProcess(address, "--scenario", "wifi-edge")
    env = TandemEnv("wifi-edge", ARGUMENTS, backend=at(address))
    env.reset(seed=5)
    found = [env.step(action)[4]["requests"].tobytes() for action in ACTIONS[:2]]
    os.kill(server.pid, signal.SIGKILL)
    server.end()
    server = ServerProcess(address, "--scenario", "wifi-edge")
    try:
        found += [env.step(action)[4]["requests"].tobytes() for action in ACTIONS[2:]]
        env.close()
    finally:
        server.end()
    assert found == expected


def test_without_resume_a_lost_server_is_told() -> None:
    server = ServerProcess(free_address(), "--scenario", "echo")
    target = Target(server.address, resume_timeout_s=0.0)
    simulator = RemoteSimulator("echo", {**ECHO, "hangAt": 1}, target=target)
    simulator.reset(1)
    simulator.post([1.0, 1.0])
    server.process.kill()
    with pytest.raises(ConnectionLost, match="lost"):
        simulator.wait()
    simulator.close()
    server.end()
    with pytest.raises(ConnectionLost, match="tandem serve"):
        RemoteSimulator("echo", ECHO, target=Target(server.address, connect_timeout_s=0.2))


def test_a_socket_file_belongs_to_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "tandem.sock"
    with serving(access=Access(f"ipc://{path}", telemetry="")) as server:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        simulator = RemoteSimulator("echo", ECHO, target=Target(server.address))
        assert simulator.reset(1).decision == 0
        simulator.close()
    assert not path.exists()


def test_quotas_hold_and_end_with_the_simulator() -> None:
    with serving(simulators_per_client=1) as server:
        target = Target(server.address)
        first = RemoteSimulator("echo", ECHO, target=target)
        with pytest.raises(QuotaExceeded, match="close one first"):
            RemoteSimulator("echo", ECHO, target=target)
        first.close()
        RemoteSimulator("echo", ECHO, target=target).close()


def test_what_is_idle_for_too_long_is_freed() -> None:
    with serving(idle_timeout_s=0.2) as server:
        simulator = RemoteSimulator(
            "echo", ECHO, target=Target(server.address, resume_timeout_s=0.0)
        )
        simulator.reset(1)
        assert wait_until(lambda: server.snapshot().simulators == 0, FREED_S)
        with pytest.raises(ConnectionLost, match="idle"):
            simulator.step([1.0, 1.0])
        simulator.close()


def test_telemetry_counts_what_was_done() -> None:
    with (
        serving() as server,
        Watch(server.telemetry_address) as watch,
        TandemEnv("echo", ECHO, backend=at(server.address)) as env,
    ):
        env.reset(seed=1)
        for _ in range(5):
            env.step([0.0, 1.0])
        env.branch([[0.0, 1.0]] * 3)

        def counted() -> bool:
            state = watch.next(FREED_S)
            return state is not None and state.epochs == 8

        assert wait_until(counted, FREED_S)
        state = watch.next(FREED_S)
        assert state is not None
        assert state.requests == {"open": 1, "reset": 1, "step": 5, "branch": 1}
        assert [row.scenario for row in state.clients] == ["echo"]
        shown = tandem("top", "--once", server.telemetry_address)
        assert "simulators 1 of 8" in shown.stdout


def test_environment_classes_of_earlier_releases_warn() -> None:
    with serving(["echo"]) as server:
        with pytest.warns(DeprecationWarning, match="backends.deprecated"):
            from tandem.bridge.remote import RemoteEnv
        with pytest.warns(DeprecationWarning, match="RemoteBackend"):
            env = RemoteEnv("echo", values=2, epochs=0, server=server.address, heartbeat_s=1.0)
        env.reset(seed=1)
        assert env.step([1.0, 2.0])[0]["values"].tolist() == [1.0, 2.0]
        env.close()
        with pytest.raises(ValueError, match="run locally"):
            TandemEnv("echo", ECHO, backend=at(server.address), one_shot=True)
