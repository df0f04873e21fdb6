# SPDX-License-Identifier: MIT
"""Playing an agent in an environment."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from tandem.agents.api import Agent, JointAction, Observation
from tandem.bridge.core.env import TandemEnv
from tandem.bridge.runs.writer import RunWriter


class Step(NamedTuple):
    """One decision: what was played and what ``env.step`` returned for it."""

    action: JointAction
    observation: Observation
    reward: float
    terminated: bool
    truncated: bool
    info: dict[str, Any]


def episode(env: TandemEnv, agent: Agent, observation: Observation, seed: int) -> Iterator[Step]:
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
        step = Step(action, *env.step(action))
        yield step
        observation = step.observation
        over = step.terminated or step.truncated


def play(
    env: TandemEnv,
    agent: Agent,
    writer: RunWriter,
    *,
    seed: int,
    episodes: int = 1,
    on_epoch: Callable[[], None] | None = None,
) -> None:
    """Play and record whole episodes, with seeds ``seed``, ``seed + 1``, …

    Args:
        env: must leave its record tables in ``info`` (the default).
        agent: decides.
        writer: an entered `RunWriter`.
        seed: of the first episode.
        episodes: how many.
        on_epoch: called after every epoch (for a progress bar).
    """
    tables = [table.name for table in env.schema.records]
    # A writer that goes on with a run knows the episodes before.
    for number in range(writer.episodes_finished, episodes):
        observation, _ = env.reset(seed=seed + number)
        writer.begin_episode(number, seed + number, observation)
        for step in episode(env, agent, observation, seed + number):
            writer.add(
                step.action,
                step.observation,
                step.reward,
                step.terminated,
                step.truncated,
                {name: step.info[name] for name in tables},
            )
            if on_epoch is not None:
                on_epoch()
