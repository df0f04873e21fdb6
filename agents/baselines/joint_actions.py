# SPDX-License-Identifier: MIT
"""Learners that give each whole joint action a value of its own, as in the paper's baselines.

The paper is Shahhosseini et al., "Hybrid Learning for Orchestrating Deep Learning Inference in
Multi-user Edge-cloud Networks", ISQED 2022 (arXiv 2202.11098).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Final, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from tandem.agents.api import Decision, JointAction, Observation
from tandem.agents.common.errors import PolicyError
from tandem.agents.common.schedule import LinearSchedule
from tandem.agents.common.settings import Positive, Settings, Share
from tandem.agents.inference.problem import JointProblem


class JointActionConfig(Settings):
    """What these learners have in common.

    The defaults of all baselines are the best ones of a small search on ns-3's outcomes with 3
    users: docs/results/baselines/README.md.
    """

    obey_threshold: bool = True
    """Choose only among joint actions whose nominal accuracy reaches the threshold; without it
    the threshold is learned from the cost of missing it, as in the paper."""
    cost_limit_s: Positive = 1.5
    """Larger costs count as this many seconds: how bad a bad action is does not matter, and one
    time-out must not outweigh a hundred good decisions."""
    neighbour_share: Share = 0.7
    """Share of exploring decisions that change one user's option in the greedy joint action; the
    others draw every user's option afresh."""
    epsilon: LinearSchedule = LinearSchedule()
    """Share of decisions that explore."""


C = TypeVar("C", bound=JointActionConfig)

#: More joint actions than this are not enumerated; 10 options allow 6 users.
LARGEST_SPACE: Final = 1_000_000
#: Draws that may miss the accuracy threshold before any admissible action is taken.
TRIES: Final = 50


def draw_option(problem: JointProblem, rng: np.random.Generator, user: int | None = None) -> int:
    """An option, by default of any user: first a site, then an option there.

    A uniform draw over options would leave nearly all users at the device, where most options are,
    and would teach little about the network.
    """
    site = problem.options.site
    here = rng.choice(np.unique(site))
    there = site == here
    if user is not None:
        there &= problem.allowed[user]
    return int(rng.choice(np.flatnonzero(there)))


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
        admitted = problem.allowed[np.arange(users), every].all(axis=1)
        if obey_threshold:
            admitted &= problem.is_accurate(every)
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
            options = [draw_option(self._problem, rng, user) for user in range(self._problem.users)]
            found = self.index(np.array(options))
            if found >= 0:
                return found
        return int(rng.integers(len(self)))

    def neighbour(self, index: int, rng: np.random.Generator) -> int:
        """A joint action that differs in one user's option."""
        for _ in range(TRIES):
            action = self.action(index)
            option = draw_option(self._problem, rng)
            users = np.flatnonzero(self._problem.allowed[:, option])
            action[users[rng.integers(len(users))]] = option
            found = self.index(action)
            if found not in (-1, index):
                return found
        return self.draw(rng)

    def explore(self, greedy: int, neighbour_share: float, rng: np.random.Generator) -> int:
        """A joint action to try instead of the greedy one."""
        if rng.random() < neighbour_share:
            return self.neighbour(greedy, rng)
        return self.draw(rng)


class JointActionLearner(ABC, Generic[C]):
    """Epsilon-greedy over a numbered list of joint actions; its subclasses value and learn.

    Args:
        name: for tables and run folders.
        problem: users, options, threshold.
        config: settings.
        rng: draws the exploration, and whatever else the subclass draws.

    Raises:
        PolicyError: too many joint actions.
    """

    def __init__(
        self, name: str, problem: JointProblem, config: C, rng: np.random.Generator
    ) -> None:
        self.name = name
        self.config = config
        self.space = JointSpace(problem, config.obey_threshold)
        self._rng = rng
        self._interactions = 0

    def begin_episode(self, seed: int) -> None:
        """Nothing to prepare; what was learned stays."""

    def act(self, observation: Observation) -> JointAction:
        """The joint action of the greatest value."""
        return self.space.action(self._greedy(observation))

    def decide(self, observation: Observation) -> Decision:
        """The greedy joint action or, with probability epsilon, another one."""
        source, index = "greedy", self._greedy(observation)
        if self._rng.random() < self.config.epsilon.at(self._interactions):
            source = "explore"
            index = self.space.explore(index, self.config.neighbour_share, self._rng)
        return Decision(self.space.action(index), source)

    @abstractmethod
    def _greedy(self, observation: Observation) -> int:
        """The number of the joint action of the greatest value."""
