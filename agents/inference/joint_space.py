# SPDX-License-Identifier: MIT
"""All joint actions of a problem as a numbered list, for learners that value each by itself."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from tandem.agents.api import JointAction
from tandem.agents.inference.options import PolicyError
from tandem.agents.inference.problem import JointProblem

#: More joint actions than this are not enumerated; 10 options allow 6 users.
LARGEST_SPACE: Final = 1_000_000
#: Draws that may miss the accuracy threshold before any admissible action is taken.
TRIES: Final = 50


def draw_option(problem: JointProblem, rng: np.random.Generator) -> int:
    """One user's option: first a site, then an option there.

    A uniform draw over options would leave nearly everybody at the device, where most options
    are, and so say little about the network.
    """
    site = problem.options.site
    here = rng.choice(np.unique(site))
    return int(rng.choice(np.flatnonzero(site == here)))


class JointSpace:
    """The joint actions that a learner chooses from; A of them, N users.

    Args:
        problem: users and options.
        obey_threshold: keep only joint actions that reach the accuracy threshold.

    Attributes:
        actions: in lexicographic order, ``[A, N]``.

    Raises:
        PolicyError: there are more than `LARGEST_SPACE` joint actions.
    """

    def __init__(self, problem: JointProblem, obey_threshold: bool) -> None:
        options, users = len(problem.options), problem.users
        count = options**users
        if count > LARGEST_SPACE:
            raise PolicyError(
                f"{users} users with {options} options have {count} joint actions; learners that "
                f"value each one by itself take at most {LARGEST_SPACE}: use fewer users, or "
                "hybrid, branching-dqn or bandit"
            )
        self._problem = problem
        every = np.indices((options,) * users, dtype=np.int16).reshape(users, -1).T
        admitted = np.ones(count, dtype=np.bool_)
        if obey_threshold:
            admitted = problem.is_accurate(every)
        self.actions: JointAction = every[admitted].astype(np.int32)
        self._place = np.full(count, -1, dtype=np.int32)
        self._place[admitted] = np.arange(len(self.actions))
        self._weights = options ** np.arange(users - 1, -1, -1)

    def __len__(self) -> int:
        return len(self.actions)

    def action(self, index: int) -> JointAction:
        """A copy of a joint action by its number, ``[N]``."""
        return np.array(self.actions[index], dtype=np.int32)

    def index(self, action: NDArray[np.integer]) -> int:
        """The number of a joint action ``[N]``; -1 when it is not among those chosen from."""
        return int(self._place[int(np.asarray(action) @ self._weights)])

    def draw(self, rng: np.random.Generator) -> int:
        """A joint action in which every user draws a site and an option there."""
        for _ in range(TRIES):
            options = [draw_option(self._problem, rng) for _ in range(self._problem.users)]
            found = self.index(np.array(options))
            if found >= 0:
                return found
        return int(rng.integers(len(self)))

    def neighbour(self, index: int, rng: np.random.Generator) -> int:
        """A joint action that differs in one user's option."""
        for _ in range(TRIES):
            action = self.action(index)
            action[rng.integers(len(action))] = draw_option(self._problem, rng)
            found = self.index(action)
            if found not in (-1, index):
                return found
        return self.draw(rng)

    def explore(self, greedy: int, neighbour_share: float, rng: np.random.Generator) -> int:
        """A joint action to try instead of the greedy one."""
        if rng.random() < neighbour_share:
            return self.neighbour(greedy, rng)
        return self.draw(rng)
