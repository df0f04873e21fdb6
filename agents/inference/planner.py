# SPDX-License-Identifier: MIT
"""Search for the joint action of least mean response time in a model of the system.

What makes the search cheap: device variants load nothing that is shared, so only *network
patterns* (who uses which network option) need the model; the variants of those who stay on their
devices follow in closed form (`tandem.agents.inference.planning.knapsack`).

* Few users: every pattern in one batch, every variant exactly. This is the optimum of the model.
* Many users: `tandem.agents.inference.planning.pattern_search`, whose cost is
  polynomial in the users.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tandem.agents.inference.config import PlannerConfig
from tandem.agents.inference.options import PolicyError
from tandem.agents.inference.planning.knapsack import HullUpgrades, cheapest_variants, frontiers
from tandem.agents.inference.planning.pattern_search import Patterns, PatternSearch, ResponseView
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
        cost_s: its mean response time in the model, seconds.
        exact: whether it is the model's optimum, not only the best found.
        evaluated: network patterns that the model was asked about.
    """

    action: NDArray[np.int32]
    cost_s: float
    exact: bool
    evaluated: int


class Planner:
    """Plans for one problem; keeps nothing between decisions.

    Every plan obeys the accuracy threshold: below it an epoch costs more than any plan worth
    having (see `tandem.agents.inference.objective.PaperObjective`).

    Raises:
        PolicyError: the scenario has no device option.
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
        self._needed = problem.users * problem.threshold_percent
        patterns = (len(self._network) + 1) ** min(problem.users, LARGEST_EXACT_USERS)
        exact = problem.users <= LARGEST_EXACT_USERS and patterns <= config.exact_patterns
        self._patterns = self._all_patterns() if exact else None
        self._search = PatternSearch(problem, config)

    def plan(self, view: ResponseView, hints: NDArray[np.integer] | None = None) -> Plan:
        """The best joint action found.

        Args:
            hints: joint actions ``[H, N]`` from which a search may also start, such as the last
                one; without effect where all patterns are tried.
        """
        if self._patterns is not None:
            return self._enumerate(view, self._patterns)
        pattern, evaluated = self._search.best(
            view, None if hints is None else self.pattern_of(hints)
        )
        action = self.complete(view, pattern)
        return Plan(action, self.cost_s(view, action), False, evaluated)

    def cost_s(self, view: ResponseView, action: NDArray[np.integer]) -> float:
        """Mean response time of a joint action ``[N]`` in the model, seconds."""
        position = np.full(len(self._problem.options), -1, dtype=np.intp)
        position[self._device] = np.arange(len(self._device))
        users = np.flatnonzero(position[action] >= 0)
        device_s = float(view.device_s[users, position[action[users]]].sum())
        remote_s = float(view.pattern_s(self.pattern_of(action[None])).sum())
        return (device_s + remote_s) / self._problem.users

    def pattern_of(self, actions: NDArray[np.integer]) -> Patterns:
        """The network patterns of joint actions, both ``[…, N]``."""
        index = np.zeros(len(self._problem.options), dtype=np.intp)
        index[self._network] = 1 + np.arange(len(self._network))
        return np.asarray(index[actions], dtype=np.intp)

    def complete(self, view: ResponseView, pattern: Patterns) -> NDArray[np.int32]:
        """The joint action with the best variants for one network pattern, both ``[N]``.

        Where the pattern leaves the threshold out of reach, as few users as possible leave it.
        """
        cost = np.full((self._problem.users, len(self._problem.options)), FORBIDDEN_S)
        on_device = pattern == 0
        cost[np.ix_(on_device, self._device)] = view.device_s[on_device]
        offloads = np.flatnonzero(~on_device)
        cost[offloads, self._network[pattern[offloads] - 1]] = 0.0
        return self.project(cost)

    def project(self, cost: Array) -> NDArray[np.int32]:
        """The joint action of least total ``cost`` ``[N, K]`` that obeys the threshold, if users
        did not interact: the way from per-user values to an admissible joint action."""
        choice = cheapest_variants(cost, self._accuracy, self._needed)
        if choice is None:
            # Only rounding of odd accuracies gets here; upgrades do not round.
            everybody = np.ones((1, self._problem.users), dtype=np.bool_)
            total, choices = HullUpgrades(cost, self._accuracy).solve(
                everybody, np.array([self._needed])
            )
            choice = choices[0] if np.isfinite(total[0]) else None
        if choice is None:
            choice = np.full(self._problem.users, int(self._accuracy.argmax()), dtype=np.intp)
        return choice.astype(np.int32)

    def _all_patterns(self) -> Patterns:
        groups = range(len(self._network) + 1)
        rows = list(itertools.product(groups, repeat=self._problem.users))
        return np.array(rows, dtype=np.intp)

    def _enumerate(self, view: ResponseView, patterns: Patterns) -> Plan:
        users = self._problem.users
        offloads = patterns > 0
        total = view.pattern_s(patterns).sum(axis=1)
        group_accuracy = np.concatenate([[0.0], self._accuracy[self._network]])
        needed = self._needed - group_accuracy[patterns].sum(axis=1)
        sets = frontiers(view.device_s, self._accuracy[self._device])
        mask = (~offloads) @ (1 << np.arange(users))
        point = np.full(len(patterns), -1, dtype=np.intp)
        for code in np.unique(mask).tolist():
            same = mask == code
            found = sets[code].query(needed[same])
            point[same] = found
            time_s = sets[code].time_s[np.maximum(found, 0)]
            total[same] += np.where(found >= 0, time_s, np.inf)
        best = int(total.argmin())
        leaves = offloads[best]
        action = np.zeros(users, dtype=np.int32)
        action[leaves] = self._network[patterns[best, leaves] - 1]
        variants = sets[int(mask[best])].choice[point[best]]
        action[~leaves] = self._device[variants[~leaves]]
        return Plan(action, float(total[best]) / users, True, len(patterns))
