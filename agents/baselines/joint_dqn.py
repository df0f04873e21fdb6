# SPDX-License-Identifier: MIT
"""Joint DQN: one network with an output per joint action.

This is the baseline of Shahhosseini et al., ISQED 2022 (see
`tandem.agents.baselines.joint_actions`).

With K options and N users there are K^N outputs. To afford them, an update computes only the
outputs that were played (dot products of hidden features with those outputs' weights, sparse
gradients); all outputs are computed once per decision, and in updates only if gamma is above 0.
The value common to all joint actions has an output of its own (dueling), so that a joint action
never tried is worth what an average one is.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from tandem.agents.api import Decision, Lesson, Observation, Transition
from tandem.agents.baselines.dqn_parts import (
    GRADIENT_LIMIT,
    StateInputs,
    draw_weights,
)
from tandem.agents.baselines.dqn_settings import JointDqnConfig
from tandem.agents.baselines.joint_actions import JointActionLearner
from tandem.agents.common.codec import COST_SCALE_S, is_state
from tandem.agents.common.replay import ReplayBuffer
from tandem.agents.common.threads import single_threaded
from tandem.agents.inference.problem import JointProblem


class JointNetwork(nn.Module):
    """Values of joint actions: ``[B, F]`` to ``[B]`` for one action each, or to ``[B, A]``."""

    def __init__(self, inputs: int, hidden: int, actions: int, generator: torch.Generator) -> None:
        super().__init__()
        first, second = nn.Linear(inputs, hidden), nn.Linear(hidden, hidden)
        self.body = nn.Sequential(first, nn.ReLU(), second, nn.ReLU())
        self.common = nn.Linear(hidden, 1)
        draw_weights((first, second, self.common), generator)
        #: Weights of each joint action, its bias last; 0 at first: as good as the average.
        self.head = nn.Embedding(actions, hidden + 1, sparse=True)
        nn.init.zeros_(self.head.weight)

    def of_actions(self, rows: Tensor, action: Tensor) -> Tensor:
        """Values ``[B]`` of one joint action per row, given by number ``[B]``."""
        hidden = self.body(rows)
        weights = self.head(action)
        own = (hidden * weights[:, :-1]).sum(dim=1) + weights[:, -1]
        values: Tensor = own + self.common(hidden).squeeze(1)
        return values

    def advantages(self, rows: Tensor) -> Tensor:
        """Values of all joint actions without what they have in common, ``[B, A]``."""
        hidden = self.body(rows)
        weights = self.head.weight
        return torch.addmm(weights[:, -1], hidden, weights[:, :-1].T)

    def dense_parameters(self) -> list[nn.Parameter]:
        """All parameters but the head's."""
        return [*self.body.parameters(), *self.common.parameters()]


class JointDqn(JointActionLearner[JointDqnConfig]):
    """Epsilon-greedy double DQN with replay; a `tandem.agents.api.Learner`.

    DQN: Mnih et al., "Human-level control through deep reinforcement learning", Nature 518, 2015.
    Double DQN: van Hasselt, Guez and Silver, "Deep Reinforcement Learning with Double Q-learning",
    AAAI 2016.

    Args:
        problem: users, options, threshold.
        config: settings.
        seed: decides initial weights, exploration and batches.

    Raises:
        PolicyError: too many joint actions.
    """

    def __init__(
        self, problem: JointProblem, config: JointDqnConfig, seed: int, name: str = "joint-dqn"
    ) -> None:
        seeds = np.random.SeedSequence(seed).generate_state(2)
        super().__init__(name, problem, config, np.random.default_rng(int(seeds[0])))
        self.memory = ReplayBuffer(config.capacity)
        self._inputs = StateInputs(problem, is_state)
        width = (
            problem.users * self._inputs.per_user
            + len(problem.sites.remote) * self._inputs.per_site
            + len(problem.cell_kinds) * self._inputs.per_cell
        )
        generator = torch.Generator().manual_seed(int(seeds[1]))
        self._online = JointNetwork(width, config.hidden, len(self.space), generator)
        # Without a future nothing is bootstrapped, and a second head would be memory for nothing.
        self._target = copy.deepcopy(self._online) if config.gamma else None
        self._dense = torch.optim.Adam(self._online.dense_parameters(), lr=config.learning_rate)
        self._sparse = torch.optim.SGD(
            self._online.head.parameters(), lr=config.head_learning_rate * config.batch
        )
        self._steps = 0

    @property
    def policy_version(self) -> int:
        """Gradient steps so far."""
        return self._steps

    def learn(self, decision: Decision, transition: Transition) -> Lesson:
        """Remember the transition and take gradient steps on remembered ones."""
        self._interactions += 1
        if self.space.index(transition.action) >= 0:
            self.memory.add(transition)
        if len(self.memory):
            for _ in range(self.config.updates):
                self.update(self.memory.sample(self.config.batch, self._rng))
        return Lesson()

    @single_threaded
    def update(self, batch: Sequence[Transition]) -> float:
        """One gradient step on a batch; returns the loss."""
        limit_s = self.config.cost_limit_s
        goal = torch.tensor([-min(one.cost_s, limit_s) / COST_SCALE_S for one in batch])
        if self._target is not None:
            goal = goal + self.config.gamma * self._future(self._target, batch)
        action = torch.tensor([self.space.index(one.action) for one in batch])
        rows = self._rows([one.observation for one in batch])
        loss = nn.functional.smooth_l1_loss(self._online.of_actions(rows, action), goal)
        self._dense.zero_grad(set_to_none=True)
        self._sparse.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        nn.utils.clip_grad_norm_(self._online.dense_parameters(), GRADIENT_LIMIT)
        self._dense.step()
        self._sparse.step()
        self._steps += 1
        if self._target is not None and self._steps % self.config.target_every == 0:
            self._target.load_state_dict(self._online.state_dict())
        return float(loss.detach())

    @single_threaded
    def values(self, observation: Observation) -> NDArray[np.float64]:
        """Value of each joint action of `space`, seconds, ``[A]`` (the higher the better)."""
        with torch.no_grad():
            row = self._rows([observation])
            values = (
                self._online.advantages(row)[0] + self._online.common(self._online.body(row))[0]
            )
        return np.asarray(values.numpy(), dtype=np.float64) * COST_SCALE_S

    def state_dict(self) -> dict[str, Any]:
        """Everything that changes, generators included."""
        return {
            "online": self._online.state_dict(),
            "target": None if self._target is None else self._target.state_dict(),
            "dense": self._dense.state_dict(),
            "sparse": self._sparse.state_dict(),
            "memory": self.memory.state_dict(),
            "rng": self._rng.bit_generator.state,
            "interactions": self._interactions,
            "steps": self._steps,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """The inverse of `state_dict`."""
        self._online.load_state_dict(state["online"])
        if self._target is not None:
            self._target.load_state_dict(state["target"])
        self._dense.load_state_dict(state["dense"])
        self._sparse.load_state_dict(state["sparse"])
        self.memory.load_state_dict(state["memory"])
        self._rng.bit_generator.state = state["rng"]
        self._interactions = int(state["interactions"])
        self._steps = int(state["steps"])

    @single_threaded
    def _greedy(self, observation: Observation) -> int:
        with torch.no_grad():
            return int(self._online.advantages(self._rows([observation]))[0].argmax())

    def _future(self, target: JointNetwork, batch: Sequence[Transition]) -> Tensor:
        """Double DQN: the online network chooses, the target network values the choice."""
        goes_on = torch.tensor([0.0 if one.ended else 1.0 for one in batch])
        rows = self._rows([one.next_observation for one in batch])
        with torch.no_grad():
            choice = self._online.advantages(rows).argmax(dim=1)
            return goes_on * target.of_actions(rows, choice)

    def _rows(self, observations: Sequence[Observation]) -> Tensor:
        """Whole states, ``[B, F]``: all users in their order, all sites, all cells."""
        parts = [block.reshape(len(block), -1) for block in self._inputs.blocks(observations)]
        return torch.from_numpy(np.concatenate(parts, axis=1).astype(np.float32))
