# SPDX-License-Identifier: MIT
"""The prior, the system model and its diagnostics, on made-up systems."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from agent_worlds import (
    CLOUD,
    EDGE,
    make_observation,
    make_problem,
    permuted,
    synthetic_transition,
)
from numpy.typing import NDArray

from tandem.agents.api import Observation, Transition
from tandem.agents.inference.components import DOWNLINK, SERVICE, UPLINK, WAIT
from tandem.agents.inference.config import ModelConfig, PriorConfig
from tandem.agents.inference.model.network import Ensemble
from tandem.agents.inference.model.prior import PriorView
from tandem.agents.inference.options import PolicyError
from tandem.agents.inference.system_model import SystemModel
from tandem.bridge.core.errors import TandemError

TRAIN, TEST = 60, 30
SLOWDOWN = 2.0


def weights(problem_users: int, *where: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """Users 0, 1, … at network option ``where[i]`` (0 edge, 1 cloud); the rest on devices."""
    result = np.zeros((1, problem_users, 2))
    for user, option in enumerate(where):
        result[0, user, option] = 1.0
    return result


@pytest.fixture(scope="module")
def learned() -> SystemModel:
    """A model that saw a system twice as slow in the air as the prior takes it to be."""
    problem = make_problem(4)
    rng = np.random.default_rng(0)
    model = SystemModel(problem, ModelConfig(), PriorConfig(), seed=0)
    for _ in range(TRAIN):
        model.add(synthetic_transition(problem, rng, SLOWDOWN))
    model.fit(steps=250)
    return model


def log_error(model: SystemModel, transitions: list[Transition]) -> float:
    """Mean absolute error of the logarithm of offloaders' response times (0.1: about 10 %)."""
    errors = []
    for transition in transitions:
        away = np.isin(transition.action, model.problem.network_options)
        prediction = model.predict(transition.observation, transition.action[None])
        predicted_s = prediction.response_s.mean(axis=0)[0, away]
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
def test_permuting_users_permutes_predictions(learned: SystemModel, seed: int) -> None:
    rng = np.random.default_rng(seed)
    observation = make_observation(learned.problem, rng)
    action = rng.integers(4, size=4)
    order = rng.permutation(4)
    straight = learned.predict(observation, action[None])
    mixed = learned.predict(permuted(observation, order), action[order][None])
    assert mixed.response_s == pytest.approx(straight.response_s[:, :, order], rel=1e-5)
    assert mixed.next_users == pytest.approx(straight.next_users[:, :, order], rel=1e-4, abs=1e-5)


def test_model_learns_what_the_prior_gets_wrong(learned: SystemModel) -> None:
    rng = np.random.default_rng(1)
    transitions = [synthetic_transition(learned.problem, rng, SLOWDOWN) for _ in range(TEST)]
    fresh = SystemModel(learned.problem, ModelConfig(), PriorConfig(), seed=0)
    assert log_error(learned, transitions) < 0.5 * log_error(fresh, transitions)


def test_model_carries_over_to_another_number_of_users(learned: SystemModel) -> None:
    larger = SystemModel(make_problem(6), ModelConfig(), PriorConfig(), seed=1)
    larger.load_state_dict(learned.state_dict())
    rng = np.random.default_rng(2)
    transitions = [synthetic_transition(larger.problem, rng, SLOWDOWN) for _ in range(TEST)]
    fresh = SystemModel(larger.problem, ModelConfig(), PriorConfig(), seed=0)
    assert log_error(larger, transitions) < 0.5 * log_error(fresh, transitions)


def test_view_agrees_with_predictions(learned: SystemModel) -> None:
    observation = make_observation(learned.problem)
    actions = np.array([[EDGE, CLOUD, 0, 1], [EDGE, EDGE, EDGE, 0]])
    expected = learned.predict(observation, actions).response_s.mean(axis=0)
    view = learned.view(observation)
    remote = view.pattern_s(np.where(actions >= EDGE, actions - 1, 0))
    found = np.where(actions >= EDGE, remote, view.device_s[np.arange(4), actions.clip(max=1)])
    assert found == pytest.approx(expected, rel=1e-5)
    # A search may have no candidate left to ask about.
    assert view.pattern_s(np.zeros((0, 4), dtype=np.intp)).shape == (0, 4)


def test_a_blind_model_does_not_see_what_is_fixed() -> None:
    problem = make_problem(2)
    config = ModelConfig(fixed_columns={"rate_bps": 0.0, "goodput_bps": 0.0})
    blind = SystemModel(problem, config, PriorConfig(), seed=0)
    seeing = SystemModel(problem, ModelConfig(), PriorConfig(), seed=0)
    slow, fast = (make_observation(problem, rate_bps=rate) for rate in (5e6, 60e6))
    actions = np.array([[EDGE, CLOUD]])

    def response_s(model: SystemModel, observation: Observation) -> NDArray[np.float64]:
        return model.predict(observation, actions).response_s

    assert np.array_equal(response_s(blind, slow), response_s(blind, fast))
    assert (response_s(seeing, slow) > response_s(seeing, fast)).all()
    assert (slow["users"][:, problem.user_columns["rate_bps"]] == 5e6).all()
    with pytest.raises(PolicyError, match="ratebps"):
        SystemModel(problem, ModelConfig(fixed_columns={"ratebps": 0.0}), PriorConfig(), seed=0)


def test_fading_lets_a_model_follow_a_change() -> None:
    problem = make_problem(4)
    rng = np.random.default_rng(3)
    model = SystemModel(problem, ModelConfig(), PriorConfig(), seed=0)
    for slowdown in (1.0, 4.0):
        for _ in range(30):
            model.add(synthetic_transition(problem, rng, slowdown))
    transitions = [synthetic_transition(problem, rng, 4.0) for _ in range(TEST)]
    model.fit(steps=100)
    mixed = log_error(model, transitions)
    model.fade(keep_transitions=30, factor=0.05)
    model.fit(steps=100)
    assert log_error(model, transitions) < 0.7 * mixed


def test_unanswered_users_teach_nothing() -> None:
    problem = make_problem(2)
    transition = synthetic_transition(problem, np.random.default_rng(0), 1.0)
    transition.answered[0] = False
    model = SystemModel(problem, ModelConfig(), PriorConfig(), seed=0)
    model.add(transition)
    assert model.rows["weight"][0].sum() == 0.0
    assert model.rows["weight"][1].sum() > 0.0


def test_fit_without_data_is_refused() -> None:
    model = SystemModel(make_problem(2), ModelConfig(), PriorConfig(), seed=0)
    with pytest.raises(ValueError, match="no transitions to learn from"):
        model.fit()


def test_predicting_uses_one_thread_and_gives_the_others_back(
    learned: SystemModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    used = []
    forward = Ensemble.forward

    def counted(network: Ensemble, *args: Any) -> Any:
        used.append(torch.get_num_threads())
        return forward(network, *args)

    monkeypatch.setattr(Ensemble, "forward", counted)
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        observation = make_observation(learned.problem)
        learned.predict(observation, np.array([[EDGE, CLOUD, 0, 1]]))
        assert used == [1]
        assert learned.view(observation).device_s.shape == (4, 2)
        assert used == [1, 1]
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def test_an_observation_changed_in_place_is_another_one(learned: SystemModel) -> None:
    """Inputs of the latest observation are kept: by what it says, not by which object it is."""
    actions = np.array([[EDGE, CLOUD, 0, 1]])
    observation = make_observation(learned.problem, rate_bps=60e6)
    fast = learned.predict(observation, actions).response_s
    observation["users"][:, learned.problem.user_columns["rate_bps"]] = 5e6
    slow = learned.predict(observation, actions).response_s
    assert (slow[..., :2] > fast[..., :2]).all()
    expected = make_observation(learned.problem, rate_bps=5e6)
    assert np.array_equal(learned.predict(expected, actions).response_s, slow)


def test_impossible_settings_are_refused() -> None:
    with pytest.raises(ValueError, match="elites is 9, more than the 7 members"):
        ModelConfig(elites=9)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU that PyTorch sees")
def test_gpu_and_cpu_learn_and_predict_alike(learned: SystemModel) -> None:
    predictions = []
    for device in ("cpu", "cuda"):
        config = ModelConfig.model_validate({"device": device})
        model = SystemModel(learned.problem, config, PriorConfig(), seed=0)
        model.load_state_dict(learned.state_dict())
        model.fit(steps=20)
        actions = np.array([[EDGE, CLOUD, 0, 1]])
        predictions.append(model.predict(make_observation(learned.problem), actions).components_s)
    assert predictions[1] == pytest.approx(predictions[0], rel=0.02)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_gpu_that_is_not_there_is_a_clear_error() -> None:
    with pytest.raises(TandemError, match="sees no GPU"):
        SystemModel(make_problem(2), ModelConfig(device="cuda"), PriorConfig(), seed=1)
