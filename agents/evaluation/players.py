# SPDX-License-Identifier: MIT
"""Who plays whole episodes: a policy, a learner in service, the oracle, a fixed action.

A policy sees observations. The oracle sees more: it looks ahead in branches of the very state where
a `Walk` stands. So a player is asked at a walk.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Protocol

from tandem.agents.api import Agent, Decision, JointAction, Learner, Transition
from tandem.agents.evaluation.judge import answer
from tandem.agents.evaluation.oracle import Oracle
from tandem.agents.evaluation.outcome_table import OutcomeTable
from tandem.agents.evaluation.prober import Advance
from tandem.agents.evaluation.states import Walk


class Player(Protocol):
    """Chooses joint actions in whole episodes."""

    def begin_episode(self, seed: int) -> None:
        """An episode with that seed has begun."""
        ...

    def choose(self, walk: Walk) -> JointAction:
        """The joint action to play where the walk stands; the walk does not move."""
        ...

    def saw(self, transition: Transition) -> None:
        """What came of it."""
        ...


class PolicyPlayer:
    """Plays an agent's policy as it is; a learner plays greedily and learns nothing.

    A learner may keep what it knows about the episode under way: play it inside `unchanged`.
    """

    def __init__(self, agent: Agent) -> None:
        self._agent = agent

    def begin_episode(self, seed: int) -> None:
        self._agent.begin_episode(seed)

    def choose(self, walk: Walk) -> JointAction:
        return answer(self._agent.act, walk.observation)

    def saw(self, transition: Transition) -> None:
        """Nothing: it does not learn."""


class LearningPlayer:
    """A learner in service: it decides as in training, explores as it sees fit, and learns on.

    This shows what a learner gains from seeing the episode that it is in, such as hidden loads that
    last, and what its exploring costs.
    """

    def __init__(self, learner: Learner) -> None:
        self._learner = learner
        self._decision: Decision | None = None

    def begin_episode(self, seed: int) -> None:
        self._learner.begin_episode(seed)

    def choose(self, walk: Walk) -> JointAction:
        self._decision = self._learner.decide(walk.observation)
        action: JointAction = self._decision.action
        return action

    def saw(self, transition: Transition) -> None:
        if self._decision is not None:
            self._learner.learn(self._decision, transition)


class FixedPlayer:
    """Plays one joint action for all of an episode.

    Args:
        actions: by the seed of the episode (see
            `tandem.agents.evaluation.fixed_actions.best_elsewhere`).
    """

    def __init__(self, actions: Mapping[int, JointAction]) -> None:
        self._actions = actions
        self._seed = -1

    def begin_episode(self, seed: int) -> None:
        self._seed = seed

    def choose(self, walk: Walk) -> JointAction:
        return self._actions[self._seed].copy()

    def saw(self, transition: Transition) -> None:
        """Nothing."""


class OraclePlayer:
    """The one-epoch oracle played on: at each decision what is best on average over its futures.

    Give it an oracle with ``futures=M``: the M futures leave out the one that comes, so it has no
    hindsight. It plans one epoch and not for those that follow.

    Attributes:
        tables: what the oracle measured (means over its futures), by the seed of the episode.
    """

    def __init__(self, oracle: Oracle, advance: Advance | None = None) -> None:
        self.tables: dict[int, list[OutcomeTable]] = {}
        self._oracle = oracle
        self._advance = advance
        self._seed = -1

    def begin_episode(self, seed: int) -> None:
        self._seed = seed
        self.tables[seed] = []

    def choose(self, walk: Walk) -> JointAction:
        solution = self._oracle.solve(walk, self._advance)
        self.tables[self._seed].append(solution.table)
        return solution.best.action

    def saw(self, transition: Transition) -> None:
        """Nothing."""


@contextmanager
def unchanged(learner: Learner) -> Iterator[Learner]:
    """A learner that may play and learn, and afterwards is what it was before."""
    before = copy.deepcopy(learner.state_dict())
    try:
        yield learner
    finally:
        learner.load_state_dict(before)
