# SPDX-License-Identifier: MIT
"""A forked copy of an agent's process: every use raises, nothing reaches the simulator.

Each program forks in the middle of an episode. The child tries everything, drops the objects and
ends as a program does, with its finalisers; the parent then plays on.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from forks import errors_in_a_fork
from remote_servers import serving, wait_until

from tandem.bridge.backends.remote import RemoteSimulator, Target
from tandem.bridge.remote.sockets import Access

HEAD = """
import gc, json, os, sys, warnings
import numpy as np
from tandem.bridge.core.env import TandemEnv
from tandem.bridge.core.errors import WrongProcess
from tandem.bridge.core.parallel_env import TandemParallelEnv
from tandem.bridge.core.simulator import Simulator
from tandem.bridge.core.vector import TandemVectorEnv
ECHO = dict(values=1, epochs=0)
"""
TAIL = """
def try_all():
    for name, use in USES.items():
        try:
            use()
            said = "nothing"
        except WrongProcess as error:
            said = str(error)
        print(json.dumps([name, said]), flush=True)

before = os.getpid()
child = os.fork()
if child == 0:
    try_all()
    USES = use = made = None
    gc.collect()
    sys.exit(0)
_, status = os.waitpid(child, 0)
print(json.dumps(["child", status]))
print(json.dumps(["parent", before]))
print(json.dumps(["next", go_on()]))
made.close()
"""
ENV_USES = """
USES = {
    "step": lambda: made.step([9.0]),
    "post": lambda: made.post([9.0]),
    "wait": lambda: made.wait(),
    "branch": lambda: made.branch([[9.0]]),
    "reset": lambda: made.reset(seed=7),
    "other arguments": lambda: made.reset(options={"arguments": {"values": 1, "epochs": 5}}),
    "observe": lambda: made.simulator.observe(),
    "records": lambda: made.simulator.take_records(),
    "begin": lambda: made.simulator.begin(3),
    "exchange": lambda: made.simulator.exchange([9.0]),
    "simulator": lambda: made.simulator.close(),
    "close": lambda: made.close(),
    "leave": lambda: made.__exit__(None, None, None),
}
def go_on():
    observation, _, _, _, info = made.step([2.0])
    return [float(observation["values"][0]), info["decision"], len(made.branch([[1.0]]))]
"""
ENV = """
made = TandemEnv("echo", **ECHO)
made.reset(seed=1)
made.step([1.0])
"""
REMOTE = """
from tandem.bridge.backends.remote import remote_env
made = remote_env("echo", server=sys.argv[1], **ECHO)
made.reset(seed=1)
made.step([1.0])
"""
VECTOR = """
made = TandemVectorEnv("echo", num_envs=2, **ECHO)
made.reset(seed=1)
made.step([[1.0], [1.0]])
USES = {
    "step": lambda: made.step([[9.0], [9.0]]),
    "reset": lambda: made.reset(seed=7),
    "one": lambda: made.envs[1].step([9.0]),
    "close": lambda: made.close(),
}
def go_on():
    observation, _, _, _, info = made.step([[2.0], [2.0]])
    return [float(observation["values"][0, 0]), int(info["decision"][1]), 1]
"""
PARALLEL = """
made = TandemParallelEnv("echo", **ECHO)
actions = lambda value: {agent: np.array([value]) for agent in made.possible_agents}
made.reset(seed=1)
made.step(actions(1.0))
USES = {
    "step": lambda: made.step(actions(9.0)),
    "reset": lambda: made.reset(seed=7),
    "close": lambda: made.close(),
}
def go_on():
    observation, _, _, _, info = made.step(actions(2.0))
    (agent,) = made.agents
    return [float(made.state()[0]), info[agent]["decision"], 1]
"""

WARNINGS = ("-W", "error", "-W", "ignore:Unclosed socket:ResourceWarning")


def play(program: str, *arguments: str) -> dict[str, Any]:
    """What a program printed, by name."""
    done = subprocess.run(
        # pyzmq takes a parent's sockets in a child for ones that somebody forgot to close
        [sys.executable, *WARNINGS, "-c", program, *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert not done.stderr  # neither side has anything to complain about
    return dict(json.loads(line) for line in done.stdout.splitlines())


def check(said: dict[str, Any]) -> None:
    """Every use in the child was refused, and the parent's episode went on undisturbed."""
    assert said.pop("child") == 0
    assert said.pop("next") == [2.0, 1, 1]
    parent = said.pop("parent")
    assert said
    for name, error in said.items():
        assert f"belongs to process {parent}, which made it" in error, name


@pytest.mark.parametrize(
    "program",
    [ENV + ENV_USES, VECTOR, PARALLEL],
    ids=["environment", "vector", "parallel"],
)
def test_a_forked_child_can_use_nothing_and_harms_nothing(program: str) -> None:
    check(play(HEAD + program + TAIL))


def test_a_forked_child_cannot_use_its_parents_connection() -> None:
    with serving(["echo"]) as server:
        check(play(HEAD + REMOTE + ENV_USES + TAIL, server.address))


def test_a_forked_child_can_neither_serve_nor_end_its_parents_server(tmp_path: Path) -> None:
    path = tmp_path / "tandem.sock"
    with serving(["echo"], Access(f"ipc://{path}", telemetry="")) as server:
        simulator = RemoteSimulator("echo", {"values": 1}, target=Target(server.address))
        errors = errors_in_a_fork([server.run, server.close])
        assert len(errors) == 2
        assert all(f"belongs to process {os.getpid()}, which made it" in text for text in errors)
        assert path.exists()
        assert simulator.reset(1).decision == 0
        simulator.close()


def test_a_worker_of_multiprocessing_is_refused_and_makes_its_own() -> None:
    program = """
import multiprocessing

def work(queue):
    try:
        env.step([9.0])
    except WrongProcess as error:
        queue.put(str(error))
    with TandemEnv("echo", **ECHO) as own:
        own.reset(seed=1)
        queue.put(float(own.step([5.0])[0]["values"][0]))

env = TandemEnv("echo", **ECHO)
env.reset(seed=1)
context = multiprocessing.get_context("fork")
queue = context.Queue()
worker = context.Process(target=work, args=(queue,))
worker.start()
refused, value = queue.get(), queue.get()
worker.join()
assert "with multiprocessing in the worker's own function" in refused
assert value == 5.0
assert env.step([2.0])[4]["decision"] == 0
env.close()
print(json.dumps(["exit", worker.exitcode]))
"""
    assert play(HEAD + program) == {"exit": 0}


def test_a_forked_child_keeps_neither_the_simulator_nor_its_descriptors() -> None:
    program = """
import signal
env = TandemEnv("echo", **ECHO)
env.reset(seed=1)
descriptor = env.simulator._process._socket.fileno()
ready, tell = os.pipe()
child = os.fork()
if child == 0:
    os.write(tell, b"1" if os.path.exists(f"/proc/self/fd/{descriptor}") else b"0")
    signal.pause()
print(json.dumps(["open", os.read(ready, 1).decode()]))
pids = [env.simulator.pid, env.simulator.episode_pid]
env.close()
print(json.dumps(["gone", [not os.path.exists(f"/proc/{pid}") for pid in pids]]))
os.kill(child, 9)
os.waitpid(child, 0)
"""
    assert play(HEAD + program) == {"open": "0", "gone": [True, True]}


def test_a_living_fork_keeps_no_simulator_of_a_killed_parent(tmp_path: Path) -> None:
    program = f"""
env = TandemEnv("echo", hangAt=1, **ECHO)
env.reset(seed=1)
env.post([1.0])  # and the simulator computes for ever
child = os.fork()
if child == 0:
    import time
    time.sleep(60)
open({str(tmp_path / "pids")!r}, "w").write(f"{{child}} {{env.simulator.pid}}")
os.kill(os.getpid(), 9)
"""
    done = subprocess.run([sys.executable, "-c", HEAD + program], check=False)
    assert done.returncode == -signal.SIGKILL
    child, simulator = map(int, (tmp_path / "pids").read_text().split())
    try:
        assert wait_until(lambda: not Path(f"/proc/{simulator}").exists(), 5.0)
        assert Path(f"/proc/{child}").exists()
    finally:
        os.kill(child, signal.SIGKILL)


def test_a_forked_child_does_not_write_its_parents_run(tmp_path: Path) -> None:
    program = """
from pathlib import Path
from tandem.bridge.runs.writer import RunWriter
env = TandemEnv("echo", **ECHO)
made = RunWriter(Path(sys.argv[1]), schema=env.schema, config={})
made.__enter__()
observation, info = env.reset(seed=1)
made.begin_episode(0, 1, observation)
def add():
    made.add(np.array([1.0]), observation, 0.0, False, False, {})
add()
USES = {"add": add, "leave": lambda: made.__exit__(None, None, None)}
made.close = env.close
def go_on():
    add()
    made.__exit__(None, None, None)
    return [2.0, made.decisions - 1, 1]
"""
    check(play(HEAD + program + TAIL, str(tmp_path)))
    assert json.loads((tmp_path / "metadata.json").read_text())["status"] == "complete"


def test_a_fork_does_not_keep_a_dead_run_locked(tmp_path: Path) -> None:
    program = """
import signal, time
from pathlib import Path
from tandem.bridge.runs.journal import Journal
journal = Journal(Path(sys.argv[1]))
child = os.fork()
if child == 0:
    time.sleep(60)
print(json.dumps(["child", child]), flush=True)
os.kill(os.getpid(), 9)
"""
    done = subprocess.Popen(
        [sys.executable, "-c", HEAD + program, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert done.stdout is not None
    child = json.loads(done.stdout.readline())[1]
    try:
        done.wait(30)
        from tandem.bridge.runs.journal import Journal

        deadline_s = time.monotonic() + 5.0
        while True:
            try:
                Journal(tmp_path).close(delete=True)
                break
            except Exception:
                assert time.monotonic() < deadline_s
                time.sleep(0.01)
    finally:
        os.kill(child, signal.SIGKILL)
        done.stdout.close()
