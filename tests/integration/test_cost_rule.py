# SPDX-License-Identifier: MIT
"""One cost rule for reward, problem, oracle, judge and planner: the paper's, and one's own."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from tandem.agents.api import Observation
from tandem.agents.common.errors import PolicyError
from tandem.agents.evaluation.judge import EvaluationSet
from tandem.agents.evaluation.oracle import Oracle
from tandem.agents.evaluation.played_evaluation import FoundState, PlayedEvaluationSet
from tandem.agents.evaluation.prober import OracleError
from tandem.agents.evaluation.states import Walk
from tandem.agents.inference.config import PlannerConfig
from tandem.agents.inference.cost import Array, CostRule, PaperCost
from tandem.agents.inference.objective import CostObjective, PaperObjective, PercentileObjective
from tandem.agents.inference.planner import Planner
from tandem.agents.inference.planning.view import ResponseView
from tandem.agents.inference.problem import JointProblem
from tandem.agents.training.world import joint_problem
from tandem.bridge.core.env import TandemEnv

ARGUMENTS = {"users": 2, "epochs": 5, "edgeCores": 1, "deviceServiceScale": 6}


@dataclass(frozen=True)
class LongestAndErrors(CostRule):
    """The longest response time, and so much for each percent that an answer is wrong."""

    second_per_percent: float

    def cost_s(self, response_s: Array, accuracy_percent: Array) -> Array:
        wrong = (100.0 - accuracy_percent).max(axis=-1)
        return np.asarray(response_s.max(axis=-1) + self.second_per_percent * wrong)


class WorstUser(CostObjective):
    """A user's own objective."""

    def cost_rule(self, meta: Mapping[str, Any], /) -> CostRule:
        return LongestAndErrors(0.01)


class Congested:
    """A model in which every sender slows all others."""

    def __init__(self, problem: JointProblem) -> None:
        service_s = problem.options.service_s[problem.device_options]
        self.device_s: Array = service_s * np.array([[1.0], [2.0]])

    def pattern_s(self, patterns: np.ndarray[Any, np.dtype[np.intp]], /) -> Array:
        senders = (patterns > 0).sum(axis=1, keepdims=True)
        return np.where(patterns > 0, 0.08 * senders + 0.03 * patterns, 0.0)

    def field_s(self, weights: Array, /) -> Array:
        return 0.1 * np.ones_like(weights)


OBJECTIVES = {
    "paper": PaperObjective(85.0),
    "own": WorstUser(),
    "percentile": PercentileObjective(90.0),
}


@pytest.fixture(params=OBJECTIVES.values(), ids=OBJECTIVES.keys())
def env(request: pytest.FixtureRequest) -> Iterator[TandemEnv]:
    with TandemEnv("wifi-edge", ARGUMENTS, objective=request.param) as environment:
        yield environment


def at_a_state(env: TandemEnv) -> Walk:
    walk = Walk(env)
    walk.reset(3)
    walk.step(np.array([8, 9], dtype=np.int32))
    return walk


def every_action(env: TandemEnv) -> np.ndarray[Any, np.dtype[np.int32]]:
    options = len(env.schema.meta["options"])
    return np.array(list(itertools.product(range(options), repeat=2)), dtype=np.int32)


def test_oracle_and_judges_minimise_what_the_simulator_charges(env: TandemEnv) -> None:
    walk = at_a_state(env)
    oracle = Oracle(env)
    solution = oracle.solve(walk)
    actions = every_action(env)
    charged_s = np.array([-outcome.reward for outcome in env.branch(list(actions))])
    np.testing.assert_allclose(solution.table.costs_s(actions, oracle.rule), charged_s, atol=1e-9)
    assert solution.best.cost_s == pytest.approx(charged_s.min(), abs=1e-9)

    def policy(observation: Observation) -> np.ndarray[Any, np.dtype[np.int32]]:
        return actions[37]

    known = EvaluationSet([solution], oracle.rule).evaluate(policy)
    played = PlayedEvaluationSet(env, [FoundState(walk.history, solution)]).evaluate(policy)
    assert known.cost_s == pytest.approx(charged_s[37], abs=1e-9)
    assert played.cost_s == charged_s[37]


def test_planner_minimises_the_rule_in_its_model(env: TandemEnv) -> None:
    problem = joint_problem(env)
    planner = Planner(problem, PlannerConfig())
    view: ResponseView = Congested(problem)
    actions = every_action(env)
    costs_s = np.array([planner.cost_s(view, action) for action in actions])
    plan = planner.plan(view)
    assert plan.exact
    assert plan.cost_s == pytest.approx(costs_s[problem.is_accurate(actions)].min())
    assert plan.cost_s == pytest.approx(planner.cost_s(view, plan.action))


def test_editing_the_rule_changes_all_that_call_it(monkeypatch: pytest.MonkeyPatch) -> None:
    actions = [np.array(action, dtype=np.int32) for action in ([8, 8], [0, 9], [0, 0])]

    def costs() -> dict[str, list[float]]:
        with TandemEnv("wifi-edge", ARGUMENTS, objective=PaperObjective(85.0)) as env:
            walk, oracle, problem = at_a_state(env), Oracle(env), joint_problem(env)
            solution = oracle.solve(walk)
            played = PlayedEvaluationSet(env, [FoundState(walk.history, solution)])
            planner, view = Planner(problem, PlannerConfig()), Congested(problem)
            return {
                "objective": [-outcome.reward for outcome in env.branch(actions)],
                "problem": [float(problem.cost_s(np.array([0.1, 0.3]), a)) for a in actions],
                "oracle": [
                    solution.best.cost_s,
                    *solution.table.costs_s(np.array(actions), oracle.rule),
                ],
                "played evaluation": [
                    played.evaluate(lambda _, action=action: action).cost_s for action in actions
                ],
                "planner": [planner.plan(view).cost_s, planner.cost_s(view, actions[0])],
            }

    before = costs()

    def doubled(self: PaperCost, mean_s: Array, longest_s: Array, accuracy: Array) -> Array:
        return 2.0 * original(self, mean_s, longest_s, accuracy)

    original = PaperCost.of_means
    monkeypatch.setattr(PaperCost, "of_means", doubled)
    for name, edited in costs().items():
        assert edited == pytest.approx([2.0 * cost for cost in before[name]]), name


def test_an_edited_rule_moves_the_optimum_of_oracle_and_planner(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def negative(self: PaperCost, mean_s: Array, longest_s: Array, accuracy: Array) -> Array:
        return -mean_s

    with TandemEnv("wifi-edge", ARGUMENTS, objective=PaperObjective(85.0)) as env:
        walk, oracle, problem = at_a_state(env), Oracle(env), joint_problem(env)
        planner, view = Planner(problem, PlannerConfig()), Congested(problem)
        found = oracle.solve(walk).best.action, planner.plan(view).action
        monkeypatch.setattr(PaperCost, "of_means", negative)
        moved = oracle.solve(walk).best.action, planner.plan(view).action
    for old, new in zip(found, moved, strict=True):
        assert old.tolist() != new.tolist()


def test_an_objective_without_a_rule_is_refused() -> None:
    def mine(result: Any, /) -> float:
        return 0.0

    needs = r"mine.*method cost_rule\(meta\) that returns a .*CostRule, or use PaperObjective"
    with TandemEnv("wifi-edge", ARGUMENTS, objective=mine) as env:
        for call in (Oracle, joint_problem):
            with pytest.raises(PolicyError, match=needs):
                call(env)
    with TandemEnv("wifi-edge", ARGUMENTS) as other:
        solution = Oracle(other).solve(walk := at_a_state(other))
        other.objective = mine
        with pytest.raises(PolicyError, match=needs):
            PlayedEvaluationSet(other, [FoundState(walk.history, solution)])


def test_rules_of_no_known_form_need_few_users() -> None:
    arguments = {**ARGUMENTS, "users": 7}
    with TandemEnv("wifi-edge", arguments, objective=WorstUser()) as env:
        with pytest.raises(OracleError, match=r"7 users have 2187 network patterns.*fewer users"):
            Oracle(env)
        with pytest.raises(PolicyError, match=r"10000000 joint actions.*fewer users"):
            Planner(joint_problem(env), PlannerConfig())
