# SPDX-License-Identifier: MIT
"""Judging a policy of any scenario by the returns of whole episodes."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import gymnasium
import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from tandem.agents.api import Observation
from tandem.bridge.core.env import TandemEnv

#: Chooses an element of the scenario's action space.
Act: TypeAlias = Callable[[Observation], Any]


@dataclass(frozen=True)
class Returns:
    """What a policy got in some episodes; E episodes.

    Attributes:
        seeds: of the episodes, ``[E]``.
        returns: sums of rewards, ``[E]``.
        decisions: lengths, ``[E]``.
    """

    seeds: NDArray[np.int64]
    returns: NDArray[np.float64]
    decisions: NDArray[np.int64]

    @property
    def mean(self) -> float:
        """Mean return."""
        return float(self.returns.mean())

    @property
    def sd(self) -> float:
        """Standard deviation of the returns; NaN for one episode."""
        return float(self.returns.std(ddof=1)) if len(self.returns) > 1 else float("nan")

    @property
    def reward(self) -> float:
        """Mean reward per decision."""
        return float(self.returns.sum() / self.decisions.sum())


class ReturnJudge:
    """Plays the same episodes with one policy after the other.

    Args:
        env: with an objective; its episodes are reset.
        seeds: of the episodes.
        most_decisions: where an episode is cut off that the scenario does not end.
    """

    def __init__(
        self, env: gymnasium.Env[Any, Any], seeds: Sequence[int], most_decisions: int
    ) -> None:
        self.env = env
        self.seeds = tuple(seeds)
        self.most_decisions = most_decisions

    @property
    def tandem_env(self) -> TandemEnv:
        """The environment inside its wrappers.

        Raises:
            TypeError: it is no `TandemEnv`.
        """
        inside = self.env.unwrapped
        if not isinstance(inside, TandemEnv):
            raise TypeError(f"{self.env} is no TandemEnv: its scenario has no schema")
        return inside

    def judge(
        self,
        act: Act,
        on_episode: Callable[[], None] | None = None,
        begin: Callable[[int], None] | None = None,
    ) -> Returns:
        """Returns of a policy.

        Args:
            act: decides.
            on_episode: called after each episode.
            begin: called with each episode's seed, for a policy that draws or remembers.
        """
        returns, decisions = [], []
        for seed in self.seeds:
            observation, _ = self.env.reset(seed=seed)
            if begin is not None:
                begin(seed)
            total, played, over = 0.0, 0, False
            while not over and played < self.most_decisions:
                observation, reward, terminated, truncated, _ = self.env.step(act(observation))
                total += float(reward)
                played += 1
                over = terminated or truncated
            returns.append(total)
            decisions.append(played)
            if on_episode is not None:
                on_episode()
        return Returns(
            np.array(self.seeds, np.int64), np.array(returns), np.array(decisions, np.int64)
        )


def random_policy(space: spaces.Space[Any], seed: int) -> Act:
    """Draws from an action space, each time with equal chances."""
    own = copy.deepcopy(space)
    own.seed(seed)
    return lambda observation: own.sample()
