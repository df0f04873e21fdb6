# SPDX-License-Identifier: MIT
"""Scenarios written for the Gym interface of ns3-ai and ns3-gym, on real ns-3."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest
from compat_builds import processes_in
from forks import errors_in_a_fork
from gymnasium.utils.env_checker import check_env

import tandem.compat.ns3ai
from tandem.agents.common.action_coding import UnfitActions
from tandem.agents.training.gym_world import GymWorld
from tandem.bridge.core.errors import (
    InvalidAction,
    NoEpisode,
    ScenarioNotFound,
    SimulatorDied,
    SimulatorTimeout,
)
from tandem.bridge.core.scenarios import package_root
from tandem.compat.ns3gym import ns3env

LEGACY = "ns3ai_gym_env/Ns3-v0"
STRICT = "tandem/OpenGym-v0"
START_LIMIT_S = 120.0


@pytest.fixture(autouse=True)
def _none_left(request: pytest.FixtureRequest) -> Iterator[None]:
    yield
    for name in ("echo", "port"):
        if name in request.fixturenames:
            assert not processes_in(request.getfixturevalue(name).parent)


def make(echo: Path, identifier: str = STRICT, **options: Any) -> Any:
    settings = options.pop("ns3Settings", {})
    options.setdefault("show_output", False)
    return gymnasium.make(identifier, targetName=str(echo), ns3Settings=settings, **options)


def action(scale: float = 1.0) -> dict[str, Any]:
    return {
        "gain": np.array([[0.1, 0.2], [0.3, 1 / 3]]) * scale,
        "level": np.array([0.1], np.float32),
        "pick": 3,
        "both": (np.array([-300, 0, 299], np.int16), 1),
    }


def test_every_space_arrives_with_its_shape_type_and_bounds(echo: Path) -> None:
    env = make(echo)
    spaces = env.action_space.spaces
    assert spaces["gain"].shape == (2, 2)
    assert spaces["gain"].dtype == np.float64
    assert spaces["level"].dtype == np.float32
    assert spaces["both"][0].dtype == np.int16
    assert spaces["pick"].n == 5
    grid = env.observation_space["grid"]
    assert grid.dtype == np.int64
    assert grid.low.tolist() == [[0, 1, 2], [3, 4, 5]]
    assert grid.high.tolist() == [[10, 11, 12], [13, 14, 15]]
    env.close()


def test_an_unchanged_scenario_is_a_world_that_agents_learn_in(echo: Path, port: Path) -> None:
    """`GymWorld` adds blocks by name, and nothing else."""
    env, same = make(port), make(port)
    world = GymWorld(env)
    (block,) = world.schema.observation
    assert block.shape == env.observation_space.shape
    first, _ = same.reset(seed=7)
    assert world.reset(7)[block.name].tolist() == first.tolist()
    for choice in (0, 3):
        seen, reward, terminated, truncated, _ = same.step(choice)
        feedback = world.step(np.array(choice))
        assert feedback.observation[block.name].tolist() == seen.tolist()
        assert (feedback.reward, feedback.over) == (reward, terminated or truncated)
    with make(echo) as unfit, pytest.raises(UnfitActions, match="Tuple"):
        GymWorld(unfit)
    env.close()
    same.close()


def test_values_arrive_unchanged_in_both_directions(echo: Path) -> None:
    env = make(echo)
    first, _ = env.reset(seed=1)
    assert first in env.observation_space
    assert first["grid"].tolist() == [[1, 2, 3], [4, 5, 6]]
    sent = action()
    seen, reward, terminated, truncated, info = env.step(sent)
    assert seen in env.observation_space
    np.testing.assert_array_equal(seen["gain"], sent["gain"])  # all 64 bits
    np.testing.assert_array_equal(seen["level"], sent["level"])
    np.testing.assert_array_equal(seen["both"][0], sent["both"][0])
    assert (seen["pick"], seen["both"][1]) == (3, 1)
    assert reward == pytest.approx(float(np.float32(1 / 3)))
    assert (terminated, truncated, info["info"]) == (False, False, "run=1")
    assert info["simulated_time_s"] == pytest.approx(0.1)
    env.close()


def test_actions_may_be_lists_tuples_and_other_types(echo: Path) -> None:
    env = make(echo)
    env.reset()
    sent = {
        "gain": [[1, 2], [3, 4]],
        "level": (0.25,),
        "pick": np.array([2]),
        "both": ([1, np.int64(-2), True], np.uint8(1)),
    }
    seen = env.step(sent)[0]
    assert seen["gain"].tolist() == [[1, 2], [3, 4]]
    assert seen["level"].tolist() == [0.25]
    assert seen["both"][0].tolist() == [1, -2, 1]
    assert (seen["pick"], seen["both"][1]) == (2, 1)
    seen = env.step({**sent, "gain": np.arange(4), "both": (np.arange(3), 0)})[0]
    assert seen["gain"].tolist() == [[0, 1], [2, 3]]  # the space's shape
    assert seen["both"][0].tolist() == [0, 1, 2]
    env.close()


def test_the_strict_environment_passes_gymnasiums_checker(echo: Path) -> None:
    env = make(echo, ns3Settings={"steps": 50})
    check_env(env.unwrapped, skip_render_check=True)
    env.close()


@pytest.mark.parametrize(
    ("identifier", "end", "flags"),
    [
        (STRICT, "time", (False, True)),
        (STRICT, "silent", (False, True)),
        (STRICT, "gameover", (True, False)),
        # scripts for ns3-ai wait for `terminated` whatever the end
        (LEGACY, "time", (True, True)),
        (LEGACY, "silent", (True, True)),
        (LEGACY, "gameover", (True, False)),
    ],
)
def test_truncation_is_told_from_termination(
    echo: Path, identifier: str, end: str, flags: tuple[bool, bool]
) -> None:
    env = make(echo, identifier, ns3Settings={"steps": 2, "end": end})
    env.reset()
    assert env.step(action())[2:4] == (False, False)
    assert env.step(action())[2:4] == flags
    with pytest.raises(NoEpisode, match="reset"):
        env.step(action())
    env.reset()
    assert env.step(action())[2:4] == (False, False)
    env.close()


def test_reset_keeps_the_settings_and_takes_the_seed(echo: Path) -> None:
    env = make(echo, ns3Settings={"steps": 2, "elements": 4})
    draws = []
    for seed in (7, 8, 7):
        seen, info = env.reset(seed=seed)
        assert (seen["many"].shape, info["info"]) == ((4,), f"run={seed}")
        draws.append(float(seen["draw"][0]))
    assert draws[0] == draws[2] != draws[1]
    assert env.reset()[1]["info"] == "run=8"  # without a seed it counts up
    env.close()


def test_the_seed_goes_into_the_scenarios_own_argument(echo: Path) -> None:
    env = make(echo, ns3Settings={"simSeed": 5})
    assert env.reset()[1]["info"] == "run=5"
    env.step(action())
    assert env.reset(seed=11)[1]["info"] == "run=11"
    env.close()


def test_environments_share_a_process_and_threads(echo: Path) -> None:
    with ThreadPoolExecutor(3) as pool:
        envs = list(pool.map(lambda _: make(echo, ns3Settings={"steps": 30}), range(3)))
    # the threads that started the simulators have ended, the simulators have not
    for scale, env in enumerate(envs):
        env.reset(seed=scale)
    for _ in range(20):
        for scale, env in enumerate(envs):
            seen = env.step(action(scale))[0]
            np.testing.assert_array_equal(seen["gain"], action(scale)["gain"])
    for env in envs:
        env.close()


def test_branches_leave_the_simulation_where_it_is(echo: Path) -> None:
    env = make(echo)
    env.reset(seed=3)
    env.step(action())
    outcomes = env.unwrapped.branch([action(2), action(5)])
    np.testing.assert_array_equal(outcomes[1][0]["gain"], action(5)["gain"])
    real = env.step(action(2))
    np.testing.assert_array_equal(outcomes[0][0]["draw"], real[0]["draw"])
    assert outcomes[0][1:] == real[1:]
    env.close()


def test_large_observations_need_no_setting(echo: Path) -> None:
    env = make(echo, ns3Settings={"elements": 1_000_000})
    assert env.reset()[0]["many"].nbytes == 8_000_000  # as float64
    env.close()


def test_too_large_an_observation_is_a_clear_error(echo: Path) -> None:
    with pytest.raises(SimulatorDied, match=r"does not fit the channel.*shmSize"):
        make(echo, ns3Settings={"elements": 17_000_000})
    env = make(echo, ns3Settings={"elements": 17_000_000}, shmSize=70_000_000)
    env.close()


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"both": (np.array([0, 0, 40_000]), 1)}, "int16.*-32768 to 32767"),
        ({"both": (np.array([0, 0, 0.5]), 1)}, "whole numbers"),
        ({"gain": "high"}, "expected numbers"),
        ({"both": ([0, 0, 40_000], 1)}, "int16.*-32768 to 32767"),
        ({"both": ([0, 0, 0.5], 1)}, "whole numbers"),
        ({"both": ([0, 0, 0],)}, "tuple of 2 actions, got 1"),
        ({"pick": 0.5}, "does not fit"),
    ],
)
def test_actions_that_do_not_fit_are_refused_and_the_step_can_be_repeated(
    echo: Path, changed: dict[str, Any], message: str
) -> None:
    env = make(echo)
    env.reset()
    with pytest.raises(InvalidAction, match=message):
        env.step({**action(), **changed})
    with pytest.raises(InvalidAction, match="no entry 'pick'"):
        env.step({key: value for key, value in action().items() if key != "pick"})
    assert env.step(action())[0]["pick"] == 3
    env.close()


def test_a_crash_raises_with_status_and_output(echo: Path) -> None:
    env = make(echo, ns3Settings={"steps": 2, "end": "crash"})
    env.reset()
    env.step(action())
    with pytest.raises(SimulatorDied, match=r"SIGABRT(.|\n)*crashes on purpose") as caught:
        env.step(action())
    assert caught.value.exit_status == -signal.SIGABRT
    env.reset()  # and a new one works
    env.step(action())
    env.close()


def test_a_program_that_fails_is_no_end(echo: Path) -> None:
    env = make(echo, ns3Settings={"steps": 1, "end": "failure"})
    env.reset()
    with pytest.raises(SimulatorDied, match="exit status 4"):
        env.step(action())
    env.close()


def test_a_wrong_setting_is_named_before_the_list_of_all(echo: Path) -> None:
    # more than twenty lines of usage follow it
    with pytest.raises(SimulatorDied, match="Invalid command-line argument: --nonesuch"):
        make(echo, ns3Settings={"nonesuch": 1})


def test_a_killed_simulator_raises(echo: Path) -> None:
    env = make(echo, ns3Settings={"steps": 10**6})
    env.reset()
    (pid,) = processes_in(echo.parent)
    os.kill(pid, signal.SIGKILL)
    with pytest.raises(SimulatorDied, match="SIGKILL"):
        env.step(action())
    env.close()


def test_a_forked_copy_can_use_nothing_and_harms_nothing(echo: Path) -> None:
    env = make(echo, ns3Settings={"steps": 4})
    env.reset()
    uses = [
        lambda: env.step(action()),
        lambda: env.unwrapped.branch([action()]),
        env.reset,
        lambda: env.reset(seed=3),
        env.close,
    ]
    errors = errors_in_a_fork(uses)
    assert len(errors) == len(uses)
    assert all(f"belongs to process {os.getpid()}, which made it" in error for error in errors)
    for _ in range(3):
        assert not env.step(action())[2]
    env.close()


def test_a_fork_keeps_no_copy_of_the_lifeline(echo: Path) -> None:
    script = (
        "import gymnasium, os, time, tandem.compat.ns3ai\n"
        f"env = gymnasium.make('{STRICT}', targetName='{echo}')\n"
        "env.reset()\n"
        "lifeline = env.unwrapped._session._launched._lifeline\n"
        "if os.fork() == 0:\n"
        "    os._exit(os.path.exists(f'/proc/self/fd/{lifeline}'))\n"
        "status = os.wait()[1]\n"
        "env.close()\n"
        "os._exit(status)\n"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


def test_a_stopped_simulator_times_out(echo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    env = make(echo, timeout_s=START_LIMIT_S)
    env.reset()
    # Starting has the same limit, and takes long on a busy machine.
    session = env.unwrapped._session
    assert session._timeout_s == START_LIMIT_S
    monkeypatch.setattr(session, "_timeout_s", 0.3)
    (pid,) = processes_in(echo.parent)
    os.kill(pid, signal.SIGSTOP)
    with pytest.raises(SimulatorTimeout, match=r"within 0\.3 s .*raise timeout_s"):
        env.step(action())
    env.close()


def test_a_killed_python_leaves_no_simulator(echo: Path) -> None:
    script = (
        "import gymnasium, os, tandem.compat.ns3ai\n"
        f"env = gymnasium.make('{STRICT}', targetName='{echo}')\n"
        "env.reset()\n"
        "os.kill(os.getpid(), 9)\n"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == -9
    while processes_in(echo.parent):
        time.sleep(0.01)


def test_what_was_not_built_is_named(echo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(echo.parent.parent)
    with pytest.raises(ScenarioNotFound, match=r"built are: gym_echo.*tandem build --compat"):
        gymnasium.make(LEGACY, targetName="another", ns3Path="../../")
    gymnasium.make(STRICT, targetName="gym_echo", ns3Path="../../").close()


def test_ns3gyms_environment_returns_what_it_always_did(
    port: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(port.parent.parent)  # the folder's name is the simulator's
    env = ns3env.Ns3Env(stepTime=0.1, simSeed=9, simArgs={"--simTime": 0.25})
    assert env.action_space.n == 4
    assert env.reset().tolist() == [0, 9]
    seen, reward, done, info = env.step(3)
    assert (seen.tolist(), seen.dtype, reward, done, info) == ([3, 9], np.int64, 0.0, False, {})
    env.step(1)
    assert env.step(2)[2]
    assert env.reset().tolist() == [0, 10]  # the next seed
    env.close()


def test_a_simulator_started_by_hand_finds_its_environment(port: Path) -> None:
    number = 5555 + os.getpid()
    other = ns3env.Ns3Env(simulator=port)  # a stranger in the same process is no obstacle
    with subprocess.Popen([port, f"--openGymPort={number}", "--simSeed=4"]) as simulator:
        env = ns3env.Ns3Env(port=number, startSim=False)
        assert env.reset().tolist() == [0, 4]
        assert env.step(2)[0].tolist() == [2, 4]
        while not env.step(1)[2]:
            pass
        # the next simulator waits until this episode is put away
        with subprocess.Popen([port, f"--openGymPort={number}", "--simSeed=6"]) as following:
            time.sleep(0.3)
            assert env.reset().tolist() == [0, 6]
            assert env.step(3)[0].tolist() == [3, 6]
            env.close()
            assert following.wait(10) == 0
        assert simulator.wait(10) == 0
    other.close()


def test_a_simulator_without_python_gives_up(port: Path) -> None:
    result = subprocess.run(
        [port, "--openGymPort=1"],
        env={**os.environ, "TANDEM_WAIT_S": "0.2"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 3
    assert "no Python program offers segment 'gym-1'" in result.stderr


def test_the_original_ids_are_registered_once() -> None:
    tandem.compat.ns3ai.register()
    assert {LEGACY, STRICT} <= set(gymnasium.registry)


def test_nothing_meets_a_real_ns3_ai_in_the_same_program(echo: Path) -> None:
    nm = shutil.which("nm")
    if nm is None:
        pytest.skip("no nm: install binutils")
    library = package_root() / "_cpp" / "libtandem-compat.a"
    command = [nm, "--defined-only", "--extern-only", "--format=posix", library]
    listing = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    symbols = [line.split()[0] for line in listing.splitlines() if " " in line]
    named = [symbol for symbol in symbols if "OpenGym" in symbol or "Ns3Ai" in symbol]
    assert len(named) > 100
    assert [symbol for symbol in named if "B6tandem" not in symbol] == []  # the ABI tag
    types = subprocess.run([echo, "--PrintTypeIds"], capture_output=True, text=True, check=False)
    ours = re.findall(r"\S*OpenGym\w*", types.stdout)
    assert len(ours) > 8
    assert [name for name in ours if not name.startswith("ns3::tandem::")] == []


def test_later_resets_start_from_the_folder_of_the_first(
    echo: Path, port: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(echo.parent.parent)
    env = make(Path("tandem-build/gym_echo"))
    monkeypatch.chdir("/")
    env.reset(seed=1)
    env.close()
    monkeypatch.chdir(port.parent.parent)
    old = ns3env.Ns3Env(stepTime=0.1, simSeed=9, simArgs={"--simTime": 0.25})
    old.step(1)
    monkeypatch.chdir("/")
    assert old.reset().tolist() == [0, 10]
    old.close()
