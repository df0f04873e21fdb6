# SPDX-License-Identifier: MIT
"""Playing an agent in an environment."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from tandem.agents.api import Agent, JointAction, Observation
from tandem.bridge.core.env import TandemEnv
from tandem.bridge.runs.writer import RunWriter


class PlayedDecision(NamedTuple):
    """One decision: what was played and what ``env.step`` returned for it."""

    action: JointAction
    observation: Observation
    reward: float
    terminated: bool
    truncated: bool
    info: dict[str, Any]


class Episode:
    """An agent in an episode, decision by decision.

    Several take turns: each posts its action, so that their simulators compute at the same time,
    then each waits for its outcome.

    Args:
        env: just reset with ``seed``.
        agent: decides.
        observation: what that reset returned.
        seed: of the episode.
    """

    def __init__(self, env: TandemEnv, agent: Agent, observation: Observation, seed: int) -> None:
        agent.begin_episode(seed)
        #: Whether the episode has ended.
        self.over = False
        self._env, self._agent = env, agent
        self._observation = observation

    def post(self) -> None:
        """Let the agent decide and the simulator begin."""
        self._action: JointAction = self._agent.act(self._observation)
        self._env.post(self._action)

    def wait(self) -> PlayedDecision:
        """The outcome of what was posted."""
        played = PlayedDecision(self._action, *self._env.wait())
        self._observation = played.observation
        self.over = played.terminated or played.truncated
        return played


def episode(
    env: TandemEnv, agent: Agent, observation: Observation, seed: int
) -> Iterator[PlayedDecision]:
    """The decisions of an agent from a first ``observation`` to the end of the episode.

    Args are those of `Episode`.
    """
    under_way = Episode(env, agent, observation, seed)
    while not under_way.over:
        under_way.post()
        yield under_way.wait()


def play(
    env: TandemEnv,
    agent: Agent,
    writer: RunWriter,
    *,
    seed: int,
    episodes: int = 1,
    on_decision: Callable[[], None] | None = None,
) -> None:
    """Play and record whole episodes, with seeds ``seed``, ``seed + 1``, …

    Args:
        env: must put its record tables into ``info`` (the default).
        agent: decides.
        writer: an entered `RunWriter`.
        seed: of the first episode.
        episodes: how many.
        on_decision: called after every decision (for a progress bar).
    """
    tables = table_names(env)
    # A writer that resumes a run knows its earlier episodes.
    for number in range(writer.episodes_finished, episodes):
        observation, _ = env.reset(seed=seed + number)
        writer.begin_episode(number, seed + number, observation)
        for played in episode(env, agent, observation, seed + number):
            record(writer, tables, played)
            if on_decision is not None:
                on_decision()


def record(writer: RunWriter, tables: Sequence[str], played: PlayedDecision) -> None:
    """Write a decision and what it came to; ``tables`` are those of `table_names`."""
    writer.add(
        played.action,
        played.observation,
        played.reward,
        played.terminated,
        played.truncated,
        {name: played.info[name] for name in tables},
    )


def table_names(env: TandemEnv) -> list[str]:
    """The scenario's record tables."""
    return [table.name for table in env.schema.records]
