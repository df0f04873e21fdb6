# SPDX-License-Identifier: MIT
"""Policies against known outcomes, the convergence rule, and calibration's figures."""

from __future__ import annotations

import numpy as np
import pytest

from tandem.agents.evaluation.aggregate import Bounded
from tandem.agents.evaluation.convergence import Convergence
from tandem.agents.evaluation.fixed_actions import joint_actions
from tandem.agents.evaluation.judge import Evaluation, EvaluationSet
from tandem.agents.evaluation.oracle import Solution
from tandem.agents.evaluation.outcome_table import OutcomeTable
from tandem.agents.evaluation.prober import OracleError
from tandem.agents.inference.cost import PaperCost
from tandem.agents.inference.patterns import PatternSpace
from tandem.scripts.app.training.calibration import (
    BEST_FIXED,
    HELD_OUT,
    _fixed_lines,
)

RULE = PaperCost(85.0)
#: Options: a device variant of 70 %, one of 88 %, and a remote option of 90 %.
SPACE = PatternSpace(group=np.array([0, 0, 1]), devices=np.array([0, 1]), remote=np.array([2]))
ACCURACY_PERCENT = np.array([70.0, 88.0, 90.0])


def state(remote_s: float, *, exact: bool = True) -> Solution:
    """Two users; alone a remote request takes ``remote_s``, together twice that."""
    patterns = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    response_s = np.where(patterns == 1, remote_s, 0.0)
    response_s[3] *= 2.0
    table = OutcomeTable(
        space=SPACE,
        top5_percent=ACCURACY_PERCENT,
        observation={"cells": np.array([[remote_s]])},
        patterns=patterns,
        response_s=response_s,
        answered=patterns == 1,
        device_response_s=np.array([[0.3, 0.5], [0.3, 0.5]]),
        device_answered=np.ones((2, 2), dtype=np.bool_),
        arrival_s=np.zeros(2),
    )
    best = table.optimum(RULE)
    return Solution(best, exact, best.cost_s, table)


def test_costs_and_ratio_are_looked_up() -> None:
    states = EvaluationSet([state(0.1), state(0.6)], RULE)
    # Best: both remote at 0.1 s (0.2 s each); at 0.6 s everybody's accurate device variant.
    assert states.oracle_s == pytest.approx((0.2 + 0.5) / 2)
    result = states.evaluate(lambda observation: np.array([1, 1], dtype=np.int32))
    assert result.cost_s == pytest.approx(0.5)
    assert result.ratio == pytest.approx(0.5 / 0.35)
    assert result.regret_s == pytest.approx(0.15)
    assert result.accuracy_percent == pytest.approx(88.0)
    assert result.violated == 0.0


def test_policy_sees_each_state_and_cannot_change_it() -> None:
    states = EvaluationSet([state(0.1), state(0.6)], RULE)
    seen = []

    def policy(observation):  # type: ignore[no-untyped-def]
        seen.append(float(observation["cells"][0, 0]))
        observation["cells"][:] = -1.0
        return np.array([2, 2], dtype=np.int32)

    states.evaluate(policy)
    states.evaluate(policy)
    assert seen == [0.1, 0.6, 0.1, 0.6]


def test_searched_states_are_refused() -> None:
    with pytest.raises(OracleError, match="cannot look up"):
        EvaluationSet([state(0.1, exact=False)], RULE)
    with pytest.raises(OracleError, match="at least 1 state"):
        EvaluationSet([], RULE)


def evaluation(ratio: float) -> Evaluation:
    none = np.zeros(0)
    return Evaluation(ratio, 1.0, 90.0, 0.0, none, none.astype(np.int32))


def test_convergence_is_the_first_of_three_in_a_row() -> None:
    convergence = Convergence()
    ratios = [1.3, 1.04, 1.05, 1.2, 1.05, 1.01, 1.04, 1.5]
    reached = [convergence.add(20 * i, evaluation(ratio), i) for i, ratio in enumerate(ratios)]
    assert reached == [False] * 6 + [True, True]
    assert convergence.interactions == Bounded(80.0)


def test_not_converged_is_more_than_where_it_was_last_missed() -> None:
    convergence = Convergence()
    for interactions in (0, 50, 100):
        ratio = 1.06 if interactions < 100 else 1.0
        convergence.add(interactions, evaluation(ratio), interactions)
    # Two more evaluations as good as the last one would have made it 100.
    assert str(convergence.interactions) == "> 50"
    with pytest.raises(ValueError, match="follows one after 100"):
        convergence.add(60, evaluation(1.0), 60)


def test_a_policy_that_cannot_have_changed_is_judged_once() -> None:
    fixed = Convergence()
    assert not any(fixed.add(20 * i, evaluation(1.0), 0) for i in range(10))
    assert fixed.interactions == Bounded(0.0, censored=True)
    learner = Convergence()
    versions = [0, 0, 0, 1, 1, 2, 3]
    reached = [learner.add(i, evaluation(1.0), version) for i, version in enumerate(versions)]
    assert reached == [False] * 5 + [True, True]
    assert learner.interactions == Bounded(0.0)


def test_a_repeated_miss_is_still_a_miss() -> None:
    convergence = Convergence()
    for interactions, ratio in enumerate([1.2, 1.2, 1.0, 1.0]):
        convergence.add(interactions, evaluation(ratio), 0)
    assert convergence.interactions == Bounded(1.0, censored=True)


def test_joint_actions_are_all_of_them_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tandem.agents.evaluation.fixed_actions.CHUNK", 7)
    portions = list(joint_actions(3, 4))
    assert [len(portion) for portion in portions] == [7] * 9 + [1]
    assert len(np.unique(np.concatenate(portions), axis=0)) == 64


def test_fixed_action_of_other_episodes_is_judged_on_its_own() -> None:
    # Remote is best in the first episode, the device in the second: hindsight has to compromise,
    # and each held-out choice is the wrong one.
    rule = PaperCost(85.0, np.inf)
    states = EvaluationSet([state(0.1), state(0.1), state(0.6)], rule)
    hindsight, held_out = _fixed_lines(states, np.array([0, 0, 1]))
    assert hindsight.policy == BEST_FIXED
    assert held_out.policy == HELD_OUT
    assert hindsight.action in ((1, 2), (2, 1))
    assert hindsight.cost_s == pytest.approx((0.3 + 0.3 + 0.55) / 3)
    assert held_out.cost_s == pytest.approx((0.5 + 0.5 + 1.2) / 3)
    assert len(_fixed_lines(states, np.zeros(3, dtype=np.int64))) == 1
