# SPDX-License-Identifier: MIT
"""A model of any scenario, learned from what was played: next observation and reward.

States are observations, compressed (`tandem.agents.general.model.features`) and standardised by
mean and standard deviation of what was met. An ensemble predicts mean and variance of the next
state and of the reward. Each member counts each transition a random number of times (bootstrap), so
that the members differ where little is known.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tandem.agents.general.hybrid_config import WorldModelConfig
from tandem.agents.general.model.features import Features
from tandem.agents.general.model.memory import Memory
from tandem.agents.general.model.network import SetEnsemble
from tandem.agents.general.sequences import ActionCodes
from tandem.bridge.core.schema import Schema

Array: TypeAlias = NDArray[np.float64]
#: All members.
ALL: Final = slice(None)
#: How far beyond what was met a prediction may lie, in standard deviations.
BEYOND: Final = 1.0
#: Least standard deviation of what is standardised.
LEAST_SD: Final = 1e-6
#: The scales are measured again when there are this many times as many transitions.
MORE: Final = 1.5


class _Places(NamedTuple):
    """Where the values of rows and of everything else are, as tensors."""

    row_values: Tensor
    row_actions: Tensor
    common_values: Tensor
    common_actions: Tensor
    #: Tells rows apart that are not alike.
    identities: Tensor
    #: From rows and others one behind the other to the order of a state.
    order: Tensor

    @classmethod
    def of(cls, features: Features) -> _Places:
        every = np.concatenate([features.row_values.ravel(), features.common_values])
        return cls(
            torch.as_tensor(features.row_values),
            torch.as_tensor(features.row_actions),
            torch.as_tensor(features.common_values),
            torch.as_tensor(features.common_actions),
            torch.eye(features.rows),
            torch.as_tensor(np.argsort(every)),
        )


class WorldModel:
    """See the module; D values of a state, E members.

    Args:
        schema: of the scenario.
        codes: of its actions.
        config: settings.
        seed: decides weights, bootstrap and batches.

    Attributes:
        memory: what was met.
    """

    def __init__(
        self, schema: Schema, codes: ActionCodes, config: WorldModelConfig, seed: int
    ) -> None:
        self.config = config
        self.features = Features(schema, codes)
        features = self.features
        self.memory = Memory(features.size, codes.size, config.members, config.capacity)
        self._rng = np.random.default_rng([seed, 1])
        self._generator = torch.Generator().manual_seed(seed)
        rows, own = features.row_values.shape
        self._network = SetEnsemble(
            config.members,
            own + features.row_actions.shape[1] + rows,
            len(features.common_values) + len(features.common_actions),
            own,
            1 + len(features.common_values),
            config.hidden,
            self._generator,
        )
        self._places = _Places.of(features)
        self._keep = torch.nn.Parameter(torch.full((config.members, 1, features.size), 0.5))
        self._parameters = [*self._network.parameters(), self._keep]
        self._optimiser = torch.optim.AdamW(
            self._parameters, lr=config.learning_rate, weight_decay=config.weight_decay
        )
        self._scaled_at = 0
        self._scales: dict[str, Array] = {
            "mean": np.zeros(features.size),
            "sd": np.ones(features.size),
            "low": np.full(features.size, -1.0),
            "high": np.full(features.size, 1.0),
            "reward": np.array([0.0, 1.0]),
        }
        #: How often the scales were measured.
        self.scalings = 0
        #: Fits so far; the model predicts nothing useful before the first one.
        self.fits = 0

    @property
    def reward_scale(self) -> tuple[float, float]:
        """Mean and standard deviation of the rewards met."""
        mean, sd = self._scales["reward"]
        return float(mean), float(sd)

    def state(self, observation: Mapping[str, Array]) -> Tensor:
        """An observation as a state, ``[D]``."""
        return self.standardised(self.features.compressed(observation))

    def standardised(self, compressed: Array) -> Tensor:
        """Compressed observations as states, ``[…, D]``."""
        scales = self._scales
        return torch.as_tensor((compressed - scales["mean"]) / scales["sd"], dtype=torch.float32)

    def standardised_reward(self, reward: Array) -> Array:
        """Rewards in standard deviations above their mean."""
        mean, sd = self._scales["reward"]
        return np.asarray((reward - mean) / sd)

    def add(
        self,
        observation: Mapping[str, Array],
        codes: Array,
        reward: float,
        following: Mapping[str, Array],
        *,
        ended: bool,
        begins: bool,
    ) -> None:
        """Keep a transition."""
        self.memory.add(
            state=self.features.compressed(observation),
            codes=codes,
            reward=reward,
            following=self.features.compressed(following),
            ended=ended,
            begins=begins,
            weights=self._rng.poisson(1.0, self.config.members),
        )

    def fit(self, steps: int | None = None) -> float:
        """Some gradient steps on what is in memory; returns the mean loss of the last tenth."""
        self._measure_scales()
        columns = self.memory.columns
        before, after = self.standardised(columns["state"]), self.standardised(columns["following"])
        actions = torch.as_tensor(self.features.actions(columns["codes"]), dtype=torch.float32)
        mean, sd = self._scales["reward"]
        rewards = torch.as_tensor((columns["reward"] - mean) / sd, dtype=torch.float32)
        weights = torch.as_tensor(columns["weights"], dtype=torch.float32)
        losses = []
        for _ in range(steps or self.config.fit_steps):
            drawn = torch.randint(
                len(self.memory),
                (self.config.members, self.config.batch),
                generator=self._generator,
            )
            own = weights[drawn, torch.arange(self.config.members)[:, None]]
            predicted = self._forward(before[drawn], actions[drawn], ALL)
            target = torch.cat([after[drawn], rewards[drawn][..., None]], -1)
            loss = self._loss(*predicted, target, own)
            self._optimiser.zero_grad()
            torch.autograd.backward(loss)
            torch.nn.utils.clip_grad_norm_(self._parameters, 10.0)
            self._optimiser.step()
            losses.append(float(loss.detach()))
        self.fits += 1
        return float(np.mean(losses[-max(1, len(losses) // 10) :]))

    @torch.no_grad()
    def predict(
        self,
        states: Tensor,
        codes: Array,
        draws: torch.Generator | None = None,
        *,
        member: int | None = None,
    ) -> tuple[Tensor, Tensor, Tensor]:
        """What comes next, by each member.

        Args:
            states: ``[E, B, D]``.
            codes: of the actions, ``[B, N]`` or ``[E, B, N]``.
            draws: draw the next state from what a member thinks possible; default: its mean.
            member: the only one that predicts; E is 1 then.

        Returns:
            Next states ``[E, B, D]``, within what was met and may be; mean and variance of the
            reward, ``[E, B]``.
        """
        inputs = torch.as_tensor(self.features.actions(codes), dtype=torch.float32)
        if inputs.dim() < states.dim():
            inputs = inputs.expand(len(states), -1, -1)
        chosen = ALL if member is None else slice(member, member + 1)
        mean, log_variance = self._forward(states, inputs, chosen)
        following = mean[..., :-1]
        if draws is not None:
            noise = torch.randn(following.shape, generator=draws)
            following = following + noise * torch.exp(0.5 * log_variance[..., :-1])
        low, high = (
            torch.as_tensor(self._scales[side], dtype=torch.float32) for side in ("low", "high")
        )
        centre, sd = self._scales["reward"]
        return (
            torch.clamp(following, low, high),
            mean[..., -1] * sd + centre,
            torch.exp(log_variance[..., -1]) * sd**2,
        )

    def spread(self, states: Tensor) -> Tensor:
        """The same states for every member, ``[E, B, D]``."""
        return states.expand(self.config.members, *states.shape)

    def _forward(self, states: Tensor, actions: Tensor, chosen: slice) -> tuple[Tensor, Tensor]:
        """Mean and log variance of the next state and, last, the reward, ``[E, B, D + 1]``."""
        places = self._places
        members, batch, _ = states.shape
        rows = torch.cat(
            [
                states[..., places.row_values],
                actions[..., places.row_actions],
                places.identities.expand(members, batch, -1, -1),
            ],
            -1,
        )
        common = torch.cat(
            [states[..., places.common_values], actions[..., places.common_actions]], -1
        )
        row_mean, row_log, mean, log_variance = self._network(rows, common, chosen)
        size = places.row_values.numel()

        def joined(of_rows: Tensor, others: Tensor) -> Tensor:
            values = torch.cat([of_rows.reshape(members, batch, size), others[..., 1:]], -1)
            return torch.cat([values[..., places.order], others[..., :1]], -1)

        predicted = joined(row_mean, mean)
        kept = torch.cat([self._keep[chosen] * states, torch.zeros(members, batch, 1)], -1)
        return predicted + kept, joined(row_log, log_variance)

    def _loss(self, mean: Tensor, log_variance: Tensor, target: Tensor, own: Tensor) -> Tensor:
        """Mean over members; the reward counts as much as the whole state."""
        variance = torch.exp(log_variance)
        likelihood = 0.5 * ((target - mean) ** 2 / variance + log_variance)
        weighed = likelihood * variance.detach() ** (1.0 - self.config.variance_weight)
        per_row = weighed[..., :-1].mean(-1) + weighed[..., -1]
        return (per_row * own).sum() / own.sum().clamp(min=1.0)

    def _measure_scales(self) -> None:
        if len(self.memory) < MORE * self._scaled_at:
            return
        self._scaled_at = len(self.memory)
        self.scalings += 1
        columns = self.memory.columns
        both = np.concatenate([columns["state"], columns["following"]])
        mean, sd = both.mean(axis=0), both.std(axis=0)
        sd = np.where(sd > LEAST_SD, sd, 1.0)
        features = self.features
        # Within the declared range, and not far beyond what was met.
        least = np.maximum(both.min(axis=0) - BEYOND * sd, features.low)
        most = np.minimum(both.max(axis=0) + BEYOND * sd, features.high)
        reward = columns["reward"]
        self._scales = {
            "mean": mean,
            "sd": sd,
            "low": (least - mean) / sd,
            "high": (most - mean) / sd,
            "reward": np.array([reward.mean(), max(float(reward.std()), LEAST_SD)]),
        }

    def state_dict(self) -> dict[str, Any]:
        """Everything that changes."""
        return {
            "memory": self.memory.state_dict(),
            "rng": self._rng.bit_generator.state,
            "generator": self._generator.get_state(),
            "network": self._network.state_dict(),
            "keep": self._keep.detach().clone(),
            "optimiser": self._optimiser.state_dict(),
            "scales": {name: values.copy() for name, values in self._scales.items()},
            "scaled_at": self._scaled_at,
            "scalings": self.scalings,
            "fits": self.fits,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """The inverse of `state_dict`."""
        self.memory.load_state_dict(state["memory"])
        self._rng.bit_generator.state = state["rng"]
        self._generator.set_state(state["generator"])
        self._network.load_state_dict(state["network"])
        with torch.no_grad():
            self._keep.copy_(state["keep"])
        self._optimiser.load_state_dict(state["optimiser"])
        self._scales = {name: np.array(values) for name, values in state["scales"].items()}
        self._scaled_at = int(state["scaled_at"])
        self.scalings = int(state["scalings"])
        self.fits = int(state["fits"])
