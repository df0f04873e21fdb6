# SPDX-License-Identifier: MIT
"""Plays policies and, at decisions on the way, branches into what other actions would have led to.

Future 0 has the random draws that the episode then meets: what *would* have happened, to the last
bit, had another action been played there. Other futures say what an action leads to on average.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tandem.agents.api import Agent, Observation
from tandem.agents.general.sequences import ActionCodes, Proposal
from tandem.bridge.core.env import TandemEnv
from tandem.bridge.core.masks import flat_masks

Array: TypeAlias = NDArray[np.float64]
#: Keeps these draws apart from those of episodes and agents.
STREAM: Final = 17
RANDOM: Final = "random"


@dataclass(frozen=True)
class Asked:
    """Which other actions are tried, and when.

    Attributes:
        alternatives: actions per decision: all of them where they are no more, else drawn evenly.
        share: of the decisions at which they are tried, drawn.
        horizon: decisions that each branch plays; the action is held.
        futures: random draws in which each is tried, from 0 on.
    """

    alternatives: int
    share: float = 1.0
    horizon: int = 1
    futures: int = 1


@dataclass(frozen=True)
class Alternative:
    """The outcome of an action in a branch.

    Attributes:
        decision: index in the episode.
        number: of the action among those tried at that decision.
        future: random draws that it met.
        action: of the scenario.
        rewards: of each decision of the branch.
        observation: after the last of them.
    """

    decision: int
    number: int
    future: int
    action: Any
    rewards: tuple[float, ...]
    observation: Observation


@dataclass
class Episode:
    """A played episode; T decisions.

    Attributes:
        policy: who played.
        seed: of the episode.
        observations: T + 1.
        actions, rewards: T.
        propensities: chances with which the policy chose the actions; NaN where they are not known.
        terminated, truncated: of the last decision.
        alternatives: what branches found.
    """

    policy: str
    seed: int
    observations: list[Observation] = field(default_factory=list)
    actions: list[Any] = field(default_factory=list)
    rewards: list[float] = field(default_factory=list)
    propensities: list[float] = field(default_factory=list)
    terminated: bool = False
    truncated: bool = False
    alternatives: list[Alternative] = field(default_factory=list)

    @property
    def interactions(self) -> int:
        """Decisions of the episode and of its branches."""
        return len(self.actions) + sum(len(tried.rewards) for tried in self.alternatives)


class Recorder:
    """Records episodes in an environment.

    Args:
        env: with an objective.
        asked: other actions.
        seed: decides which decisions and which actions are tried.
        parallel: branches at the same time; default: as many as there are processors.

    Raises:
        UnfitActions: the actions have no bounds.
    """

    def __init__(
        self, env: TandemEnv, asked: Asked, seed: int, parallel: int | None = None
    ) -> None:
        self._env = env
        self._asked = asked
        self._seed = seed
        self._parallel = parallel
        self._codes = ActionCodes(env.action_space)

    def record(self, agent: Agent, seed: int, on_decision: Callable[[], None]) -> Episode:
        """Play an episode with one policy."""
        rng = np.random.default_rng([self._seed, STREAM, seed])
        observation, _ = self._env.reset(seed=seed)
        agent.begin_episode(seed)
        episode = Episode(agent.name, seed, [observation])
        while not (episode.terminated or episode.truncated):
            if rng.random() < self._asked.share:
                episode.alternatives += self._tried(observation, len(episode.actions), rng)
            episode.propensities.append(self._propensity(agent, observation))
            action = agent.act(observation)
            observation, reward, terminated, truncated, _ = self._env.step(action)
            episode.observations.append(observation)
            episode.actions.append(action)
            episode.rewards.append(float(reward))
            episode.terminated, episode.truncated = bool(terminated), bool(truncated)
            on_decision()
        return episode

    def _tried(
        self, observation: Observation, decision: int, rng: np.random.Generator
    ) -> list[Alternative]:
        asked = self._asked
        actions = [self._codes.action(codes) for codes in self._chosen(observation, rng)]
        found = []
        for future in range(asked.futures):
            plays = [[action] * asked.horizon for action in actions]
            outcomes = self._env.branch(plays, parallel=self._parallel, future=future)
            for number, (action, outcome) in enumerate(zip(actions, outcomes, strict=True)):
                found.append(
                    Alternative(
                        decision, number, future, action, outcome.rewards, outcome.observation
                    )
                )
        return found

    def _chosen(self, observation: Observation, rng: np.random.Generator) -> Array:
        """Codes of the actions to try, ``[actions, values]``."""
        proposal = Proposal.even(self._codes, 1, self._allowed(observation))
        if self._codes.joint_actions <= self._asked.alternatives:
            every = self._codes.every()
            chances = np.take_along_axis(
                np.broadcast_to(proposal.chances[0], (len(every), *proposal.chances.shape[1:])),
                every.astype(np.int64)[..., None],
                axis=-1,
            )
            return every[(chances[..., 0] > 0.0).all(axis=1)]
        drawn = proposal.draw(self._asked.alternatives, rng)[:, 0]
        even = rng.random(drawn.shape)
        return np.where(self._codes.is_choice, drawn, even)

    def _propensity(self, agent: Agent, observation: Observation) -> float:
        if agent.name != RANDOM or not self._codes.is_choice.all():
            return float("nan")
        allowed = self._allowed(observation)
        if allowed is None:
            return 1.0 / self._codes.joint_actions
        begins = np.concatenate([[0], np.cumsum(self._codes.counts)[:-1]])
        return float(1.0 / np.prod(np.add.reduceat(allowed.astype(np.int64), begins)))

    def _allowed(self, observation: Observation) -> Any:
        schema = self._env.schema
        return flat_masks(schema, observation) if schema.masks else None
