# SPDX-License-Identifier: MIT
"""Joint actions to try besides the planned one; all of them obey the accuracy threshold."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tandem.agents.api import JointAction
from tandem.agents.inference.planner import Planner
from tandem.agents.inference.problem import JointProblem
from tandem.agents.inference.system_model import ModelView


class Explorer:
    """Draws joint actions; the planner completes and repairs them.

    Args:
        problem: users and options.
        planner: picks the variants of users who stay on their devices.
        rng: of the agent.
    """

    def __init__(self, problem: JointProblem, planner: Planner, rng: np.random.Generator) -> None:
        self._users = problem.users
        self._groups = len(problem.network_options) + 1
        self._planner = planner
        self._rng = rng

    def spread(self, view: ModelView) -> JointAction:
        """Users spread over the sites, in proportions that differ from draw to draw."""
        share = self._rng.dirichlet(np.ones(self._groups))
        pattern = self._rng.choice(self._groups, size=self._users, p=share)
        return self._planner.complete(view, pattern)

    def mutate(self, view: ModelView, action: JointAction) -> JointAction:
        """The action with one user sent somewhere at random."""
        pattern = self._planner.pattern_of(action)
        user = int(self._rng.integers(self._users))
        pattern[user] = self._rng.integers(self._groups)
        return self._planner.complete(view, pattern)

    def by_values(self, values: NDArray[np.float64], epsilon: float) -> JointAction:
        """The most valuable joint action but for users that explore.

        Args:
            values: of each user's options, ``[N, K]``.
            epsilon: probability that a user's values are replaced by random ones.
        """
        values = values.copy()
        explores = self._rng.random(self._users) < epsilon
        span = max(float(np.ptp(values)), 1.0)
        values[explores] = span * self._rng.random((int(explores.sum()), values.shape[1]))
        return self._planner.project(values.max() - values)
