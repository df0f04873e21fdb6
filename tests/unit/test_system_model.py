# SPDX-License-Identifier: MIT
"""The prior and the system model on made-up systems."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from agent_worlds import (
    CLOUD,
    EDGE,
    make_observation,
    make_problem,
    permuted,
    played_transition,
    synthetic_transition,
)
from numpy.typing import NDArray

from tandem.agents.api import Observation, Transition
from tandem.agents.common.errors import PolicyError
from tandem.agents.inference.components import DOWNLINK, SERVICE, UPLINK, WAIT
from tandem.agents.inference.model.config import ModelConfig, PriorConfig
from tandem.agents.inference.model.prior import PriorView
from tandem.agents.inference.problem import JointProblem
from tandem.agents.inference.system_model import SystemModel

TRAIN, TEST = 60, 30
SLOWDOWN = 4.0
#: Decisions in an episode.
EPISODE = 10


def weights(problem_users: int, *where: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """Users 0, 1, … at network option ``where[i]`` (0 edge, 1 cloud); the rest on devices."""
    result = np.zeros((1, problem_users, 2))
    for user, option in enumerate(where):
        result[0, user, option] = 1.0
    return result


@pytest.fixture(scope="module")
def learned() -> SystemModel:
    """A model that saw a system slower in the air than the prior takes it to be."""
    return taught(make_problem(4), SLOWDOWN, seed=0)


def taught(problem: JointProblem, slowdown: float, seed: int) -> SystemModel:
    rng = np.random.default_rng(seed)
    model = SystemModel(problem, ModelConfig(), PriorConfig())
    for step in range(TRAIN):
        if step % EPISODE == 0:
            model.begin_episode()
        model.learn(synthetic_transition(problem, rng, slowdown))
    return model


def log_error(model: SystemModel, transitions: list[Transition]) -> float:
    """Mean absolute error of the logarithm of offloaders' response times (0.1: about 10 %)."""
    errors = []
    for transition in transitions:
        away = np.isin(transition.action, model.problem.network_options)
        view = model.elsewhere(transition.observation)
        predicted_s = view.components_s(transition.action).sum(axis=1)[away]
        errors.extend(np.abs(np.log(predicted_s / transition.response_s[away])))
    return float(np.mean(errors))


def test_prior_on_an_idle_network_is_the_sum_of_its_parts() -> None:
    problem = make_problem(2)
    config = PriorConfig()
    view = PriorView(problem, config, make_observation(problem))
    components = view.network_components_s(np.zeros((1, 2, 2)))[0]
    assert view.device_s[0].tolist() == [0.3, 0.05]
    assert components[0, :, SERVICE].tolist() == [0.1, 0.05]
    upload_s = 8 * 150e3 / (50e6 * config.wifi_efficiency)
    rounds = np.log2(1.0 + 150e3 / 14e3) - 1.0
    for option, wired_s in enumerate((0.0005, 0.02)):
        round_trip_s = 2 * wired_s + config.wifi_access_rtt_s
        expected = upload_s + (rounds + 0.5) * round_trip_s
        assert components[0, option, UPLINK] == pytest.approx(expected)
        assert round_trip_s / 2 < components[0, option, DOWNLINK] < round_trip_s / 2 + 2e-3


def test_prior_knows_how_slowly_a_window_grows_after_a_loss() -> None:
    problem = make_problem(1)
    config = PriorConfig()

    def uplink_s(threshold_bytes: float) -> float:
        observation = make_observation(problem, cloud_ssthresh_bytes=threshold_bytes)
        view = PriorView(problem, config, observation)
        return float(view.network_components_s(weights(1))[0, 0, 1, UPLINK])

    round_trip_s = 2 * 0.02 + config.wifi_access_rtt_s
    # Flights of 10, 11, 12, … segments: 8 of them make 108, so there are 7 waits, each less the
    # time that the flight itself is on the air.
    flights = 8
    assert 91 < 150e3 / config.segment_bytes <= 10 * flights + flights * (flights - 1) / 2 == 108
    upload_s = 8 * 150e3 / (50e6 * config.wifi_efficiency)
    on_air_s = 8 * 14e3 / (50e6 * config.wifi_efficiency)
    waits_s = (flights - 1) * (round_trip_s - on_air_s)
    assert uplink_s(14e3) == pytest.approx(upload_s + waits_s + round_trip_s / 2, rel=0.1)
    # A threshold below the window is as good as one there; the higher one lies, the better.
    assert uplink_s(2e3) == uplink_s(14e3)
    times = [uplink_s(threshold) for threshold in (14e3, 20e3, 40e3, 80e3, 160e3)]
    assert times == sorted(times, reverse=True)
    assert times[-1] == pytest.approx(uplink_s(1e6), rel=0.01)
    assert times[-1] < 0.6 * times[0]


def test_prior_grows_with_load_only_where_it_is_shared() -> None:
    problem = make_problem(3, cells=("wifi", "lte"))
    view = PriorView(problem, PriorConfig(), make_observation(problem))
    alone = view.network_components_s(weights(3))
    # User 0 (wifi) goes to the edge: user 2 shares its cell, user 1 (lte) does not.
    loaded = view.network_components_s(weights(3, 0))
    assert (loaded[0, 2, :, UPLINK] > 1.5 * alone[0, 2, :, UPLINK]).any()
    assert loaded[0, 1, :, UPLINK] == pytest.approx(alone[0, 1, :, UPLINK])
    assert loaded[0, 1, 0, WAIT] > alone[0, 1, 0, WAIT]
    assert loaded[0, 1, 1, WAIT] == alone[0, 1, 1, WAIT]
    assert loaded[0, 0] == pytest.approx(alone[0, 0])


def test_prior_waits_for_the_backlog_of_a_busy_site() -> None:
    problem = make_problem(1)
    observation = make_observation(problem)
    observation["sites"][0, 1:4] = (1.0, 3.0, 0.8)
    view = PriorView(problem, PriorConfig(), observation)
    components = view.network_components_s(np.zeros((1, 1, 2)))[0, 0]
    assert components[0, WAIT] == pytest.approx(0.8 - components[0, UPLINK])
    assert components[1, WAIT] == 0.0


def test_prior_without_a_measured_rate_takes_that_of_the_cell() -> None:
    problem = make_problem(3)
    rates = np.array([0.0, 40e6, 40e6])
    view = PriorView(problem, PriorConfig(), make_observation(problem, rate_bps=rates))
    assert view.airtime_s[0] == pytest.approx(view.airtime_s[1])


@pytest.mark.parametrize("seed", range(3))
def test_permuting_users_permutes_predictions(seed: int) -> None:
    """Also of what was learned about each of them."""
    problem, rng = make_problem(4), np.random.default_rng(seed)
    straight, mixed = (SystemModel(problem, ModelConfig(), PriorConfig()) for _ in range(2))
    order = rng.permutation(4)
    for _ in range(5):
        seen = synthetic_transition(problem, rng, SLOWDOWN)
        straight.learn(seen)
        mixed.learn(
            replace(
                seen,
                observation=permuted(seen.observation, order),
                action=seen.action[order],
                components_s=seen.components_s[order],
                upload_bytes=seen.upload_bytes[order],
            )
        )
    observation, action = make_observation(problem, rng), rng.integers(4, size=4)
    expected = straight.view(observation).components_s(action)[order]
    found = mixed.view(permuted(observation, order)).components_s(action[order])
    assert found == pytest.approx(expected, rel=0.02)


def test_model_learns_what_the_prior_gets_wrong(learned: SystemModel) -> None:
    rng = np.random.default_rng(1)
    transitions = [synthetic_transition(learned.problem, rng, SLOWDOWN) for _ in range(TEST)]
    fresh = SystemModel(learned.problem, ModelConfig(), PriorConfig())
    assert log_error(learned, transitions) < 0.6 * log_error(fresh, transitions)


def test_where_the_prior_is_right_little_is_learned() -> None:
    problem = make_problem(3)
    believed = taught(problem, 1.0, seed=2).calibration.mean()
    assert np.abs(believed.device).max() < 0.01
    assert np.abs(believed.service).max() < 0.01


@pytest.mark.parametrize("factor", [1 / 3, 3.0])
def test_a_wrong_table_is_corrected_by_a_few_requests(factor: float) -> None:
    """Each option's service time and size are learned by themselves."""
    truth = make_problem(3)
    table = truth.options
    wrong = replace(table, service_s=table.service_s.copy(), upload_bytes=table.upload_bytes / 3)
    wrong.service_s[[1, EDGE]] *= factor
    model = SystemModel(replace(truth, options=wrong), ModelConfig(), PriorConfig())
    rng = np.random.default_rng(0)
    for _ in range(10):
        model.learn(synthetic_transition(truth, rng, 1.0))
    facts = model.calibration.mean().facts(model.problem)
    assert facts.service_s[EDGE:] == pytest.approx(table.service_s[EDGE:], rel=0.05)
    assert facts.upload_bytes[EDGE:] == pytest.approx(table.upload_bytes[EDGE:], rel=0.05)
    device_s = model.view(make_observation(truth)).device_s
    assert device_s == pytest.approx(np.tile(table.service_s[:2], (3, 1)), rel=0.05)


def test_view_agrees_with_its_components(learned: SystemModel) -> None:
    observation = make_observation(learned.problem)
    view = learned.view(observation)
    for action in (np.array([EDGE, CLOUD, 0, 1]), np.array([EDGE, EDGE, EDGE, 0])):
        remote = view.pattern_s(np.where(action >= EDGE, action - 1, 0)[None])[0]
        found = np.where(action >= EDGE, remote, view.device_s[np.arange(4), action.clip(max=1)])
        assert found == pytest.approx(view.components_s(action).sum(axis=1), rel=1e-9)
    # A search may have no candidate left to ask about.
    assert view.pattern_s(np.zeros((0, 4), dtype=np.intp)).shape == (0, 4)


def test_a_blind_model_does_not_see_what_is_fixed() -> None:
    problem = make_problem(2)
    config = ModelConfig(fixed_columns={"rate_bps": 0.0, "goodput_bps": 0.0})
    blind = SystemModel(problem, config, PriorConfig())
    seeing = SystemModel(problem, ModelConfig(), PriorConfig())
    slow, fast = (make_observation(problem, rate_bps=rate) for rate in (5e6, 60e6))
    action = np.array([EDGE, CLOUD])

    def response_s(model: SystemModel, observation: Observation) -> NDArray[np.float64]:
        return model.view(observation).components_s(action).sum(axis=1)

    assert np.array_equal(response_s(blind, slow), response_s(blind, fast))
    assert (response_s(seeing, slow) > response_s(seeing, fast)).all()
    assert (slow["users"][:, problem.user_columns["rate_bps"]] == 5e6).all()
    with pytest.raises(PolicyError, match="ratebps"):
        SystemModel(problem, ModelConfig(fixed_columns={"ratebps": 0.0}), PriorConfig())


def test_unanswered_users_teach_nothing() -> None:
    problem = make_problem(2)
    transition = synthetic_transition(problem, np.random.default_rng(0), 9.0)
    transition.answered[:] = False
    model = SystemModel(problem, ModelConfig(), PriorConfig())
    model.learn(transition)
    assert not model.calibration.tried.any()
    assert np.abs(model.calibration.mean().uplink).max() == 0.0


def test_what_held_in_one_episode_is_forgotten_in_the_next() -> None:
    """A user with a slow way is slow in this episode; at a state of another one it is not."""
    problem = make_problem(2)
    model = SystemModel(problem, ModelConfig(), PriorConfig())
    observation, action = make_observation(problem), np.array([EDGE, 0], dtype=np.int32)
    for _ in range(6):
        model.learn(played_transition(problem, observation, action, observation, slowdown=3.0))
    here = model.view(observation).components_s(action)[0, UPLINK]
    elsewhere = model.elsewhere(observation).components_s(action)[0, UPLINK]
    assert here > 1.2 * elsewhere
    model.begin_episode()
    assert model.view(observation).components_s(action)[0, UPLINK] == pytest.approx(elsewhere)
