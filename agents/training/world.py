# SPDX-License-Identifier: MIT
"""Where a learner's decisions are played: the simulator, or outcomes that it measured before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from tandem.agents.api import JointAction, Observation
from tandem.agents.inference.problem import JointProblem
from tandem.agents.inference.request_table import TABLE
from tandem.bridge.core.env import TandemEnv


@dataclass(frozen=True)
class Feedback:
    """What the world gives back after one decision.

    Attributes:
        observation: after the epoch, by block name.
        reward: of the epoch; its negative is the cost in seconds.
        terminated: the episode is over.
        truncated: the episode was cut off before its end.
        records: record tables of the epoch by name; ``requests`` is one of them.
    """

    observation: Observation
    reward: float
    terminated: bool
    truncated: bool
    records: Mapping[str, NDArray[np.void]]

    @property
    def requests(self) -> NDArray[np.void]:
        """One row per request that ended in the epoch, or was open at the end of the episode."""
        return self.records[TABLE]

    @property
    def over(self) -> bool:
        """Whether the next decision needs a reset."""
        return self.terminated or self.truncated


class World(Protocol):
    """Episodes of decision epochs that are reproducible from their seeds."""

    @property
    def problem(self) -> JointProblem:
        """The decision problem."""
        ...

    def reset(self, seed: int) -> Observation:
        """Start the episode of that seed; equal seeds start equal episodes."""
        ...

    def step(self, action: JointAction) -> Feedback:
        """Play one decision epoch."""
        ...


class EnvWorld:
    """The simulator itself, as an environment runs it.

    Attributes:
        env: the environment.

    Raises:
        PolicyError: the environment does not fit (see `joint_problem`).
    """

    def __init__(self, env: TandemEnv) -> None:
        self.env = env
        self._problem = joint_problem(env)
        self._tables = tuple(table.name for table in env.schema.records)

    @property
    def problem(self) -> JointProblem:
        """The problem that the environment's objective poses."""
        return self._problem

    def reset(self, seed: int) -> Observation:
        """Fork the episode of that seed from the warmed-up simulator."""
        return self.env.reset(seed=seed)[0]

    def step(self, action: JointAction) -> Feedback:
        """Let ns-3 run one epoch."""
        observation, reward, terminated, truncated, info = self.env.step(action)
        records = {name: info[name] for name in self._tables}
        return Feedback(observation, float(reward), terminated, truncated, records)


def joint_problem(env: TandemEnv) -> JointProblem:
    """The problem that an environment poses.

    Raises:
        PolicyError: its objective has no cost rule, or it serves no inference requests.
    """
    return JointProblem.from_schema(env.schema, env.objective)
