# SPDX-License-Identifier: MIT
"""The Gymnasium environments on real ns-3."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

import tandem  # noqa: F401  (registers the environments)
from tandem.agents.inference.objective import InferenceResult, PaperObjective
from tandem.agents.inference.request_table import COMPONENTS, TABLE
from tandem.bridge.core.env import TandemEnv
from tandem.bridge.core.errors import InvalidSeed, NoEpisode
from tandem.bridge.core.objective import EpochResult
from tandem.bridge.core.scenarios import installed_scenarios
from tandem.bridge.core.vector import TandemVectorEnv

INFERENCE = ("tandem/WifiEdge-v0", "tandem/LteEdge-v0", "tandem/HetNet-v0")
SCENARIOS = ("wifi-edge", "lte-edge", "hetnet")
USERS = 3
EPOCHS = 4


@pytest.fixture
def wifi() -> Iterator[TandemEnv]:
    """A small WiFi cell whose every user can transmit."""
    with TandemEnv("wifi-edge", users=USERS, epochs=EPOCHS) as env:
        yield env


def mixed_action(env: TandemEnv) -> np.ndarray[Any, Any]:
    """Edge and cloud in turns: every user transmits."""
    return np.array([8 + user % 2 for user in range(env.action_space.shape[0])], dtype=np.int32)


def assert_same(left: dict[str, Any], right: dict[str, Any]) -> None:
    assert left.keys() == right.keys()
    for name, block in left.items():
        assert np.array_equal(block, right[name]), name


@pytest.mark.parametrize("identifier", INFERENCE)
@pytest.mark.filterwarnings("error")
def test_check_env(identifier: str) -> None:
    with gymnasium.make(identifier, users=2, epochs=10, seed=1) as env:
        check_env(env.unwrapped)


@pytest.mark.parametrize("scenario", installed_scenarios())
def test_every_shipped_scenario_passes_the_checker(scenario: str) -> None:
    # A second of saturated WiFi takes a second to simulate: a tenth of it is an epoch as well.
    short = {"saturation": {"settle": 0.05, "duration": 0.1}}
    arguments = {"users": 2} if scenario in SCENARIOS else short.get(scenario, {})
    with TandemEnv(scenario, arguments, epochs=EPOCHS) as env:
        for space in (env.action_space, *env.observation_space.spaces.values()):
            assert space.sample() in space
        check_env(env, skip_render_check=True)


@pytest.mark.parametrize("seed", [True, np.True_, 1.5, "1", -1, 2**64])
def test_seeds_that_are_none_are_refused_and_nothing_is_disturbed(seed: Any) -> None:
    with TandemEnv("echo", values=1) as env:
        env.reset(seed=4)
        with pytest.raises(InvalidSeed, match="seed is"):
            env.reset(seed=seed)
        assert env.step([1.0])[0]["values"] == [1.0]
        assert env.reset(seed=np.int64(5))[1]["seed"] == 5
    envs = TandemVectorEnv("echo", num_envs=2, values=1)
    with closing(envs), pytest.raises(InvalidSeed):
        envs.reset(seed=seed if not isinstance(seed, str | float) else [seed, seed])


def test_check_env_of_the_template() -> None:
    with gymnasium.make("tandem/Hello-v0", epochs=50) as env:
        check_env(env.unwrapped)


def test_custom_takes_any_scenario() -> None:
    with gymnasium.make("tandem/Custom-v0", scenario="hello", queues=7) as env:
        assert env.observation_space["backlog"].shape == (7,)  # type: ignore[index]
        env.reset(seed=1)
        env.step(env.action_space.sample())


def test_spaces_come_from_the_schema(wifi: TandemEnv) -> None:
    schema = wifi.schema
    assert set(wifi.observation_space) == {block.name for block in schema.observation}
    assert wifi.action_space.shape == (USERS,)
    observation, _ = wifi.reset(seed=1)
    assert observation in wifi.observation_space


def test_episode_is_truncated_at_its_last_epoch(wifi: TandemEnv) -> None:
    wifi.reset(seed=1)
    for decision in range(EPOCHS):
        _, reward, terminated, truncated, info = wifi.step(mixed_action(wifi))
        assert info["decision"] == decision
        assert set(info[TABLE]["decision"]) == {decision}
        assert reward < 0.0
        assert not terminated
        assert truncated == (decision == EPOCHS - 1)
    with pytest.raises(NoEpisode):
        wifi.step(mixed_action(wifi))
    with pytest.raises(NoEpisode):
        wifi.branch([mixed_action(wifi)])


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_components_add_up_to_the_response_time(scenario: str) -> None:
    with TandemEnv(scenario, users=USERS, epochs=3) as env:
        env.reset(seed=2)
        env.action_space.seed(2)
        for _ in range(3):
            requests = env.step(env.action_space.sample())[-1][TABLE]
            assert len(requests) == USERS
            total_s = sum(requests[name] for name in COMPONENTS)
            assert np.allclose(total_s, requests["response_time_s"], rtol=0.0, atol=1e-9)
            for name in COMPONENTS:
                assert (requests[name] >= 0.0).all(), name


def test_reward_is_the_objective_of_the_requests(wifi: TandemEnv) -> None:
    wifi.reset(seed=3)
    _, reward, _, _, info = wifi.step(mixed_action(wifi))
    response_s = info[TABLE]["response_time_s"]
    assert info["cost"]["finished"] == USERS
    assert info["cost"]["mean_response_time_s"] == pytest.approx(response_s.mean())
    assert reward == pytest.approx(-response_s.mean())  # d0 everywhere: accurate


def test_objective_is_pluggable(wifi: TandemEnv) -> None:
    seen: list[EpochResult] = []

    def mine(result: EpochResult) -> float:
        seen.append(result)
        return 42.0

    before = wifi.objective
    wifi.objective = mine
    try:
        wifi.reset(seed=1)
        assert wifi.step(mixed_action(wifi))[1] == 42.0
    finally:
        wifi.objective = before
    assert isinstance(seen[0], InferenceResult)
    assert seen[0].users == USERS
    assert seen[0].decision == 0
    assert seen[0].requests.tobytes() == seen[0].records[TABLE].tobytes()
    with pytest.warns(DeprecationWarning, match="decision"):
        assert seen[0].epoch == 1
    assert isinstance(wifi.objective, PaperObjective)


# Seeds


def play(env: TandemEnv, seed: int | None) -> tuple[int, list[Any]]:
    _, info = env.reset(seed=seed)
    steps = [env.step(mixed_action(env)) for _ in range(EPOCHS)]
    return info["seed"], steps


def test_same_seed_gives_the_same_episode(wifi: TandemEnv) -> None:
    _, first = play(wifi, 7)
    _, other = play(wifi, 8)
    _, again = play(wifi, 7)
    for left, right in zip(first, again, strict=True):
        assert_same(left[0], right[0])
        assert left[1] == right[1]
        assert left[4][TABLE].tobytes() == right[4][TABLE].tobytes()
    assert any(
        left[4][TABLE].tobytes() != right[4][TABLE].tobytes()
        for left, right in zip(first, other, strict=True)
    )


def test_resets_without_seed_differ_and_are_reproducible(wifi: TandemEnv) -> None:
    def seeds() -> list[int]:
        return [wifi.reset(seed=5)[1]["seed"]] + [wifi.reset()[1]["seed"] for _ in range(3)]

    drawn = seeds()
    assert drawn[0] == 5
    assert len(set(drawn)) == 4
    assert seeds() == drawn


def test_seed_of_the_constructor_is_used_once() -> None:
    with TandemEnv("hello", seed=11) as env:
        assert env.reset()[1]["seed"] == 11
        assert env.reset()[1]["seed"] != 11


def test_negative_seed_is_refused(wifi: TandemEnv) -> None:
    with pytest.raises(InvalidSeed, match="-1"):
        wifi.reset(seed=-1)


# Options of reset


def test_reset_changes_arguments() -> None:
    with TandemEnv("hello", queues=3, arrival=0.0) as env:
        env.reset(seed=1)
        pid = env.simulator.pid
        observation, _ = env.reset(seed=1, options={"arguments": {"arrival": 1.0}})
        assert observation["backlog"].tolist() == [1.0, 1.0, 1.0]
        assert env.arguments == {"queues": 3, "arrival": 1.0}
        assert env.simulator.pid != pid
        same = env.simulator.pid
        env.reset(seed=1, options={"arguments": {"arrival": 1.0}})
        assert env.simulator.pid == same


def test_bad_reset_options_are_named() -> None:
    with TandemEnv("hello", queues=3) as env:
        with pytest.raises(ValueError, match="'arrival' is unknown: one of arguments"):
            env.reset(options={"arrival": 1.0})
        with pytest.raises(ValueError, match="new environment"):
            env.reset(options={"arguments": {"queues": 4}})
        env.reset(seed=1)
        env.step([0])


# Branching


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_branch_equals_the_step_that_follows(scenario: str) -> None:
    with TandemEnv(scenario, users=USERS, epochs=EPOCHS) as env:
        env.reset(seed=4)
        env.step(mixed_action(env))
        actions = [np.full(USERS, option, dtype=np.int32) for option in (0, 8, 9)]
        outcomes = env.branch(actions)
        again = env.branch(actions[1:2])[0]
        observation, reward, terminated, truncated, info = env.step(actions[1])
    for outcome in (outcomes[1], again):
        assert_same(outcome.observation, observation)
        assert (outcome.reward, outcome.terminated, outcome.truncated) == (
            reward,
            terminated,
            truncated,
        )
        assert outcome.records[TABLE].tobytes() == info[TABLE].tobytes()
        assert outcome.info["cost"] == info["cost"]
        assert outcome.info["decision"] == info["decision"] == 1
    assert len({outcome.reward for outcome in outcomes}) == len(outcomes)


def test_branch_with_a_horizon_equals_repeated_steps(wifi: TandemEnv) -> None:
    wifi.reset(seed=6)
    action = mixed_action(wifi)
    (outcome,) = wifi.branch([action], horizon=2)
    steps = [wifi.step(action) for _ in range(2)]
    assert_same(outcome.observation, steps[-1][0])
    rows = np.concatenate([step[4][TABLE] for step in steps])
    assert outcome.records[TABLE].tobytes() == rows.tobytes()


# Simulator lifecycle


def test_close_ends_the_simulator_and_is_idempotent() -> None:
    env = TandemEnv("hello")
    env.reset(seed=1)
    env.close()
    env.close()
    with pytest.raises(NoEpisode):
        env.step([0])


def test_render_mode_is_refused_with_a_hint() -> None:
    with pytest.raises(ValueError, match="netanim"):
        TandemEnv("hello", render_mode="human")


# Asynchronous arrivals


def test_each_request_is_charged_once_in_the_epoch_in_which_it_ends() -> None:
    with TandemEnv(
        "wifi-edge", users=2, epochs=40, arrivals="poisson", rate=1.0, epochLength=0.1
    ) as env:
        env.reset(seed=1)
        ended: list[int] = []
        idle = 0
        for _ in range(40):
            _, reward, _, truncated, info = env.step(mixed_action(env))
            requests = info[TABLE]
            ended.extend(requests["request_id"].tolist())
            assert info["cost"]["finished"] + info["cost"]["open"] == len(requests)
            if len(requests) == 0:
                idle += 1
                assert reward == 0.0
            else:
                assert reward < 0.0
        assert truncated
    assert idle > 0
    assert len(ended) > 0
    assert len(ended) == len(set(ended))
