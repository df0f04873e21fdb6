# SPDX-License-Identifier: MIT
"""How an episode ends: by its limits, by the scenario, by ns-3 having nothing left to do."""

from __future__ import annotations

import subprocess

import numpy as np
import pytest

from tandem.bridge.core.backend import Backend
from tandem.bridge.core.env import TandemEnv
from tandem.bridge.core.errors import NoEpisode, ScenarioError, SimulatorDied
from tandem.bridge.core.parallel_env import TandemParallelEnv
from tandem.bridge.core.scenarios import scenario_executable
from tandem.bridge.core.simulator import Simulator
from tandem.bridge.core.vector import TandemVectorEnv

ECHO = {"values": 1, "epochs": 0}
#: What ends the episode at a decision: terminated, truncated.
ENDS = {
    "terminateAt": (True, False),
    "stopAt": (False, True),
    "drainAt": (False, True),
    "epochs": (False, True),
}


@pytest.mark.parametrize("end", ENDS)
def test_the_scenario_ends_the_episode(backend: Backend, end: str) -> None:
    with TandemEnv("echo", {**ECHO, "rows": 1, end: 2}, backend=backend) as env:
        for seed in (1, 2):
            env.reset(seed=seed)
            assert env.step([5.0])[2:4] == (False, False)
            (outcome,) = env.branch([[6.0]])
            assert (outcome.terminated, outcome.truncated) == ENDS[end]
            assert outcome.observation["values"].tolist() == [6.0]
            (outcome,) = env.branch([[7.0]], horizon=5)  # no further than that
            assert (outcome.terminated, outcome.truncated) == ENDS[end]
            observation, _, *flags, info = env.step([8.0])
            assert tuple(flags) == ENDS[end]
            assert observation["values"].tolist() == [8.0]
            assert info["decision"] == 1
            with pytest.raises(NoEpisode):
                env.step([9.0])


@pytest.mark.parametrize("end", ENDS)
def test_vector_environments_start_again(backend: Backend, end: str) -> None:
    envs = TandemVectorEnv("echo", {**ECHO, end: 2}, num_envs=2, backend=backend)
    envs.reset(seed=1)
    seen = [envs.step(np.full((2, 1), 1.0))[2:4] for _ in range(4)]
    envs.close()
    terminated, truncated = ENDS[end]
    expected = [(False, False), (terminated, truncated), (False, False), (False, False)]
    assert [(a.tolist(), b.tolist()) for a, b in seen] == [([a] * 2, [b] * 2) for a, b in expected]


def test_all_agents_end_together() -> None:
    env = TandemParallelEnv("echo", {**ECHO, "stopAt": 1})
    env.reset(seed=1)
    _, _, terminated, truncated, _ = env.step({"agent_0": [1.0]})
    env.close()
    assert (terminated, truncated, env.agents) == ({"agent_0": False}, {"agent_0": True}, [])


@pytest.mark.parametrize("end", ["terminateAt", "stopAt", "drainAt"])
def test_an_end_before_the_first_decision_is_an_error(backend: Backend, end: str) -> None:
    with (
        TandemEnv("echo", {**ECHO, end: 0}, backend=backend) as env,
        pytest.raises(ScenarioError, match="before the first decision"),
    ):
        env.reset(seed=1)


@pytest.mark.parametrize("status", [0, 7])
def test_leaving_the_process_is_no_end(status: int) -> None:
    with Simulator("echo", {**ECHO, "exitAt": 1, "exitStatus": status}) as simulator:
        simulator.reset(1)
        with pytest.raises(SimulatorDied, match=f"exit status {status}") as caught:
            simulator.step([1.0])
        assert ("return from main" in str(caught.value)) == (status == 0)


def test_simulated_time_can_be_limited() -> None:
    """One epoch of `hello` is 1 ms, the first decision comes at 0."""
    arguments = {"epochs": 0, "timeLimit": 0.0105}
    with TandemEnv("hello", arguments) as env:
        env.reset(seed=1)
        flags = [env.step([0])[2:4] for _ in range(10)]
        (outcome,) = env.branch([[0]])
        assert outcome.truncated
        flags.append(env.step([0])[2:4])
    assert flags == [(False, False)] * 10 + [(False, True)]
    alone = subprocess.run(
        [scenario_executable("hello"), "--epochs=0", "--timeLimit=0.0105"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "after 11 epochs" in alone.stdout


def test_a_time_limit_counts_from_the_start_of_the_episode_and_shows_its_end() -> None:
    """Not from that of the warm-up; the last observation is of the end, not of the decision."""
    arguments = {"users": 2, "epochs": 0, "timeLimit": 1.0, "epochGap": 0.05}
    with Simulator("wifi-edge", arguments) as simulator:
        times = []
        first = frame = simulator.reset(1)
        times.append(simulator._channel.slot_info(0)["simulated_time_s"])
        while frame.status == 1:
            before = frame
            frame = simulator.step([8, 9])
            times.append(simulator._channel.slot_info(0)["simulated_time_s"])
        again = simulator.reset(1)
    assert first.same_as(again)
    assert len(times) > 2
    assert times[-1] - times[0] <= 1.0
    assert times[-1] - times[0] > 1.0 - 0.1  # the first decision comes a little later
    assert not np.array_equal(frame.observation["users"], before.observation["users"])


def test_a_time_limit_changes_nothing_before_it() -> None:
    def play(limit_s: float) -> bytes:
        with Simulator("wifi-edge", {"users": 2, "timeLimit": limit_s}) as simulator:
            simulator.reset(1)
            return b"".join(simulator.step([8, 9]).records["requests"].tobytes() for _ in range(3))

    assert play(0) == play(100.0)
