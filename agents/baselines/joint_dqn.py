# SPDX-License-Identifier: MIT
"""Joint DQN: one network with an output per joint action, as in the paper.

With K options and N users there are K^N outputs. To afford them, an update computes only the
outputs that were played (dot products of hidden features with those outputs' weights, sparse
gradients); all outputs are computed once per decision, and in updates only if gamma is above 0.
The value common to all joint actions has an output of its own (dueling), so that a joint action
never tried is worth what an average one is.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from tandem.agents.api import JointAction, Observation
from tandem.agents.baselines.config import JointDqnConfig
from tandem.agents.inference.joint_space import JointSpace
from tandem.agents.inference.model.features import CODES, HISTORY, BlockCodec
from tandem.agents.inference.problem import JointProblem
from tandem.agents.learner import Decision, Lesson
from tandem.agents.training.replay import Epoch, EpochBuffer
from tandem.agents.training.threads import single_threaded

#: Costs are divided by this, so that usual rewards are about -1 (seconds).
COST_SCALE_S: Final = 0.1
#: Compressed columns are divided by this, so that inputs are about 1.
INPUT_SCALE: Final = 5.0
GRADIENT_LIMIT: Final = 10.0


class JointNetwork(nn.Module):
    """Values of joint actions: ``[B, F]`` to ``[B]`` for one action each, or to ``[B, A]``."""

    def __init__(self, inputs: int, hidden: int, actions: int, generator: torch.Generator) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Linear(inputs, hidden), nn.ReLU(), nn.Linear(hidden, hidden), nn.ReLU()
        )
        self.common = nn.Linear(hidden, 1)
        for layer in (self.body[0], self.body[2], self.common):
            assert isinstance(layer, nn.Linear)
            bound = layer.in_features**-0.5
            nn.init.uniform_(layer.weight, -bound, bound, generator=generator)
            nn.init.zeros_(layer.bias)
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


class JointDqn:
    """Epsilon-greedy double DQN with replay; a `tandem.agents.learner.Learner`.

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
        self.name = name
        self.config = config
        self.space = JointSpace(problem, config.obey_threshold)
        self.memory = EpochBuffer(config.capacity)
        self._rng = np.random.default_rng(int(seeds[0]))
        self._encoder = _Encoder(problem)
        generator = torch.Generator().manual_seed(int(seeds[1]))
        self._online = JointNetwork(self._encoder.width, config.hidden, len(self.space), generator)
        # Without a future nothing is bootstrapped, and a second head would be memory for nothing.
        self._target = copy.deepcopy(self._online) if config.gamma else None
        self._dense = torch.optim.Adam(self._online.dense_parameters(), lr=config.learning_rate)
        self._sparse = torch.optim.SGD(
            self._online.head.parameters(), lr=config.head_learning_rate * config.batch
        )
        self._interactions = 0
        self._steps = 0

    def begin_episode(self, seed: int) -> None:
        """Nothing to prepare; what was learned stays."""

    def act(self, observation: Observation) -> JointAction:
        """The joint action of the greatest value."""
        return self.space.action(self._greedy(observation))

    def decide(self, observation: Observation) -> Decision:
        """The greedy joint action or, with probability epsilon, another one."""
        source, index = "greedy", self._greedy(observation)
        if self._rng.random() < self.config.epsilon.at(self._interactions):
            source = "explore"
            index = self.space.explore(index, self.config.neighbour_share, self._rng)
        return Decision(self.space.action(index), source)

    def learn(self, decision: Decision, epoch: Epoch) -> Lesson:
        """Remember the epoch and take gradient steps on remembered ones."""
        self._interactions += 1
        if self.space.index(epoch.action) >= 0:
            self.memory.add(epoch)
        if len(self.memory):
            for _ in range(self.config.updates):
                self.update(self.memory.sample(self.config.batch, self._rng))
        return Lesson()

    @single_threaded
    def update(self, epochs: Sequence[Epoch]) -> float:
        """One gradient step on a batch of epochs; returns the loss."""
        limit_s = self.config.cost_limit_s
        goal = torch.tensor([-min(epoch.cost_s, limit_s) / COST_SCALE_S for epoch in epochs])
        if self._target is not None:
            goal = goal + self.config.gamma * self._future(self._target, epochs)
        action = torch.tensor([self.space.index(epoch.action) for epoch in epochs])
        rows = self._encoder.rows([epoch.observation for epoch in epochs])
        loss = nn.functional.smooth_l1_loss(self._online.of_actions(rows, action), goal)
        self._dense.zero_grad(set_to_none=True)
        self._sparse.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
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
            row = self._encoder.rows([observation])
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
            return int(self._online.advantages(self._encoder.rows([observation]))[0].argmax())

    def _future(self, target: JointNetwork, epochs: Sequence[Epoch]) -> Tensor:
        """Double DQN: the online network chooses, the target network values the choice."""
        goes_on = torch.tensor([0.0 if epoch.ended else 1.0 for epoch in epochs])
        rows = self._encoder.rows([epoch.next_observation for epoch in epochs])
        with torch.no_grad():
            choice = self._online.advantages(rows).argmax(dim=1)
            return goes_on * target.of_actions(rows, choice)


class _Encoder:
    """The whole state in one row: all users in their order, all sites, all cells."""

    def __init__(self, problem: JointProblem) -> None:
        self._users = BlockCodec(problem.user_columns)
        self._sites = BlockCodec(problem.site_columns)
        self._cells = BlockCodec(problem.cell_columns)
        self._own = [
            index
            for index, name in enumerate(self._users.names)
            if name not in CODES and not name.startswith(HISTORY)
        ]
        self._shape = (problem.users, len(self._own))
        self._rest = 2 * len(self._sites.names) + len(problem.cell_kinds) * len(self._cells.names)

    @property
    def width(self) -> int:
        """Length of a row."""
        return int(np.prod(self._shape)) + self._rest

    def rows(self, observations: Sequence[Observation]) -> Tensor:
        """``[B, F]``."""
        users = self._users.encode(np.stack([o["users"] for o in observations]))[..., self._own]
        sites = self._sites.encode(np.stack([o["sites"] for o in observations]))
        cells = self._cells.encode(np.stack([o["cells"] for o in observations]))
        parts: list[NDArray[np.float64]] = [
            block.reshape(len(observations), -1) for block in (users, sites, cells)
        ]
        return torch.from_numpy((np.concatenate(parts, axis=1) / INPUT_SCALE).astype(np.float32))
