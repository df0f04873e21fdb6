# SPDX-License-Identifier: MIT
"""Policies against the packet-level optimum, over states where all outcomes are known."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from tandem.agents.evaluation.aggregate import ratio_interval
from tandem.agents.evaluation.fixed_actions import best_fixed, joint_actions
from tandem.agents.evaluation.judge import EvaluationSet, Policy
from tandem.agents.evaluation.oracle import Solution
from tandem.agents.inference.cost import CostRule
from tandem.agents.inference.heuristics import FixedPolicy, GreedyPolicy, user_columns
from tandem.agents.inference.options import OptionTable
from tandem.bridge.core.schema import Schema

#: What makes a scenario worth learning: excess over the oracle's mean cost, percent.
FIXED_TARGET_PERCENT: Final = 15.0
GREEDY_TARGET_PERCENT: Final = 10.0
PERCENT: Final = 100.0

BEST_FIXED: Final = "best fixed"
HELD_OUT: Final = "fixed, held out"
GREEDY: Final = "greedy"


@dataclass(frozen=True, slots=True)
class PolicyExcess:
    """One policy against the oracle over the same states.

    Attributes:
        policy: its name.
        cost_s: mean cost, seconds; infinite where violations are forbidden and happen.
        excess_percent: mean cost above the oracle's mean cost.
        low_percent: lower end of the bootstrap 95 % interval of that over states.
        high_percent: upper end.
        violated_percent: states in which the accuracy threshold was missed.
        action: its joint action, where that is the same in every state.
    """

    policy: str
    cost_s: float
    excess_percent: float
    low_percent: float
    high_percent: float
    violated_percent: float
    action: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True)
class ScenarioWorth:
    """All policies under one rule.

    Attributes:
        rule: what counts as cost.
        lines: the oracle first.
        distinct_optima: how many joint actions are best in some state.
    """

    rule: CostRule
    lines: tuple[PolicyExcess, ...]
    distinct_optima: int

    def line(self, policy: str) -> PolicyExcess:
        """The line of that policy.

        Raises:
            KeyError: there is none.
        """
        return {line.policy: line for line in self.lines}[policy]

    @property
    def is_worth_learning(self) -> bool:
        """Whether fixed and greedy choice both stay clearly behind the oracle."""
        return (
            self.line(BEST_FIXED).excess_percent >= FIXED_TARGET_PERCENT
            and self.line(GREEDY).excess_percent >= GREEDY_TARGET_PERCENT
        )

    def as_dict(self) -> dict[str, Any]:
        """Plain values for a JSON file."""
        return {
            "worth_learning": self.is_worth_learning,
            "distinct_optima": self.distinct_optima,
            "policies": [asdict(line) for line in self.lines],
        }


def compare_with_oracle(
    solutions: Sequence[Solution], schema: Schema, rule: CostRule, episode: Sequence[int]
) -> ScenarioWorth:
    """Compare policies with the oracle of ``rule`` at measured states.

    Args:
        solutions: exact ones; their tables count, their optima may be of another rule.
        schema: of the scenario.
        rule: what counts as cost.
        episode: which episode each state is from.
    """
    states = EvaluationSet.of([solution.table for solution in solutions], rule)
    options = OptionTable.from_meta(schema.meta)
    users = states.solutions[0].table.users
    greedy = GreedyPolicy(options, user_columns(schema), rule.needed_percent)
    lines = [_oracle_line(states), *_fixed_lines(states, np.asarray(episode))]
    lines.append(_line(GREEDY, states, greedy.act))
    for site, label in enumerate(options.sites.labels):
        if (options.site == site).any():
            fixed = FixedPolicy(label, users, options.most_accurate_each(site, users))
            lines.append(_line(f"all {label}", states, fixed.act))
    lines.append(_random_line(states, options.allowed(users)))
    optima = {tuple(solution.best.action.tolist()) for solution in states.solutions}
    return ScenarioWorth(rule, tuple(lines), len(optima))


def _oracle_line(states: EvaluationSet) -> PolicyExcess:
    best = [solution.best for solution in states.solutions]
    costs_s = np.array([optimum.cost_s for optimum in best])
    return _compare("oracle", states, costs_s, 1.0 - float(np.mean([b.accurate for b in best])))


def _line(name: str, states: EvaluationSet, policy: Policy) -> PolicyExcess:
    result = states.evaluate(policy)
    line = _compare(name, states, result.costs_s, result.violated)
    if (result.actions == result.actions[0]).all():
        return replace(line, action=tuple(result.actions[0].tolist()))
    return line


def _fixed_lines(states: EvaluationSet, episode: NDArray[np.int64]) -> list[PolicyExcess]:
    """The joint action with the least mean cost: in hindsight, and found in other episodes.

    In hindsight it is chosen for the same states that judge it, out of very many joint actions, so
    its excess is too small. Found without the episode that judges it, the excess is a little too
    large. With a single episode there is no second line.
    """
    kept = [np.ones(len(episode), dtype=np.bool_)]
    kept.extend(episode != number for number in np.unique(episode))
    kept = [chosen_on for chosen_on in kept if chosen_on.any()]
    tables = [solution.table for solution in states.solutions]
    best = best_fixed(tables, states.rule, kept)
    lines = [_line(BEST_FIXED, states, lambda observation: best[0])]
    if len(kept) > 1:
        others = iter(best[1 + np.unique(episode, return_inverse=True)[1].reshape(-1)])
        held_out = _line(HELD_OUT, states, lambda observation: next(others))
        lines.append(replace(held_out, action=None))
    return lines


def _random_line(states: EvaluationSet, allowed: NDArray[np.bool_]) -> PolicyExcess:
    """Uniform draws: the exact expectation over all joint actions, nothing is drawn."""
    users, options = allowed.shape
    costs_s = np.zeros(len(states.solutions))
    violations = np.zeros(len(states.solutions))
    count = math.prod(allowed.sum(axis=1).tolist())
    for portion in joint_actions(users, options):
        actions = portion[allowed[np.arange(users), portion].all(axis=1)]
        for index, solution in enumerate(states.solutions):
            response_s, accuracy = solution.table.outcome(actions)
            costs_s[index] += states.rule.cost_s(response_s, accuracy).sum() / count
            violations[index] += (~states.rule.accurate(accuracy)).sum() / count
    return _compare("random", states, costs_s, float(violations.mean()))


def _compare(
    policy: str, states: EvaluationSet, costs_s: NDArray[np.float64], violated: float
) -> PolicyExcess:
    oracle_s = np.array([solution.best.cost_s for solution in states.solutions])
    cost_s = float(costs_s.mean())
    low, high = (np.inf, np.inf)
    if np.isfinite(cost_s):
        low, high = ratio_interval(costs_s, oracle_s)
    return PolicyExcess(
        policy=policy,
        cost_s=cost_s,
        excess_percent=(cost_s / float(oracle_s.mean()) - 1.0) * PERCENT,
        low_percent=(low - 1.0) * PERCENT,
        high_percent=(high - 1.0) * PERCENT,
        violated_percent=violated * PERCENT,
    )
