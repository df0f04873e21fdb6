# SPDX-License-Identifier: MIT
"""The prior-bandit: plans like the prior at first, and corrects what it sees to be wrong."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from agent_worlds import EDGE, make_observation, make_problem

from tandem.agents.api import Decision, Transition
from tandem.agents.baselines.prior_bandit import PARTS, PriorBandit, PriorBanditConfig
from tandem.agents.inference.components import COMPONENTS, DEVICE, SERVICE, UPLINK, WAIT
from tandem.agents.inference.config import PlannerConfig
from tandem.agents.inference.model.config import PriorConfig
from tandem.agents.inference.model.prior import PriorView
from tandem.agents.inference.planner import Planner

PROBLEM = make_problem(3)
CONFIG = PriorBanditConfig(spread=0.5, noise=0.5, thompson_interactions=0)


class Plain:
    """The prior as it is, as a planner asks it."""

    def __init__(self, view: PriorView) -> None:
        self._view = view
        self.device_s = view.device_s

    def field_s(self, weights: np.ndarray) -> np.ndarray:
        return self._view.network_components_s(weights).sum(axis=-1)

    def pattern_s(self, patterns: np.ndarray) -> np.ndarray:
        weights = (patterns[..., None] == np.array([1, 2])).astype(float)
        return (self.field_s(weights) * weights).sum(axis=-1)


def bandit(**changes: float) -> PriorBandit:
    return PriorBandit(PROBLEM, CONFIG.model_copy(update=changes), 1, "prior-bandit")


def outcome(action: list[int], components_s: np.ndarray) -> Transition:
    """What came of an action at an idle network."""
    observation = make_observation(PROBLEM)
    return Transition(
        observation=observation,
        action=np.array(action, dtype=np.int32),
        components_s=components_s,
        answered=np.ones(PROBLEM.users, dtype=np.bool_),
        upload_bytes=np.zeros(PROBLEM.users),
        cost_s=float(components_s.sum(axis=1).mean()),
        next_observation=observation,
        ended=False,
    )


def teach(learner: PriorBandit, transition: Transition, times: int) -> None:
    for _ in range(times):
        learner.learn(Decision(transition.action, "played"), transition)


def test_untaught_it_plans_exactly_in_the_prior() -> None:
    planner = Planner(PROBLEM, PlannerConfig())
    rng = np.random.default_rng(2)
    for _ in range(5):
        observation = make_observation(PROBLEM, rng)
        plain = Plain(PriorView(PROBLEM, PriorConfig(), observation))
        assert bandit().act(observation).tolist() == planner.plan(plain).action.tolist()


def test_posterior_of_a_factor_is_the_normal_one() -> None:
    learner = bandit()
    components_s = np.zeros((3, len(COMPONENTS)))
    components_s[:, DEVICE] = [0.6, 0.3, 0.3]  # the table says 0.3 s for variant 0
    teach(learner, outcome([0, 0, 0], components_s), 3)
    mean, deviation = learner._posterior()
    part = PARTS.index((DEVICE,))
    # Prior and noise alike: n observations count n of n + 1.
    assert mean[0, 0, part] == pytest.approx(0.75 * np.log(2.0))
    assert deviation[0, 0, part] == pytest.approx(0.5 / np.sqrt(4.0))
    assert mean[1, 0, part] == pytest.approx(0.0)
    others = np.delete(mean.reshape(-1), np.ravel_multi_index((0, 0, part), mean.shape))
    assert np.abs(others).max() < 1e-12
    assert deviation[0, 1, part] == 0.5


def test_wait_and_service_are_scaled_together() -> None:
    learner = bandit()
    view = PriorView(PROBLEM, PriorConfig(), make_observation(PROBLEM))
    weights = np.zeros((1, 3, 2))
    weights[0, 0, EDGE - 2] = 1.0
    expected_s = view.network_components_s(weights)[0, 0, EDGE - 2]
    assert expected_s[WAIT] == 0.0  # idle, so that a wait could not be scaled by itself
    components_s = np.zeros((3, len(COMPONENTS)))
    components_s[0] = expected_s
    components_s[0, WAIT] = 3.0 * expected_s[SERVICE]
    components_s[1:, DEVICE] = 0.3
    teach(learner, outcome([EDGE, 0, 0], components_s), 1)
    mean, _ = learner._posterior()
    assert mean[0, EDGE, PARTS.index((WAIT, SERVICE))] == pytest.approx(0.5 * np.log(4.0))
    assert mean[0, EDGE, PARTS.index((UPLINK,))] == pytest.approx(0.0, abs=1e-12)


def test_it_leaves_an_option_that_is_slower_than_believed_and_finds_a_faster_one() -> None:
    observation = make_observation(PROBLEM)
    learner = bandit()
    first = learner.act(observation)
    assert (first == EDGE).any()
    components_s = np.zeros((3, len(COMPONENTS)))
    components_s[:, SERVICE] = 2.0
    teach(learner, outcome([EDGE] * 3, components_s), 30)
    assert not (learner.act(observation) == EDGE).any()


def test_draws_end_and_unanswered_requests_teach_nothing() -> None:
    observation = make_observation(PROBLEM)
    learner = bandit(thompson_interactions=2)
    assert learner.decide(observation).source == "thompson"
    silent = outcome([0, 0, 0], np.full((3, len(COMPONENTS)), 5.0))
    teach(learner, replace(silent, answered=np.zeros(3, dtype=np.bool_)), 2)
    assert learner.decide(observation).source == "greedy"
    assert learner._count.sum() == 0.0
