# SPDX-License-Identifier: MIT
"""What an agent of any scenario is, and what it learns from.

It plays whatever the schema declares, and learns from the objective's rewards::

    decision = learner.decide(observation)
    following, reward, terminated, truncated, info = env.step(decision.action)
    step = Step(observation, decision.action, reward, following, terminated)
    figures = learner.learn(decision, step).figures
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from tandem.agents.api import Agent, AnyLearner, Observation
from tandem.bridge.core.env import TandemEnv
from tandem.bridge.core.schema import Schema


class Declared(Protocol):
    """What says what can be seen and done: a `TandemEnv`, or a `GymWorld`."""

    @property
    def schema(self) -> Schema:
        """The blocks of observations and actions."""
        ...

    @property
    def action_space(self) -> spaces.Space[Any]:
        """All actions."""
        ...


@dataclass(frozen=True)
class Step:
    """One decision and what came of it.

    Attributes:
        observation, following: blocks before and after.
        action: that was played.
        reward: of the environment's objective.
        ended: whether the episode terminated (a truncated one could continue).
    """

    observation: Observation
    action: Any
    reward: float
    following: Observation
    ended: bool


class Guide(Protocol):
    """What is believed of a scenario before anything is tried in branches."""

    def proposals(self, observation: Observation, horizon: int, count: int) -> NDArray[np.float64]:
        """Sequences of action codes believed to be good, the best first.

        Args:
            observation: where they begin.
            horizon: length, H.
            count: at most so many, C.

        Returns:
            ``[C or fewer, H, values]``, as in `tandem.agents.general.sequences`.
        """
        ...

    def worth(self, rewards: Sequence[float], end: Observation, *, ended: bool) -> float:
        """What a branch is worth: its rewards, discounted, and what is believed to follow.

        Args:
            rewards: of its decisions.
            end: observation after the last one.
            ended: the episode terminated there: nothing follows.

        Returns:
            In units of the reward; only differences between branches of equal length mean anything.
        """
        ...


class GeneralLearner(AnyLearner[Step], Protocol):
    """A learner of any scenario.

    ``act`` plays in the environment that the learner was made with, as it does in use: it does not
    explore.
    """

    @property
    def learns(self) -> bool:
        """Whether what `act` returns may ever change: else one evaluation says it all."""
        ...

    def player_in(self, env: TandemEnv) -> Agent:
        """The agent as it is now, to play in another environment of the same scenario."""
        ...
