# SPDX-License-Identifier: MIT
"""Branching double-DQN: the model-free half.

One branch of action values per user, from weights that all users share; the value of a joint
action is the mean of its branches' values, so the size of the network's output grows with users,
not with joint actions. A user sees its own state, the sites, its cell, and the mean of what the
others see.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from tandem.agents.api import Observation
from tandem.agents.inference.config import DqnConfig
from tandem.agents.inference.model.features import CODES, BlockCodec
from tandem.agents.inference.problem import REMOTE_SITES, JointProblem
from tandem.agents.training.replay import Epoch
from tandem.agents.training.threads import single_threaded

Array = NDArray[np.float64]
#: Costs are divided by this, so that usual rewards are about -1 (seconds).
COST_SCALE_S: Final = 0.1
#: Compressed columns are divided by this, so that inputs are about 1.
INPUT_SCALE: Final = 5.0
GRADIENT_LIMIT: Final = 10.0


class BranchingNetwork(nn.Module):
    """Action values of every user: ``[B, N, F]`` to ``[B, N, K]``, whatever N is."""

    def __init__(self, inputs: int, hidden: int, options: int, generator: torch.Generator) -> None:
        super().__init__()
        self.own = nn.Linear(inputs, hidden)
        self.joint = nn.Linear(2 * hidden, hidden)
        self.value = nn.Linear(hidden, 1)
        self.advantage = nn.Linear(hidden, options)
        for layer in (self.own, self.joint, self.value, self.advantage):
            bound = layer.in_features**-0.5
            nn.init.uniform_(layer.weight, -bound, bound, generator=generator)
            nn.init.zeros_(layer.bias)

    def forward(self, rows: Tensor) -> Tensor:
        own = torch.relu(self.own(rows))
        others = own.mean(dim=1, keepdim=True).expand_as(own)
        joint = torch.relu(self.joint(torch.cat([own, others], dim=-1)))
        advantage = self.advantage(joint)
        values: Tensor = self.value(joint) + advantage - advantage.mean(dim=-1, keepdim=True)
        return values


class BranchingDqn:
    """Learns joint action values from epochs, real or imagined.

    Args:
        problem: users, options and columns.
        config: settings.
        seed: decides the initial weights.
    """

    def __init__(self, problem: JointProblem, config: DqnConfig, seed: int) -> None:
        self._problem = problem
        self._config = config
        self._users = BlockCodec(problem.user_columns)
        self._sites = BlockCodec(problem.site_columns)
        self._cells = BlockCodec(problem.cell_columns)
        self._own = [i for i, name in enumerate(self._users.names) if name not in CODES]
        site_columns = len(REMOTE_SITES) * len(self._sites.names)
        inputs = len(self._own) + site_columns + len(self._cells.names)
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
    def update(self, epochs: Sequence[Epoch]) -> float:
        """One gradient step on a batch of epochs; returns the loss."""
        rows = self._rows([epoch.observation for epoch in epochs])
        next_rows = self._rows([epoch.next_observation for epoch in epochs])
        action = torch.from_numpy(np.stack([epoch.action for epoch in epochs])).long()
        reward = torch.tensor([-epoch.cost_s / COST_SCALE_S for epoch in epochs])
        goes_on = torch.tensor([0.0 if epoch.ended else 1.0 for epoch in epochs])
        with torch.no_grad():
            # Double DQN: the online network chooses, the target network values the choice.
            choice = self._online(next_rows).argmax(dim=-1, keepdim=True)
            future = self._target(next_rows).gather(-1, choice).squeeze(-1).mean(dim=1)
            goal = reward + self._config.gamma * goes_on * future
        value = self._online(rows).gather(-1, action.unsqueeze(-1)).squeeze(-1).mean(dim=1)
        loss = nn.functional.smooth_l1_loss(value, goal)
        self._optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
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
        users = self._users.encode(np.stack([o["users"] for o in observations]))[..., self._own]
        sites = self._sites.encode(np.stack([o["sites"] for o in observations]))
        cells = self._cells.encode(np.stack([o["cells"] for o in observations]))
        flat = sites.reshape(len(sites), 1, -1)
        everywhere = np.broadcast_to(flat, (*users.shape[:2], flat.shape[-1]))
        own_cell = cells[:, self._problem.user_cells]
        rows = np.concatenate([users, everywhere, own_cell], axis=-1) / INPUT_SCALE
        return torch.from_numpy(rows.astype(np.float32))
