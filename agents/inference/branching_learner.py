# SPDX-License-Identifier: MIT
"""The branching double-DQN alone: the hybrid agent without model, planning and suggestions."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tandem.agents.api import JointAction, Observation
from tandem.agents.baselines.branching_dqn import BranchingDqn
from tandem.agents.baselines.config import BranchingConfig
from tandem.agents.inference.config import PlannerConfig
from tandem.agents.inference.joint_space import draw_option
from tandem.agents.inference.planner import Planner
from tandem.agents.inference.problem import JointProblem
from tandem.agents.learner import Decision, Lesson
from tandem.agents.training.replay import Epoch, EpochBuffer


class BranchingLearner:
    """Users explore independently of each other; a `tandem.agents.learner.Learner`.

    Args:
        problem: users, options, threshold.
        config: settings.
        seed: decides initial weights, exploration and batches.

    Raises:
        PolicyError: the scenario has no device option.
    """

    def __init__(
        self, problem: JointProblem, config: BranchingConfig, seed: int, name: str = "branching-dqn"
    ) -> None:
        seeds = np.random.SeedSequence(seed).generate_state(2)
        self.name = name
        self.config = config
        self.dqn = BranchingDqn(problem, config.dqn, int(seeds[0]))
        self.memory = EpochBuffer(config.capacity)
        self._problem = problem
        self._planner = Planner(problem, PlannerConfig())
        self._rng = np.random.default_rng(int(seeds[1]))
        self._interactions = 0

    def begin_episode(self, seed: int) -> None:
        """Nothing to prepare; what was learned stays."""

    def act(self, observation: Observation) -> JointAction:
        """The joint action of greatest total value that reaches the accuracy threshold."""
        return self._planner.project(-self.dqn.values(observation))

    def decide(self, observation: Observation) -> Decision:
        """The greedy joint action, but for the users that explore."""
        explores = self._rng.random(self._problem.users) < self._epsilon()
        values = self.dqn.values(observation)
        self._prefer_at_random(values, np.flatnonzero(explores))
        source = "explore" if explores.any() else "greedy"
        return Decision(self._planner.project(-values), source)

    def learn(self, decision: Decision, epoch: Epoch) -> Lesson:
        """Remember the epoch and take gradient steps on remembered ones."""
        self._interactions += 1
        self.memory.add(replace(epoch, cost_s=min(epoch.cost_s, self.config.cost_limit_s)))
        if self._interactions >= self.config.warmup:
            for _ in range(self.config.updates):
                self.dqn.update(self.memory.sample(self.config.dqn.batch, self._rng))
        return Lesson()

    def state_dict(self) -> dict[str, Any]:
        """Everything that changes, generators included."""
        return {
            "dqn": self.dqn.state_dict(),
            "memory": self.memory.state_dict(),
            "rng": self._rng.bit_generator.state,
            "interactions": self._interactions,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """The inverse of `state_dict`."""
        self.dqn.load_state_dict(state["dqn"])
        self.memory.load_state_dict(state["memory"])
        self._rng.bit_generator.state = state["rng"]
        self._interactions = int(state["interactions"])

    def _epsilon(self) -> float:
        """Share of users that explore now."""
        config = self.config.dqn
        if self._interactions < self.config.warmup:
            return 1.0
        done = min(self._interactions / config.epsilon_interactions, 1.0)
        return config.epsilon_start + done * (config.epsilon_end - config.epsilon_start)

    def _prefer_at_random(self, values: NDArray[np.float64], users: NDArray[np.intp]) -> None:
        """Make one option of each of these users better than everything else; the threshold may
        still forbid it."""
        best = values.max() + values.shape[0] * max(float(np.ptp(values)), 1.0)
        for user in users:
            values[user, draw_option(self._problem, self._rng)] = best
