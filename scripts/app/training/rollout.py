# SPDX-License-Identifier: MIT
"""Playing an agent in an environment."""

from __future__ import annotations

from collections.abc import Callable, Iterator
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


def episode(
    env: TandemEnv, agent: Agent, observation: Observation, seed: int
) -> Iterator[PlayedDecision]:
    """Let ``agent`` play from a first ``observation`` to the end of the episode.

    Args:
        env: just reset with ``seed``.
        agent: decides.
        observation: what that reset returned.
        seed: of the episode.
    """
    agent.begin_episode(seed)
    over = False
    while not over:
        action = agent.act(observation)
        played = PlayedDecision(action, *env.step(action))
        yield played
        observation = played.observation
        over = played.terminated or played.truncated


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
    tables = [table.name for table in env.schema.records]
    # A writer that resumes a run knows its earlier episodes.
    for number in range(writer.episodes_finished, episodes):
        observation, _ = env.reset(seed=seed + number)
        writer.begin_episode(number, seed + number, observation)
        for played in episode(env, agent, observation, seed + number):
            writer.add(
                played.action,
                played.observation,
                played.reward,
                played.terminated,
                played.truncated,
                {name: played.info[name] for name in tables},
            )
            if on_decision is not None:
                on_decision()
