# SPDX-License-Identifier: MIT
"""The best joint action in a model under any cost rule: all of them are tried."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from tandem.agents.common.errors import PolicyError
from tandem.agents.inference.patterns import ON_DEVICE, PatternSpace
from tandem.agents.inference.planning.view import ResponseView
from tandem.agents.inference.problem import JointProblem

#: More joint actions than this take too long for one decision; 10 options allow 5 users.
MAX_ACTIONS: Final = 200_000


class EveryAction:
    """Tries every joint action that reaches the accuracy threshold.

    Raises:
        PolicyError: there are more than `MAX_ACTIONS` joint actions.
    """

    def __init__(self, problem: JointProblem, space: PatternSpace) -> None:
        options, users = len(problem.options), problem.users
        count = options**users
        if count > MAX_ACTIONS:
            raise PolicyError(
                f"{users} users with {options} options have {count} joint actions, at most "
                f"{MAX_ACTIONS} are tried; {problem.rule!r} is not a mean response time above a "
                "threshold, for which planning is faster: use fewer users or such an objective "
                "(CostRule.mean_form)"
            )
        every = np.indices((options,) * users).reshape(users, -1).T
        possible = problem.allowed[np.arange(users), every].all(axis=1)
        self._actions = every[problem.is_accurate(every) & possible].astype(np.int32)
        patterns = space.of(self._actions)
        self._patterns, row = np.unique(patterns, axis=0, return_inverse=True)
        self._row = row.reshape(-1)
        self._local = patterns == ON_DEVICE
        variant = np.searchsorted(space.devices, self._actions)
        self._variant = np.minimum(variant, len(space.devices) - 1)
        self._problem = problem

    def best(self, view: ResponseView) -> tuple[NDArray[np.int32], float, int]:
        """The best joint action ``[N]``, its cost in seconds, and how many patterns the model was
        asked about."""
        user = np.arange(self._problem.users)
        response_s = np.where(
            self._local,
            view.device_s[user, self._variant],
            view.pattern_s(self._patterns)[self._row],
        )
        cost_s = self._problem.cost_s(response_s, self._actions)
        best = int(cost_s.argmin())
        return self._actions[best].copy(), float(cost_s[best]), len(self._patterns)
