# SPDX-License-Identifier: MIT
"""Search for the joint action of least mean response time in a model of the system.

What makes the search cheap: device variants load nothing that is shared, so only *network
patterns* (who uses which network option) need the model; the variants of those who stay on their
devices follow in closed form (`tandem.agents.inference.planning.knapsack`).

* Few users: every pattern in one batch, every variant exactly. This is the optimum of the model.
* Many users: `tandem.agents.inference.planning.pattern_search`, whose cost is
  polynomial in the users.

The closed forms hold for a cost that is a mean response time above a threshold on accuracy. For
any other cost rule every joint action is tried (`tandem.agents.inference.planning.every_action`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tandem.agents.common.errors import PolicyError
from tandem.agents.inference.config import PlannerConfig
from tandem.agents.inference.cost import PaperCost
from tandem.agents.inference.patterns import ON_DEVICE, Patterns, PatternSpace
from tandem.agents.inference.planning.allowed import BARRED_S, AllowedView
from tandem.agents.inference.planning.every_action import EveryAction
from tandem.agents.inference.planning.knapsack import HullUpgrades, cheapest_variants, frontiers
from tandem.agents.inference.planning.pattern_search import PatternSearch
from tandem.agents.inference.planning.view import ResponseView
from tandem.agents.inference.problem import JointProblem

Array = NDArray[np.float64]
#: Exact variants need a frontier per set of users, 2^users of them.
LARGEST_EXACT_USERS: Final = 7
#: Stands for "not in this pattern"; far above any response time, seconds.
FORBIDDEN_S: Final = 1e6


@dataclass(frozen=True)
class Plan:
    """What a search found.

    Attributes:
        action: joint action, ``[N]``.
        cost_s: what it costs in the model, seconds.
        exact: whether it is the model's optimum, not only the best found.
        evaluated: network patterns that the model was asked about.
    """

    action: NDArray[np.int32]
    cost_s: float
    exact: bool
    evaluated: int


class Planner:
    """Plans for one problem; keeps nothing between decisions.

    A plan obeys the accuracy threshold, unless missing it costs less (see
    `tandem.agents.inference.cost.PaperCost`).

    Raises:
        PolicyError: the scenario has no device option, or too many joint actions for a cost rule
            that only trying them all can minimise.
    """

    def __init__(self, problem: JointProblem, config: PlannerConfig) -> None:
        self._problem = problem
        self._device = problem.device_options
        self._network = problem.network_options
        if not len(self._device):
            raise PolicyError(
                "the planner needs at least one option that runs on the device: add one to the "
                "scenario's options"
            )
        self._accuracy = problem.options.top5_percent
        self._space = PatternSpace.distinct(problem.options)
        self._allowed = problem.allowed
        self._barred = ~self._allowed[:, self._network]
        self._needed = problem.users * problem.rule.least_percent
        self._form = problem.rule.mean_form
        self._every_action = EveryAction(problem, self._space) if self._form is None else None
        patterns = self._space.count(min(problem.users, LARGEST_EXACT_USERS))
        exact = problem.users <= LARGEST_EXACT_USERS and patterns <= config.exact_patterns
        self._patterns = self._all_patterns() if exact and self._form is not None else None
        self._alike = () if self._patterns is None else _alike(self._patterns == ON_DEVICE)
        self._search = PatternSearch(problem, config)

    def plan(self, view: ResponseView, hints: NDArray[np.integer] | None = None) -> Plan:
        """The best joint action found.

        Args:
            hints: joint actions ``[H, N]`` from which a search may also start, such as the last
                one; without effect where all patterns are tried.
        """
        if self._barred.any():
            view = AllowedView(view, self._barred)
        if self._every_action is not None:
            action, cost_s, evaluated = self._every_action.best(view)
            return Plan(action, cost_s, True, evaluated)
        if self._patterns is not None and self._form is not None:
            plan = self._enumerate(view, self._patterns, self._form)
            return self._or_below(view, plan, self._patterns)
        pattern, evaluated = self._search.best(
            view, None if hints is None else self.pattern_of(hints)
        )
        action = self.complete(view, pattern)
        plan = Plan(action, self.cost_s(view, action), False, evaluated)
        return self._or_below(view, plan, np.stack([pattern, np.full_like(pattern, ON_DEVICE)]))

    def _or_below(self, view: ResponseView, plan: Plan, patterns: Patterns) -> Plan:
        """The plan, or a joint action below the threshold on accuracy if that costs less.

        Below it an epoch costs its longest response time, and at least a fixed penalty. So the best
        such action has the least longest response time: some pattern with the fastest variants.
        """
        form = self._form
        if form is None or plan.cost_s <= form.violation_s:
            return plan
        fastest = view.device_s.argmin(axis=1)
        response_s = np.where(
            patterns == ON_DEVICE, view.device_s.min(axis=1), view.pattern_s(patterns)
        )
        best = int(np.lexsort((response_s.sum(axis=1), response_s.max(axis=1)))[0])
        action = self._space.playable(patterns[best])
        local = np.flatnonzero(patterns[best] == ON_DEVICE)
        action[local] = self._device[fastest[local]]
        cost_s = self.cost_s(view, action)
        return plan if cost_s >= plan.cost_s else replace(plan, action=action, cost_s=cost_s)

    def cost_s(self, view: ResponseView, action: NDArray[np.integer]) -> float:
        """What a joint action ``[N]`` costs in the model, seconds."""
        pattern = self.pattern_of(action)
        local = np.flatnonzero(pattern == ON_DEVICE)
        response_s = view.pattern_s(pattern[None])[0].copy()
        response_s[local] = view.device_s[local, np.searchsorted(self._device, action[local])]
        return float(self._problem.rule.cost_s(response_s, self._accuracy[action]))

    def pattern_of(self, actions: NDArray[np.integer]) -> Patterns:
        """The network patterns of joint actions, both ``[…, N]``."""
        return self._space.of(actions)

    def complete(self, view: ResponseView, pattern: Patterns) -> NDArray[np.int32]:
        """The joint action with the best variants for one network pattern, both ``[N]``.

        Where the pattern leaves the threshold out of reach, as few users as possible leave it.
        """
        cost = np.full((self._problem.users, len(self._problem.options)), FORBIDDEN_S)
        on_device = pattern == ON_DEVICE
        cost[np.ix_(on_device, self._device)] = view.device_s[on_device]
        offloads = np.flatnonzero(~on_device)
        cost[offloads, self._network[pattern[offloads] - 1]] = 0.0
        return self.project(cost)

    def project(self, cost: Array) -> NDArray[np.int32]:
        """The joint action of least total ``cost`` ``[N, K]`` that obeys the threshold, if users
        did not interact: the way from per-user values to an admissible joint action."""
        cost = np.where(self._allowed, cost, BARRED_S)
        choice = cheapest_variants(cost, self._accuracy, self._needed)
        if choice is None:
            # Only rounding of odd accuracies gets here; upgrades do not round.
            everybody = np.ones((1, self._problem.users), dtype=np.bool_)
            total, choices = HullUpgrades(cost, self._accuracy).solve(
                everybody, np.array([self._needed])
            )
            choice = choices[0] if np.isfinite(total[0]) else None
        if choice is None:
            choice = np.where(self._allowed, self._accuracy, -1.0).argmax(axis=1)
        return choice.astype(np.int32)

    def _all_patterns(self) -> Patterns:
        return np.array(list(self._space.every(self._problem.users)), dtype=np.intp)

    def _enumerate(self, view: ResponseView, patterns: Patterns, rule: PaperCost) -> Plan:
        """The best of all patterns, each of them with its fastest accurate variants."""
        users = self._problem.users
        remote_s = view.pattern_s(patterns)
        group_accuracy = np.concatenate([[0.0], self._accuracy[self._network]])
        accuracy = group_accuracy[patterns].sum(axis=1)
        longest_s = remote_s.max(axis=1)
        total_s = remote_s.sum(axis=1)
        reached = np.ones(len(patterns), dtype=np.bool_)
        sets = frontiers(view.device_s, self._accuracy[self._device])
        local = patterns == ON_DEVICE
        point = np.zeros(len(patterns), dtype=np.intp)
        for same in self._alike:
            who = np.flatnonzero(local[same[0]])
            frontier = sets[int((1 << who).sum())]
            found = frontier.fastest_above(self._needed - accuracy[same])
            reached[same] = found < len(frontier.time)
            found = point[same] = np.minimum(found, len(frontier.time) - 1)
            total_s[same] += frontier.time[found]
            accuracy[same] += frontier.accuracy[found]
            device_s = view.device_s[who, frontier.choice[found]]
            longest_s[same] = np.maximum(longest_s[same], device_s.max(axis=1, initial=0.0))
        cost_s = rule.of_means(total_s / users, longest_s, accuracy / users)
        cost_s = np.where(reached, cost_s, np.inf)
        # Means may round to the same number where totals differ.
        best = int(np.lexsort((total_s, cost_s))[0])
        action = self._space.playable(patterns[best])
        who = np.flatnonzero(local[best])
        action[who] = self._device[sets[int((1 << who).sum())].choice[point[best]]]
        return Plan(action, float(cost_s[best]), True, len(patterns))


def _alike(rows: NDArray[np.bool_]) -> tuple[NDArray[np.intp], ...]:
    """Indices of rows ``[P, N]`` that are equal, group by group."""
    _, group = np.unique(rows, axis=0, return_inverse=True)
    group = group.reshape(-1)
    return tuple(np.flatnonzero(group == number) for number in range(int(group.max()) + 1))
