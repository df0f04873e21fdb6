# SPDX-License-Identifier: MIT
"""Policies against the packet-level optimum, or against the best joint actions that are known."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from tandem.agents.evaluation.aggregate import ratio_interval
from tandem.agents.evaluation.fixed_actions import best_fixed, joint_actions
from tandem.agents.evaluation.fixed_search import search_fixed
from tandem.agents.evaluation.judge import EvaluationSet, Judge, Policy
from tandem.agents.evaluation.oracle import Solution
from tandem.agents.evaluation.outcome_table import Optimum
from tandem.agents.evaluation.played_evaluation import FoundState, PlayedEvaluationSet
from tandem.agents.evaluation.prober import Advance
from tandem.agents.evaluation.states import Walk
from tandem.agents.inference.cost import CostRule
from tandem.agents.inference.heuristics import FixedPolicy, GreedyPolicy, user_columns
from tandem.agents.inference.options import OptionTable
from tandem.bridge.core.env import TandemEnv
from tandem.bridge.core.schema import Schema

#: What makes a scenario worth learning: excess over the oracle's mean cost, percent.
FIXED_TARGET_PERCENT: Final = 15.0
GREEDY_TARGET_PERCENT: Final = 10.0
PERCENT: Final = 100.0

BEST_FOUND: Final = "best found"
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
        exact: whether these are optima, or the best that a search found.
    """

    rule: CostRule
    lines: tuple[PolicyExcess, ...]
    distinct_optima: int
    exact: bool = True

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
    best = _BestKnown.of(states.solutions)
    lines = [best.line("oracle"), *_fixed_lines(states, np.asarray(episode))]
    lines.extend(_simple_lines(best, states, schema, rule))
    lines.append(_random_line(best, states, options.allowed(users)))
    return ScenarioWorth(rule, tuple(lines), best.distinct)


def compare_with_best_found(
    found: Sequence[FoundState],
    env: TandemEnv,
    rule: CostRule,
    futures: Sequence[int],
    advance: Advance | None = None,
) -> ScenarioWorth:
    """Compare policies with the best joint actions that a search found at each state.

    The best fixed joint action is found by a search as well, in hindsight, with as many branches
    per state: both may be beaten. Everything else is played in branches.

    Args:
        found: the states, measured with these ``futures``.
        env: of the states; it is moved.
        rule: what counts as cost.
        futures: in which joint actions are played.
        advance: called with the number of branches that the search has just run.
    """
    states = PlayedEvaluationSet(env, found, futures)
    best = _BestKnown.of([state.solution for state in found])
    fixed = search_fixed(Walk(env), found, rule, futures=futures, advance=advance)
    lines = [best.line(BEST_FOUND), _line(best, BEST_FIXED, states, lambda observation: fixed)]
    lines.extend(_simple_lines(best, states, env.schema, rule))
    return ScenarioWorth(rule, tuple(lines), best.distinct, exact=False)


@dataclass(frozen=True)
class _BestKnown:
    """The best joint action known at each state, and what it costs there."""

    optima: Sequence[Optimum]
    costs_s: NDArray[np.float64]

    @classmethod
    def of(cls, solutions: Sequence[Solution]) -> _BestKnown:
        optima = [solution.best for solution in solutions]
        return cls(optima, np.array([optimum.cost_s for optimum in optima]))

    @property
    def distinct(self) -> int:
        return len({tuple(optimum.action.tolist()) for optimum in self.optima})

    def line(self, name: str) -> PolicyExcess:
        violated = 1.0 - float(np.mean([optimum.accurate for optimum in self.optima]))
        return self.compare(name, self.costs_s, violated)

    def compare(self, policy: str, costs_s: NDArray[np.float64], violated: float) -> PolicyExcess:
        cost_s = float(costs_s.mean())
        low, high = (np.inf, np.inf)
        if np.isfinite(cost_s):
            low, high = ratio_interval(costs_s, self.costs_s)
        return PolicyExcess(
            policy=policy,
            cost_s=cost_s,
            excess_percent=(cost_s / float(self.costs_s.mean()) - 1.0) * PERCENT,
            low_percent=(low - 1.0) * PERCENT,
            high_percent=(high - 1.0) * PERCENT,
            violated_percent=violated * PERCENT,
        )


def _simple_lines(
    best: _BestKnown, states: Judge, schema: Schema, rule: CostRule
) -> Iterator[PolicyExcess]:
    """Greedy choice, and everybody at one site."""
    options = OptionTable.from_meta(schema.meta)
    users = int(schema.meta["users"])
    greedy = GreedyPolicy(options, user_columns(schema), rule.needed_percent)
    yield _line(best, GREEDY, states, greedy.act)
    for site, label in enumerate(options.sites.labels):
        if (options.site == site).any():
            fixed = FixedPolicy(label, users, options.most_accurate_each(site, users))
            yield _line(best, f"all {label}", states, fixed.act)


def _line(best: _BestKnown, name: str, states: Judge, policy: Policy) -> PolicyExcess:
    result = states.evaluate(policy)
    line = best.compare(name, result.costs_s, result.violated)
    if (result.actions == result.actions[0]).all():
        return replace(line, action=tuple(result.actions[0].tolist()))
    return line


def _fixed_lines(states: EvaluationSet, episode: NDArray[np.int64]) -> list[PolicyExcess]:
    """The joint action with the least mean cost: in hindsight, and found in other episodes.

    In hindsight it is chosen for the same states that judge it, out of very many joint actions, so
    its excess is too small. Found without the episode that judges it, the excess is a little too
    large. With a single episode there is no second line.
    """
    known = _BestKnown.of(states.solutions)
    kept = [np.ones(len(episode), dtype=np.bool_)]
    kept.extend(episode != number for number in np.unique(episode))
    kept = [chosen_on for chosen_on in kept if chosen_on.any()]
    tables = [solution.table for solution in states.solutions]
    best = best_fixed(tables, states.rule, kept)
    lines = [_line(known, BEST_FIXED, states, lambda observation: best[0])]
    if len(kept) > 1:
        others = iter(best[1 + np.unique(episode, return_inverse=True)[1].reshape(-1)])
        held_out = _line(known, HELD_OUT, states, lambda observation: next(others))
        lines.append(replace(held_out, action=None))
    return lines


def _random_line(
    best: _BestKnown, states: EvaluationSet, allowed: NDArray[np.bool_]
) -> PolicyExcess:
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
    return best.compare("random", costs_s, float(violations.mean()))
