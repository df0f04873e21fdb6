# SPDX-License-Identifier: MIT
"""Worlds made of other worlds: seen through wrong knowledge, changing in mid-run, with a reference.

Each is a `tandem.agents.training.world.World`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from tandem.agents.api import JointAction, Observation
from tandem.agents.evaluation.judge import Policy
from tandem.agents.inference.problem import JointProblem
from tandem.agents.training.knowledge import Knowledge
from tandem.agents.training.world import EnvWorld, Feedback, RequestWorld, World


class BelievedWorld(RequestWorld):
    """A world as an agent with other knowledge sees it.

    Costs and request rows stay the true ones.

    Args:
        world: the true one.
        knowledge: of the agent.
        seed: of what the knowledge draws.
    """

    def __init__(self, world: World, knowledge: Knowledge, seed: int) -> None:
        self._world = world
        self._true = world.problem
        self._knowledge = knowledge
        self._problem = knowledge.problem(self._true, seed)

    @property
    def problem(self) -> JointProblem:
        """The problem that the agent believes in."""
        return self._problem

    def reset(self, seed: int) -> Observation:
        """Start an episode."""
        return self._knowledge.observation(self._true, self._world.reset(seed))

    def step(self, action: JointAction) -> Feedback:
        """Play one decision epoch."""
        feedback = self._world.step(action)
        seen = self._knowledge.observation(self._true, feedback.observation)
        return replace(feedback, observation=seen)


class ChangingWorld(RequestWorld):
    """A world that another one replaces after some interactions.

    The episode under way is cut off there, so that the next decision starts one in the other world.

    Args:
        before: the first world.
        after: the world that follows.
        at: interactions after which it does; at least 1.
    """

    def __init__(self, before: World, after: World, at: int) -> None:
        self._before = before
        self._after = after
        self._at = at
        self._steps = 0

    @property
    def problem(self) -> JointProblem:
        """The first world's problem."""
        return self._before.problem

    def reset(self, seed: int) -> Observation:
        """Start an episode in the present world."""
        return self._present.reset(seed)

    def step(self, action: JointAction) -> Feedback:
        """Play one decision epoch."""
        feedback = self._present.step(action)
        self._steps += 1
        if self._steps == self._at and not feedback.over:
            return replace(feedback, truncated=True)
        return feedback

    @property
    def _present(self) -> World:
        return self._before if self._steps < self._at else self._after


@dataclass(frozen=True, slots=True)
class CostPair:
    """What an interaction cost, and what the reference would have cost in its place, seconds."""

    cost_s: float
    reference_s: float


class ReferencedWorld(RequestWorld):
    """The simulator, with a note of what a reference policy would have cost at each decision.

    That is one branch per interaction: the same state and the same random draws. Where the
    reference plays the same joint action, no branch is needed. Branches move nothing, so the agent
    meets what it would have met without them.

    Args:
        world: the simulator.
        reference: the policy; it sees the true observation.

    Attributes:
        costs: one pair per interaction so far.
    """

    def __init__(self, world: EnvWorld, reference: Policy) -> None:
        self._world = world
        self._reference = reference
        self._observation: Observation = {}
        self.costs: list[CostPair] = []

    @property
    def problem(self) -> JointProblem:
        """The simulator's."""
        return self._world.problem

    def reset(self, seed: int) -> Observation:
        """Start an episode."""
        self._observation = self._world.reset(seed)
        return self._observation

    def step(self, action: JointAction) -> Feedback:
        """Play one decision epoch; the reference's branch comes before it."""
        instead = self._reference(self._observation)
        branch_s: float | None = None
        if not np.array_equal(instead, action):
            branch_s = -float(self._world.env.branch([instead], parallel=1)[0].reward)
        feedback = self._world.step(action)
        self._observation = feedback.observation
        cost_s = -feedback.reward
        self.costs.append(CostPair(cost_s, cost_s if branch_s is None else branch_s))
        return feedback
