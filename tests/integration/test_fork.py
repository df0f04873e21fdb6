# SPDX-License-Identifier: MIT
"""A fork of an environment: complete, with the same future, and of no concern to the original."""

from __future__ import annotations

import itertools
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from remote_servers import children, serving, wait_until

from tandem.bridge.backends.remote import RemoteBackend, Target
from tandem.bridge.core.env import TandemEnv
from tandem.bridge.core.errors import NoEpisode, SimulatorDied, TandemError
from tandem.bridge.core.objective import EpochResult
from tandem.bridge.core.pool import SimulatorPool
from tandem.bridge.core.simulator import Simulator
from tandem.bridge.core.vector import TandemVectorEnv
from tandem.scripts.app.common.toolchain import compile_scenario

WIFI = {"users": 2, "epochs": 0}
ECHO = {"values": 1, "epochs": 0}
PLAN = [[8, 9], [0, 9], [9, 9], [9, 0]]
LIMIT_S = 5.0
FIRST_WIFI = Path(__file__).parents[2] / "docs" / "examples" / "first_wifi" / "first_wifi.cc"


def play(env: TandemEnv, actions: list[Any]) -> list[tuple[bytes, float, bytes, int]]:
    results = []
    for action in actions:
        observation, reward, _, _, info = env.step(action)
        seen = b"".join(block.tobytes() for block in observation.values())
        results.append((seen, reward, info["requests"].tobytes(), info["decision"]))
    return results


def processes_of(env: TandemEnv) -> list[int]:
    return [env.simulator.pid, env.simulator.episode_pid]


def gone(pids: list[int]) -> Callable[[], bool]:
    """Ended; who has adopted them may not have looked yet."""

    def look() -> bool:
        for pid in pids:
            try:
                state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
            except OSError:
                continue
            if state not in "ZX":
                return False
        return True

    return look


@pytest.mark.parametrize("scenario", ["wifi-edge", "lte-edge", "hetnet"])
def test_original_fork_and_branch_go_the_same_way(scenario: str) -> None:
    with TandemEnv(scenario, WIFI) as env:
        env.reset(seed=2)
        env.step([9, 9])
        (outcome,) = env.branch([PLAN])
        with env.fork() as fork:
            assert fork.decision == env.decision == 1
            theirs = play(fork, PLAN)
            (then,) = fork.branch([PLAN])
            ours = play(env, PLAN)
            assert ours == theirs
            assert outcome.rewards == tuple(result[1] for result in ours)
            assert then.rewards == tuple(result[1] for result in play(env, PLAN))
            assert then.rewards == tuple(result[1] for result in play(fork, PLAN))


def test_a_fork_branches_like_the_original() -> None:
    with TandemEnv("wifi-edge", WIFI) as env:
        env.reset(seed=2)
        with env.fork() as fork:
            for future in (0, 1):
                ours, theirs = (e.branch([PLAN], future=future)[0] for e in (env, fork))
                assert ours.rewards == theirs.rewards
                assert ours.records["requests"].tobytes() == theirs.records["requests"].tobytes()


def test_a_fork_into_another_future_meets_that_one() -> None:
    with TandemEnv("wifi-edge", WIFI) as env:
        env.reset(seed=2)
        expected = env.branch([PLAN], future=3)[0].rewards
        with env.fork(future=3) as fork:
            (first,) = fork.branch([PLAN])  # before the first step
            assert first.rewards == expected
            assert tuple(r[1] for r in play(fork, PLAN)) == expected
        assert tuple(r[1] for r in play(env, PLAN)) != expected


def test_forks_of_forks_and_closing_in_any_order() -> None:
    with TandemEnv("wifi-edge", WIFI) as env:
        env.reset(seed=2)
        expected = play(env, PLAN)
    for order in itertools.permutations(range(3)):
        env = TandemEnv("wifi-edge", WIFI)
        env.reset(seed=2)
        steps = play(env, PLAN[:1])
        fork = env.fork()
        steps += play(fork, PLAN[1:2])
        grandchild = fork.fork()
        steps += play(grandchild, PLAN[2:])
        assert steps == expected
        family = [env, fork, grandchild]
        pids = {number: processes_of(member) for number, member in enumerate(family)}
        for place, number in enumerate(order):
            family[number].close()
            assert wait_until(gone(pids[number]), LIMIT_S)
            for other in order[place + 1 :]:
                play(family[other], [[8, 8]])
        assert wait_until(gone([pid for some in pids.values() for pid in some]), LIMIT_S)


@pytest.mark.parametrize("victim", ["its zygote", "its episode"])
def test_a_killed_fork_is_told_and_leaves_the_original_stepping(victim: str) -> None:
    with TandemEnv("wifi-edge", WIFI) as env:
        env.reset(seed=2)
        expected = env.branch([PLAN])[0].rewards
        with env.fork() as fork:
            os.kill(processes_of(fork)[victim == "its episode"], signal.SIGKILL)
            with pytest.raises(SimulatorDied):
                play(fork, PLAN * 100)
            assert tuple(result[1] for result in play(env, PLAN)) == expected
            assert len(env.branch([[8, 9]])) == 1
            with env.fork() as other:
                play(other, PLAN)


def test_a_fork_that_crashes_says_how_to_bring_it_about_again() -> None:
    with TandemEnv("echo", {**ECHO, "crashAt": 3}) as env:
        env.reset(seed=1)
        env.step([0.5])
        with env.fork() as fork:
            fork.step([1.5])
            with pytest.raises(SimulatorDied, match="told to crash at epoch 3") as caught:
                fork.step([2.5])
            assert caught.value.exit_status == -signal.SIGABRT
        assert env.step([1.0])[4]["decision"] == 1
    (option,) = (word for word in caught.value.command if word.startswith("--actions="))
    lines = Path(option.removeprefix("--actions=")).read_text().splitlines()
    assert [line for line in lines if not line.startswith("#")] == ["0.5", "1.5", "2.5"]


@pytest.mark.parametrize("arguments", [{}, {"warmupSeed": 1}], ids=["kept warm-ups", "one"])
@pytest.mark.parametrize("victim", ["everything", "episode"])
def test_a_fork_outlives_the_original(arguments: dict[str, int], victim: str) -> None:
    env = TandemEnv("wifi-edge", {**WIFI, **arguments})
    env.reset(seed=2)
    expected = env.branch([PLAN])[0].rewards
    fork = env.fork()
    if victim == "episode":
        os.kill(env.simulator.episode_pid, signal.SIGKILL)
        with pytest.raises(SimulatorDied):
            env.step([8, 9])
        env.reset(seed=4)
    else:
        os.killpg(env.simulator.pid, signal.SIGKILL)
    env.close()
    assert tuple(result[1] for result in play(fork, PLAN)) == expected
    pids = processes_of(fork)
    fork.close()
    assert wait_until(gone(pids), LIMIT_S)


def test_a_reset_of_the_original_does_not_wait_for_forks() -> None:
    with TandemEnv("wifi-edge", WIFI) as env:
        env.reset(seed=2)
        with env.fork() as fork:
            for seed in (2, 3, 2, 2):
                env.reset(seed=seed)
            assert play(env, PLAN) == play(fork, PLAN)


def test_a_reset_of_a_fork_is_that_of_a_new_environment() -> None:
    with TandemEnv("wifi-edge", WIFI) as env:
        env.reset(seed=2)
        with env.fork() as fork:
            pids = processes_of(fork)
            fork.reset(seed=7)
            assert wait_until(gone(pids), LIMIT_S)
            env.reset(seed=7)
            assert play(env, PLAN) == play(fork, PLAN)


def test_without_seeds_both_go_on_with_the_same_ones() -> None:
    with TandemEnv("echo", ECHO) as env:
        env.reset(seed=5)
        env.action_space.seed(3)
        with env.fork() as fork:
            assert fork.reset()[1]["seed"] == env.reset()[1]["seed"]
            assert fork.action_space.sample() == env.action_space.sample()


def test_the_memory_of_an_objective_is_copied() -> None:
    class Count:
        def __init__(self) -> None:
            self.epochs = 0

        def reset(self) -> None:
            self.epochs = 0

        def __call__(self, result: EpochResult) -> float:
            self.epochs += 1
            return float(self.epochs)

    with TandemEnv("echo", ECHO, objective=Count()) as env:
        env.reset(seed=1)
        env.step([1.0])
        with env.fork() as fork:
            assert [fork.step([1.0])[1] for _ in range(3)] == [2.0, 3.0, 4.0]
            assert env.step([1.0])[1] == 2.0


def test_there_is_nothing_to_fork_without_an_episode() -> None:
    with TandemEnv("echo", {"values": 1, "epochs": 1}) as env:
        with pytest.raises(NoEpisode):
            env.fork()
        env.reset(seed=1)
        env.step([1.0])
        with pytest.raises(NoEpisode):
            env.fork()
    with Simulator("echo", ECHO) as simulator:
        simulator.reset(1)
        simulator.post([1.0])
        with pytest.raises(NoEpisode, match="still under way"):
            simulator.fork()
        simulator.wait()
        with pytest.raises(ValueError, match="one future only"):
            simulator.fork(future=1)


@pytest.fixture(scope="module")
def per_episode(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A scenario whose trace files are opened when an episode begins."""
    executable = tmp_path_factory.mktemp("per episode") / "first_wifi"
    compile_scenario([FIRST_WIFI], executable, [])
    return executable


@pytest.mark.parametrize("kind", ["one process", "per episode"])
def test_trace_files_are_the_originals(
    tmp_path: Path, kind: str, request: pytest.FixtureRequest
) -> None:
    one_shot = kind == "one process"
    scenario = "wifi-edge" if one_shot else request.getfixturevalue("per_episode")
    written = []
    for name in ("alone", "forked"):
        folder = tmp_path / name
        folder.mkdir()
        files = {"flowmon": str(folder / "flows.xml"), "pcap": str(folder / "trace")}
        with TandemEnv(scenario, {"epochs": 4, **files}, one_shot=one_shot) as env:
            env.action_space.seed(5)
            env.reset(seed=2)
            env.step(env.action_space.sample())
            forks = [env.fork() for _ in range(2 if name == "forked" else 0)]
            for member in [*forks[:1], env, *forks[1:]]:  # one ends before, one after
                member.action_space.seed(7 if member is env else 8)
                for _ in range(3):
                    truncated = member.step(member.action_space.sample())[3]
                assert truncated
            for fork in forks:
                fork.close()
        written.append({path.name: path.read_bytes() for path in folder.iterdir()})
    assert any(name.endswith(".pcap") for name in written[0])
    assert max(len(data) for name, data in written[0].items() if name.startswith("flows")) > 1000
    assert written[0] == written[1]


def test_a_fork_of_a_pooled_simulator_does_not_go_back() -> None:
    with SimulatorPool() as pool:
        for _ in range(2):
            with TandemEnv("wifi-edge", WIFI, backend=pool) as env:
                env.reset(seed=2)
                fork = env.fork()
            assert play(fork, PLAN[:1])
            pids = processes_of(fork)
            fork.close()
            assert wait_until(gone(pids), LIMIT_S)
        assert (pool.started, pool.reused) == (1, 1)


def test_vectors_and_agents_fork_alike() -> None:
    envs = TandemVectorEnv("wifi-edge", WIFI, num_envs=2, seed=1)
    envs.reset()
    fork = envs.fork()
    ours, theirs = ([e.step([[8, 9], action]) for action in PLAN[:2]] for e in (envs, fork))
    for mine, other in zip(ours, theirs, strict=True):
        assert np.array_equal(mine[1], other[1])
        assert mine[0]["users"].tobytes() == other[0]["users"].tobytes()
    envs.close()
    fork.step([[8, 9], [8, 9]])
    fork.close()
    pytest.importorskip("pettingzoo", reason="PettingZoo is not installed")
    from tandem.bridge.core.parallel_env import TandemParallelEnv

    agents = TandemParallelEnv("wifi-edge", WIFI)
    agents.reset(seed=1)
    twin = agents.fork()
    actions = dict(zip(agents.agents, [8, 9], strict=True))
    assert agents.step(actions)[1] == twin.step(actions)[1]
    agents.close()
    assert twin.agents
    twin.close()


def test_elsewhere_a_fork_is_a_replay() -> None:
    with serving(["wifi-edge"]) as server:
        backend = RemoteBackend(Target(server.address, connect_timeout_s=10.0))
        with TandemEnv("wifi-edge", WIFI, backend=backend) as env:
            env.reset(seed=2)
            env.step([8, 9])
            with env.fork() as fork:
                assert play(fork, PLAN) == play(env, PLAN)
                with pytest.raises(ValueError, match="elsewhere"):
                    env.fork(future=1)
                assert fork.reset(seed=3)[1]["seed"] == 3


def test_many_forks_leave_nothing_behind() -> None:
    def held() -> list[int]:
        return [len(list(Path("/proc/self", kind).iterdir())) for kind in ("fd", "task")]

    with TandemEnv("echo", ECHO) as env:
        env.reset(seed=1)
        env.fork().close()
        before = held()
        pids = []
        for number in range(20):
            fork = env.fork()
            pids += processes_of(fork)
            fork.step([float(number)])
            if number % 2:
                fork.close()
            else:
                del fork  # collected
            env.step([1.0])
        assert wait_until(gone(pids), LIMIT_S)
        assert held() == before
        env.branch([[1.0]])
        assert len(children(env.simulator.episode_pid)) <= 1


def test_what_python_leaves_alive_ends_with_it() -> None:
    program = """
import os, sys
from tandem.bridge.core.env import TandemEnv
env = TandemEnv("echo", values=1, epochs=0, hangAt=2)
env.reset(seed=1)
fork = env.fork()
fork.step([1.0])
fork.post([1.0])  # and it computes for ever
print(env.simulator.pid, env.simulator.episode_pid, fork.simulator.pid, fork.simulator.episode_pid)
sys.stdout.flush()
os.kill(os.getpid(), 9)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    pids = [int(word) for word in done.stdout.split()]
    assert len(pids) == 4, done.stderr
    assert wait_until(gone(pids), LIMIT_S)


def test_no_descriptor_for_a_fork_is_told_and_harms_nothing() -> None:
    def opened() -> list[int]:
        return sorted(int(path.name) for path in Path("/proc/self/fd").iterdir())

    with TandemEnv("echo", ECHO) as env:
        env.reset(seed=1)
        env.fork().close()
        before = opened()
        limit = resource.getrlimit(resource.RLIMIT_NOFILE)
        refusals: list[TandemError] = []
        while True:
            resource.setrlimit(resource.RLIMIT_NOFILE, (len(refusals) + 1, limit[1]))
            try:
                env.fork().close()
                break
            except TandemError as error:
                refusals.append(error)
            finally:
                resource.setrlimit(resource.RLIMIT_NOFILE, limit)
        assert refusals
        assert all("ulimit -n" in str(error) for error in refusals)
        assert opened() == before
        assert env.step([1.0])[4]["decision"] == 0
