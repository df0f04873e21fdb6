# SPDX-License-Identifier: MIT
"""A learner's version moves whenever its policy does, and a resumed learner has the same."""

from __future__ import annotations

import numpy as np
import pytest
from agent_worlds import EDGE, make_observation, make_problem, played_transition

from tandem.agents.baselines.fixed_learner import FixedLearner
from tandem.agents.inference.heuristics import FixedPolicy
from tandem.agents.registry import LEARNERS, make_learner

INTERACTIONS = 12


@pytest.mark.parametrize("name", sorted(LEARNERS))
def test_the_policy_changes_only_with_its_version(name: str) -> None:
    problem = make_problem(2)
    rng = np.random.default_rng(5)
    probes = [make_observation(problem, rng) for _ in range(6)]
    learner = make_learner(name, problem, seed=1)
    observation = probes[0]
    before, version = [learner.act(probe).tolist() for probe in probes], learner.policy_version
    assert version == 0
    for _ in range(INTERACTIONS):
        decision = learner.decide(observation)
        follows = make_observation(problem, rng)
        slow = played_transition(problem, observation, decision.action, follows, slowdown=30.0)
        learner.learn(decision, slow)
        observation = follows
        after = [learner.act(probe).tolist() for probe in probes]
        assert learner.policy_version >= version
        if after != before:
            assert learner.policy_version > version
        before, version = after, learner.policy_version
    resumed = make_learner(name, problem, seed=1)
    resumed.load_state_dict(learner.state_dict())
    assert resumed.policy_version == version


def test_a_policy_that_does_not_learn_stays_at_0() -> None:
    problem = make_problem(2)
    learner = FixedLearner(FixedPolicy("edge", 2, EDGE))
    observation = make_observation(problem)
    decision = learner.decide(observation)
    learner.learn(decision, played_transition(problem, observation, decision.action, observation))
    assert learner.policy_version == 0
