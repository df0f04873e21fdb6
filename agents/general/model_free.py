# SPDX-License-Identifier: MIT
"""The model-free half of the hybrid agent: long-run values, learned from real and imagined rows.

Stable-Baselines3's DQN where there are few joint actions, else its SAC. Real transitions are those
of the model's memory. Imagined ones begin at real states, follow the model for as long as it is
right enough, and are kept apart; each gradient step takes its share of both (Janner et al., "When
to Trust Your Model: Model-Based Policy Optimization" (MBPO), NeurIPS 2019). A plan in the model
ends with the value of the state that it leads to.
"""

from __future__ import annotations

from typing import Any, Final

import gymnasium
import numpy as np
import torch
from gymnasium import spaces
from stable_baselines3 import DQN, SAC
from stable_baselines3.common.buffers import ReplayBuffer
from stable_baselines3.common.logger import Logger
from stable_baselines3.common.type_aliases import ReplayBufferSamples
from torch import Tensor

from tandem.agents.common.action_coding import MOST_NUMBERED
from tandem.agents.general.hybrid_config import ModelFreeConfig
from tandem.agents.general.model.world_model import Array, WorldModel
from tandem.agents.general.sequences import ActionCodes, Proposal

#: More joint actions than this have no output each: SAC learns instead of DQN.
MOST_OUTPUTS: Final = min(1_024, MOST_NUMBERED)


class _Stub(gymnasium.Env[Any, Any]):
    """Tells SB3 the spaces; it is never played."""

    def __init__(self, observation: spaces.Space[Any], action: spaces.Space[Any]) -> None:
        self.observation_space = observation
        self.action_space = action


class _Mixed(ReplayBuffer):
    """Draws from real and from imagined transitions; each kind has a store of its own."""

    half: ModelFreeHalf

    def sample(self, batch_size: int, env: Any = None) -> ReplayBufferSamples:
        return self.half.batch(batch_size)


class ModelFreeHalf:
    """See the module; D values of a state, N codes of an action.

    Args:
        model: whose memory and imagination it learns from.
        codes: of the actions.
        config: settings.
        discount: per decision.
        seed: decides its draws.
    """

    def __init__(
        self,
        model: WorldModel,
        codes: ActionCodes,
        config: ModelFreeConfig,
        discount: float,
        seed: int,
    ) -> None:
        self.config = config
        self._model = model
        self._codes = codes
        self._rng = np.random.default_rng([seed, 2])
        self._generator = torch.Generator().manual_seed(seed + 1)
        few = codes.joint_actions <= MOST_OUTPUTS
        self._every: Array | None = codes.every() if few else None
        action: spaces.Space[Any] = (
            spaces.Discrete(len(self._every))
            if self._every is not None
            else spaces.Box(-1.0, 1.0, (codes.size,), np.float32)
        )
        size = model.features.size
        stub = _Stub(spaces.Box(-np.inf, np.inf, (size,), np.float32), action)
        keywords: dict[str, Any] = {
            "learning_rate": config.learning_rate,
            "buffer_size": 1,
            "gamma": discount,
            "tau": config.target_rate,
            "device": "cpu",
            "seed": seed,
            "replay_buffer_class": _Mixed,
        }
        # SB3 seeds the global generator and draws its weights from it.
        with torch.random.fork_rng(devices=[]):
            self._learner: Any = (
                DQN("MlpPolicy", stub, target_update_interval=1, **keywords)
                if few
                else SAC("MlpPolicy", stub, ent_coef="auto_0.1", **keywords)
            )
        self._learner.set_logger(Logger(None, []))
        buffer: Any = self._learner.replay_buffer
        buffer.half = self
        self._imagined = {
            "state": np.zeros((0, size), np.float32),
            "following": np.zeros((0, size), np.float32),
            "action": np.zeros((0, 1 if few else codes.size), np.float32),
            "reward": np.zeros(0, np.float32),
        }
        #: Mean reward of the last imagined episodes, and of the real decisions that they left from.
        self.imagined_reward = float("nan")

    def learn(self, length: int) -> None:
        """Imagine from real states, ``length`` decisions far, and learn from everything."""
        self._imagine(length)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(int(self._rng.integers(2**31)))
            self._learner.train(self.config.updates, self.config.batch)
            if self._every is not None:
                # DQN leaves this to its own loop.
                self._follow(self.config.updates)

    @torch.no_grad()
    def value(self, states: Tensor) -> Tensor:
        """Of states ``[…, D]``, in standard deviations of the reward above its mean, ``[…]``."""
        flat = states.reshape(-1, states.shape[-1])
        if self._every is not None:
            best: Tensor = self._learner.q_net_target(flat).max(-1).values
            return best.reshape(states.shape[:-1])
        action = self._learner.actor(flat, deterministic=True)
        both = torch.cat(self._learner.critic_target(flat, action), 1)
        lowest: Tensor = both.min(1).values
        return lowest.reshape(states.shape[:-1])

    @torch.no_grad()
    def codes(self, states: Tensor) -> Array:
        """What it would play, ``[B, N]``, at states ``[B, D]``."""
        if self._every is not None:
            return np.asarray(self._every[np.asarray(self._learner.q_net(states).argmax(-1))])
        return self._as_codes(np.asarray(self._learner.actor(states, deterministic=True)))

    def batch(self, size: int) -> ReplayBufferSamples:
        """Real and imagined transitions."""
        wanted = round(self.config.imagined_share * size)
        imagined = wanted if len(self._imagined["reward"]) else 0
        columns = self._model.memory.columns
        real = self._rng.integers(len(columns["reward"]), size=size - imagined)
        unreal = self._rng.integers(max(1, len(self._imagined["reward"])), size=imagined)

        def joined(mine: Any, name: str) -> Tensor:
            return torch.cat(
                [
                    torch.as_tensor(np.asarray(mine), dtype=torch.float32),
                    torch.as_tensor(self._imagined[name][unreal]),
                ]
            )

        standardised = self._model.standardised
        actions = joined(self._as_actions(columns["codes"][real]), "action")
        reward = self._model.standardised_reward(columns["reward"][real])
        ended = np.concatenate([columns["ended"][real], np.zeros(imagined)])
        return ReplayBufferSamples(
            joined(standardised(columns["state"][real]), "state"),
            actions,
            joined(standardised(columns["following"][real]), "following"),
            torch.as_tensor(ended, dtype=torch.float32)[:, None],
            joined(reward, "reward")[:, None],
            None,
        )

    def _imagine(self, length: int) -> None:
        config = self.config
        columns = self._model.memory.columns
        starts = self._rng.integers(len(columns["reward"]), size=config.starts)
        states = self._model.standardised(columns["state"][starts])
        members = self._rng.integers(self._model.config.members, size=config.starts)
        proposal = Proposal.even(self._codes, 1)
        rewards_met = []
        for _ in range(length):
            codes = self.codes(states)
            drawn = proposal.draw(config.starts, self._rng)[:, 0]
            shares = self._rng.random(drawn.shape)
            drawn = np.where(self._codes.is_choice, drawn, shares)
            at_random = self._rng.random(config.starts) < config.random_share
            codes = np.where(at_random[:, None], drawn, codes)
            following, rewards, _ = self._model.predict(
                self._model.spread(states), codes, self._generator
            )
            picked = torch.as_tensor(members), torch.arange(config.starts)
            after, reward = following[picked], np.asarray(rewards[picked], np.float64)
            rewards_met.append(float(reward.mean()))
            fresh = {
                "state": np.asarray(states),
                "following": np.asarray(after),
                "action": self._as_actions(codes),
                "reward": self._model.standardised_reward(reward),
            }
            for name, values in fresh.items():
                grown = np.concatenate([self._imagined[name], values.astype(np.float32)])
                self._imagined[name] = grown[-config.capacity :]
            states = after
        self.imagined_reward = float(np.mean(rewards_met))

    def rescaled(self) -> None:
        """The model's scales have changed: what was imagined is in other units."""
        self._imagined = {name: values[:0] for name, values in self._imagined.items()}

    def _follow(self, updates: int) -> None:
        """Targets move as if they had after each of the gradient steps."""
        rate = 1.0 - (1.0 - self.config.target_rate) ** updates
        pairs = zip(
            self._learner.q_net.parameters(), self._learner.q_net_target.parameters(), strict=True
        )
        with torch.no_grad():
            for own, target in pairs:
                target.lerp_(own, rate)

    def _as_actions(self, codes: Array) -> Array:
        """Codes as the learner numbers or scales them."""
        if self._every is not None:
            counts = tuple(int(count) for count in self._codes.counts)
            numbers = np.ravel_multi_index(tuple(codes.astype(np.int64).T), counts)
            return np.asarray(numbers[:, None], np.float64)
        most = np.maximum(self._codes.counts - 1, 1)
        cut = (codes + 0.5) / (most + 1.0)
        return np.asarray(2.0 * np.where(self._codes.is_choice, cut, codes) - 1.0)

    def _as_codes(self, actions: Array) -> Array:
        """The inverse of `_as_actions` for scaled actions."""
        share = np.clip((actions.astype(np.float64) + 1.0) / 2.0, 0.0, 1.0)
        counts = self._codes.counts
        cut = np.minimum(np.floor(share * counts), np.maximum(counts - 1, 0))
        return np.asarray(np.where(self._codes.is_choice, cut, share))

    def state_dict(self) -> dict[str, Any]:
        """Everything that changes."""
        return {
            "rng": self._rng.bit_generator.state,
            "generator": self._generator.get_state(),
            "learner": self._learner.get_parameters(),
            "variables": {
                name: getattr(self._learner, name).detach().clone() for name in self._variables
            },
            "imagined": {name: values.copy() for name, values in self._imagined.items()},
            "reward": self.imagined_reward,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """The inverse of `state_dict`."""
        self._rng.bit_generator.state = state["rng"]
        self._generator.set_state(state["generator"])
        self._learner.set_parameters(state["learner"], exact_match=True)
        for name in self._variables:
            with torch.no_grad():
                getattr(self._learner, name).copy_(state["variables"][name])
        self._imagined = {name: np.array(values) for name, values in state["imagined"].items()}
        self.imagined_reward = float(state["reward"])

    @property
    def _variables(self) -> list[str]:
        """Tensors of SB3's that are no module's."""
        return list(self._learner._get_torch_save_params()[1])
