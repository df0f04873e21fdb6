# SPDX-License-Identifier: MIT
"""Who should offload where, when there are too many users to try every pattern.

1. For a grid of divisions of the users over the network options, the model prices every user's
   options in the mean field of that division; a multiple-choice knapsack (prices on accuracy and
   on places, all divisions at once) picks who goes where.
2. The patterns found are evaluated in the model itself, and the best are improved by moves of one
   user and exchanges of two.

N users, V device options, M network options, G divisions, B cases: work grows with G·N·(V + M)
for the knapsacks and N²·M per local step.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tandem.agents.inference.config import PlannerConfig
from tandem.agents.inference.local_search import Descent, descend
from tandem.agents.inference.patterns import ON_DEVICE, Patterns, PatternSpace, exchanged
from tandem.agents.inference.planning.knapsack import HullUpgrades
from tandem.agents.inference.planning.view import ResponseView
from tandem.agents.inference.problem import JointProblem

Array: TypeAlias = NDArray[np.float64]

#: Largest grid of divisions that is laid out before it is thinned.
MESH_LIMIT: Final = 50_000


class PatternSearch:
    """Finds good network patterns for one problem; keeps nothing between decisions."""

    def __init__(self, problem: JointProblem, config: PlannerConfig) -> None:
        self._users = problem.users
        self._config = config
        self._space = PatternSpace.distinct(problem.options)
        accuracy = problem.options.top5_percent
        self._device_accuracy = accuracy[problem.device_options]
        self._network_accuracy = accuracy[problem.network_options]
        self._options = len(self._network_accuracy)
        self._permitted = problem.allowed[:, problem.network_options]
        self._most = self._permitted.sum(axis=0)
        self._needed = problem.users * problem.threshold_percent
        self._least = problem.users * problem.rule.least_percent
        self._threshold = problem.threshold_percent
        self._counts = self._divisions()

    def best(self, view: ResponseView, hints: Patterns | None) -> tuple[Patterns, int]:
        """The best pattern found ``[N]`` and how many the model was asked about."""
        if not self._options:
            return np.full(self._users, ON_DEVICE, dtype=np.intp), 0
        upgrades = HullUpgrades(view.device_s, self._device_accuracy)
        patterns = self._knapsacks(view, upgrades)
        if hints is not None:
            patterns = np.concatenate([patterns, hints])
        patterns = np.unique(patterns, axis=0)
        totals = self._total_s(view, upgrades, patterns)
        evaluated = len(patterns)
        best = Descent(patterns[int(totals.argmin())], np.inf, 0)
        for start in np.argsort(totals, kind="stable")[: self._config.starts].tolist():
            found = descend(
                patterns[start],
                float(totals[start]),
                lambda pattern: self._neighbours(view, pattern),
                lambda neighbours: self._total_s(view, upgrades, neighbours),
                self._config.local_steps,
            )
            evaluated += found.tried
            if found.value < best.value:
                best = found
        return best.pattern, evaluated

    # Knapsacks

    def _knapsacks(self, view: ResponseView, upgrades: HullUpgrades) -> Patterns:
        """One pattern per division of the users over the network options, ``[G, N]``."""
        cases = len(self._counts)
        # In the mean field every user who may is at each option with the same small share.
        share = self._counts / np.maximum(self._most - 1, 1)
        weights = share[:, None, :] * self._permitted
        device_s = np.broadcast_to(view.device_s, (cases, *view.device_s.shape))
        return self._price(device_s, view.field_s(weights), upgrades.steepest)

    def _price(self, device_s: Array, network_s: Array, highest: float) -> Patterns:
        """Solve the knapsacks of all divisions by prices on accuracy and on places.

        Args:
            device_s: ``[G, N, V]``.
            network_s: ``[G, N, M]``.
            highest: a price of accuracy (s per percent) at which all want the most accurate.
        """
        cases = len(self._counts)
        low, high = np.zeros(cases), np.full(cases, highest)
        price = np.zeros(cases)
        rent = np.zeros((cases, self._options))
        groups = np.empty((cases, self._users, self._options + 1))
        pattern: Patterns = np.zeros((cases, self._users), dtype=np.intp)
        for _ in range(self._config.knapsack_sweeps):
            charge = price[:, None, None]
            at_device = device_s - charge * self._device_accuracy
            variant = at_device.argmin(axis=2)
            groups[..., 0] = at_device.min(axis=2)
            groups[..., 1:] = network_s - charge * self._network_accuracy
            for option in range(self._options):
                rent[:, option] = self._rent(groups, rent, option)
            groups[..., 1:] += rent[:, None, :]
            pattern = groups.argmin(axis=2)
            accuracy = np.where(
                pattern == ON_DEVICE,
                self._device_accuracy[variant],
                self._network_accuracy[np.maximum(pattern - 1, 0)],
            )
            enough = accuracy.sum(axis=1) >= self._needed
            high = np.where(enough, price, high)
            low = np.where(enough, low, price)
            price = (low + high) / 2.0
        return pattern

    def _rent(self, groups: Array, rent: Array, option: int) -> Array:
        """The rent of an option at which as many users come as it has places, ``[G]``.

        Args:
            groups: cost without rent, ``[G, N, 1 + M]``.
            rent: rents of all options, ``[G, M]``.
        """
        elsewhere = groups.copy()
        elsewhere[..., 1:] += rent[:, None, :]
        elsewhere[..., option + 1] = np.inf
        worth = np.sort(elsewhere.min(axis=2) - groups[..., option + 1], axis=1)[:, ::-1]
        places = self._counts[:, option].astype(np.intp)
        case = np.arange(len(places))
        most = int(self._most[option])
        inside = worth[case, np.clip(places - 1, 0, most - 1)]
        outside = worth[case, np.clip(places, 0, most - 1)]
        middle = (inside + outside) / 2.0
        return np.where(places == 0, inside + 1.0, np.where(places >= most, outside - 1.0, middle))

    def _divisions(self) -> Array:
        """Numbers of users at each network option, on a grid that is finer near 0, ``[G, M]``."""
        if not self._options:
            return np.zeros((1, 0))
        levels = self._users + 1
        grid = self._grid(levels)
        while levels > 2 and len(grid) > self._config.count_combinations:  # noqa: PLR2004
            levels -= 1
            grid = self._grid(levels)
        # All users at one option: the fallback where nothing else is accurate enough.
        extremes = self._most * np.eye(self._options)
        grid = np.concatenate([grid, extremes])
        return np.unique(grid[(grid <= self._most).all(axis=1)], axis=0)

    def _grid(self, levels: int) -> Array:
        axis = np.unique(np.rint(self._users * np.linspace(0.0, 1.0, levels) ** 2))
        if levels > self._users:
            axis = np.arange(self._users + 1.0)
        # With many options a mesh is too large; a coarse one over each is what can be afforded.
        while len(axis) > 2 and len(axis) ** self._options > MESH_LIMIT:  # noqa: PLR2004
            axis = axis[::2]
        mesh = np.stack(np.meshgrid(*[axis] * self._options, indexing="ij"), axis=-1)
        flat = mesh.reshape(-1, self._options)
        return np.asarray(flat[flat.sum(axis=1) <= self._users])

    # Local search

    def _neighbours(self, view: ResponseView, pattern: Patterns) -> Iterator[Patterns]:
        """Moves of one user and exchanges of two, all at once."""
        yield np.concatenate([self._space.moves(pattern), self._exchanges(view, pattern)])

    def _exchanges(self, view: ResponseView, pattern: Patterns) -> Patterns:
        """Swaps between two groups of the users who would gain most by changing."""
        limit = self._config.swap_candidates
        cost = self._group_cost(view, pattern)
        swaps: list[Patterns] = []
        for a, b in itertools.combinations(range(self._options + 1), 2):
            at_a, at_b = np.flatnonzero(pattern == a), np.flatnonzero(pattern == b)
            leave_a = at_a[np.argsort(cost[at_a, b] - cost[at_a, a], kind="stable")[:limit]]
            leave_b = at_b[np.argsort(cost[at_b, a] - cost[at_b, b], kind="stable")[:limit]]
            for u, v in itertools.product(leave_a.tolist(), leave_b.tolist()):
                swaps.append(exchanged(pattern, u, v))
        return np.array(swaps, dtype=np.intp).reshape(len(swaps), self._users)

    def _group_cost(self, view: ResponseView, pattern: Patterns) -> Array:
        """Each user's own time on its device and at each network option, ``[N, 1 + M]``."""
        weights = (pattern[:, None] == 1 + np.arange(self._options)).astype(np.float64)
        # The fastest variant that meets the threshold on its own stands for the device.
        accurate = self._device_accuracy >= min(self._threshold, self._device_accuracy.max())
        device_s = view.device_s[:, accurate].min(axis=1, keepdims=True)
        return np.concatenate([device_s, view.field_s(weights[None])[0]], axis=1)

    def _total_s(self, view: ResponseView, upgrades: HullUpgrades, patterns: Patterns) -> Array:
        """Total response time of patterns with near-optimal variants, ``[B]``; infinite where
        the threshold is out of reach."""
        accuracy = np.concatenate([[0.0], self._network_accuracy])
        needed = self._least - accuracy[patterns].sum(axis=1)
        device_s, _ = upgrades.solve(patterns == ON_DEVICE, needed)
        reachable = np.flatnonzero(np.isfinite(device_s))
        total = np.full(len(patterns), np.inf)
        if len(reachable):
            remote_s = view.pattern_s(patterns[reachable]).sum(axis=1)
            total[reachable] = device_s[reachable] + remote_s
        return total
