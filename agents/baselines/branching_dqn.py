# SPDX-License-Identifier: MIT
"""Branching double DQN: a branch of action values per user.

All users share their weights, and the value of a joint action is the mean of its branches' values,
so the size of the network's output grows with users, not with joint actions. A user sees its own
state, the sites, its cell (where there are paths, that of each), and the mean of what the others
see.

`BranchingDqn` is the network and its learning; `BranchingLearner` lets it act.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from tandem.agents.api import Decision, JointAction, Lesson, Observation, Transition
from tandem.agents.baselines.dqn_parts import (
    GRADIENT_LIMIT,
    StateInputs,
    draw_weights,
)
from tandem.agents.baselines.dqn_settings import BranchingDqnConfig, BranchingLearnerConfig
from tandem.agents.baselines.joint_actions import draw_option
from tandem.agents.common.codec import COST_SCALE_S, is_code
from tandem.agents.common.replay import ReplayBuffer
from tandem.agents.common.threads import single_threaded
from tandem.agents.inference.config import PlannerConfig
from tandem.agents.inference.planner import Planner
from tandem.agents.inference.problem import JointProblem

Array = NDArray[np.float64]


class BranchingNetwork(nn.Module):
    """Action values of every user: ``[B, N, F]`` to ``[B, N, K]``, whatever N is."""

    def __init__(self, inputs: int, hidden: int, options: int, generator: torch.Generator) -> None:
        super().__init__()
        self.own = nn.Linear(inputs, hidden)
        self.joint = nn.Linear(2 * hidden, hidden)
        self.value = nn.Linear(hidden, 1)
        self.advantage = nn.Linear(hidden, options)
        draw_weights((self.own, self.joint, self.value, self.advantage), generator)

    def forward(self, rows: Tensor) -> Tensor:
        own = torch.relu(self.own(rows))
        others = own.mean(dim=1, keepdim=True).expand_as(own)
        joint = torch.relu(self.joint(torch.cat([own, others], dim=-1)))
        advantage = self.advantage(joint)
        values: Tensor = self.value(joint) + advantage - advantage.mean(dim=-1, keepdim=True)
        return values


class BranchingDqn:
    """Learns joint action values from transitions, real or imagined.

    Branching DQN: Tavakoli, Pardo and Kormushev, "Action Branching Architectures for Deep
    Reinforcement Learning", AAAI 2018. Double DQN: van Hasselt, Guez and Silver, "Deep
    Reinforcement Learning with Double Q-learning", AAAI 2016.

    Args:
        problem: users, options and columns.
        config: settings.
        seed: decides the initial weights.
    """

    def __init__(self, problem: JointProblem, config: BranchingDqnConfig, seed: int) -> None:
        self._problem = problem
        self._config = config
        self._inputs = StateInputs(problem, lambda column: not is_code(column))
        inputs = (
            self._inputs.per_user
            + len(problem.sites.remote) * self._inputs.per_site
            + len(problem.lanes) * self._inputs.per_cell
        )
        generator = torch.Generator().manual_seed(seed)
        options = len(problem.options)
        self._online = BranchingNetwork(inputs, config.hidden, options, generator)
        self._target = BranchingNetwork(inputs, config.hidden, options, generator)
        self._target.load_state_dict(self._online.state_dict())
        self._optimiser = torch.optim.Adam(self._online.parameters(), lr=config.learning_rate)

    @single_threaded
    def values(self, observation: Observation) -> Array:
        """Discounted reward that each user's option promises, ``[N, K]`` (the higher the
        better; in units of `COST_SCALE_S`)."""
        with torch.no_grad():
            values = self._online(self._rows([observation]))[0]
        return np.asarray(values.numpy(), dtype=np.float64)

    @single_threaded
    def update(self, batch: Sequence[Transition]) -> float:
        """One gradient step on a batch; returns the loss."""
        rows = self._rows([one.observation for one in batch])
        next_rows = self._rows([one.next_observation for one in batch])
        action = torch.from_numpy(np.stack([one.action for one in batch])).long()
        reward = torch.tensor([-one.cost_s / COST_SCALE_S for one in batch])
        goes_on = torch.tensor([0.0 if one.ended else 1.0 for one in batch])
        with torch.no_grad():
            # Double DQN: the online network chooses, the target network values the choice.
            choice = self._online(next_rows).argmax(dim=-1, keepdim=True)
            future = self._target(next_rows).gather(-1, choice).squeeze(-1).mean(dim=1)
            goal = reward + self._config.gamma * goes_on * future
        value = self._online(rows).gather(-1, action.unsqueeze(-1)).squeeze(-1).mean(dim=1)
        loss = nn.functional.smooth_l1_loss(value, goal)
        self._optimiser.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        nn.utils.clip_grad_norm_(self._online.parameters(), GRADIENT_LIMIT)
        self._optimiser.step()
        self._follow()
        return float(loss.detach())

    def state_dict(self) -> dict[str, Any]:
        """Weights and optimiser."""
        return {
            "online": self._online.state_dict(),
            "target": self._target.state_dict(),
            "optimiser": self._optimiser.state_dict(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """The inverse of `state_dict`."""
        self._online.load_state_dict(state["online"])
        self._target.load_state_dict(state["target"])
        self._optimiser.load_state_dict(state["optimiser"])

    def _follow(self) -> None:
        """Move the target network a little towards the online one."""
        with torch.no_grad():
            for target, online in zip(
                self._target.parameters(), self._online.parameters(), strict=True
            ):
                target.lerp_(online, self._config.target_rate)

    def _rows(self, observations: Sequence[Observation]) -> Tensor:
        """Inputs of all users at several observations, ``[B, N, F]``."""
        users, sites, cells = self._inputs.blocks(observations)
        flat = sites.reshape(len(sites), 1, -1)
        everywhere = np.broadcast_to(flat, (*users.shape[:2], flat.shape[-1]))
        own_cells = [cells[:, lane.cells] for lane in self._problem.lanes]
        rows = np.concatenate([users, everywhere, *own_cells], axis=-1)
        return torch.from_numpy(rows.astype(np.float32))


class BranchingLearner:
    """Users explore independently of each other; a `tandem.agents.api.Learner`.

    Args:
        problem: users, options, threshold.
        config: settings.
        seed: decides initial weights, exploration and batches.

    Raises:
        PolicyError: the scenario has no device option.
    """

    def __init__(
        self,
        problem: JointProblem,
        config: BranchingLearnerConfig,
        seed: int,
        name: str = "branching-dqn",
    ) -> None:
        seeds = np.random.SeedSequence(seed).generate_state(2)
        self.name = name
        self.config = config
        self.dqn = BranchingDqn(problem, config.dqn, int(seeds[0]))
        self.memory = ReplayBuffer(config.capacity)
        self._problem = problem
        self._planner = Planner(problem, PlannerConfig())
        self._rng = np.random.default_rng(int(seeds[1]))
        self._interactions = 0

    @property
    def policy_version(self) -> int:
        """Interactions so far that were followed by gradient steps."""
        return max(self._interactions - self.config.warmup + 1, 0)

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

    def learn(self, decision: Decision, transition: Transition) -> Lesson:
        """Remember the transition and take gradient steps on remembered ones."""
        self._interactions += 1
        self.memory.add(
            replace(transition, cost_s=min(transition.cost_s, self.config.cost_limit_s))
        )
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
        if self._interactions < self.config.warmup:
            return 1.0
        return self.config.dqn.epsilon.at(self._interactions)

    def _prefer_at_random(self, values: Array, users: NDArray[np.intp]) -> None:
        """Make one option of each of these users better than everything else; the threshold may
        still forbid it."""
        best = values.max() + values.shape[0] * max(float(np.ptp(values)), 1.0)
        for user in users:
            values[user, draw_option(self._problem, self._rng, int(user))] = best
