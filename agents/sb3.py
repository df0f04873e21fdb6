# SPDX-License-Identifier: MIT
"""Stable-Baselines3 on our environments: a check with independent learners (extra ``sb3``).

PPO takes one option per user as a MultiDiscrete action; DQN needs a single number, so joint actions
are numbered where there are few enough. Both see the compressed observation blocks through SB3's
``MultiInputPolicy``. The result is an ordinary `tandem.agents.api.Agent`. The accuracy threshold
reaches them only through the reward.

Rewards are the environment's own, neither limited nor scaled, and the discount is SB3's (0.99),
unless you ask for something else. For the cost of inference requests, where a response time belongs
to the decision before it, this learns in fewer interactions::

    Sb3Config(cost_scale_s=0.1, ppo=PpoConfig(gamma=0.0))

SB3: Raffin et al., "Stable-Baselines3: Reliable Reinforcement Learning Implementations", JMLR 22,
2021. PPO: Schulman et al., "Proximal Policy Optimization Algorithms", arXiv 1707.06347.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

import gymnasium
import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from tandem.agents.api import JointAction, Observation
from tandem.agents.baselines.sb3_settings import DqnConfig, PpoConfig, Sb3Config
from tandem.agents.common.codec import BlockCodec, is_state
from tandem.agents.common.threads import single_threaded
from tandem.agents.inference.options import PolicyError
from tandem.bridge.core.env import TandemEnv

try:
    from stable_baselines3 import DQN, PPO
    from stable_baselines3.common.callbacks import BaseCallback
except ImportError as error:
    raise ImportError(
        "tandem.agents.sb3 needs Stable-Baselines3: pip install 'ns3-tandem[sb3]'"
    ) from error

__all__ = [
    "Algorithm",
    "DqnConfig",
    "PpoConfig",
    "Sb3Agent",
    "Sb3Config",
    "Sb3Env",
    "make_sb3",
    "train_sb3",
]

Algorithm: TypeAlias = Literal["ppo", "dqn"]
Encoded: TypeAlias = dict[str, NDArray[np.float32]]
#: DQN has an output for each joint action and trains all of them at each step; 10 options allow
#: 4 users.
LARGEST_FLAT_SPACE: Final = 10_000


class Sb3Env(gymnasium.Env[dict[str, Any], Any]):
    """What an SB3 algorithm sees of a `TandemEnv`.

    Observations are compressed blocks, float32, without columns that are codes or describe the
    previous request. It does not own the environment: close that yourself.

    Args:
        env: the environment.
        config: limit and scale of rewards; by default they are the environment's own.
        flat: make the action a single number.

    Raises:
        PolicyError: the action is not one option per user, or there are more than
            `LARGEST_FLAT_SPACE` joint actions to number.
    """

    def __init__(self, env: TandemEnv, config: Sb3Config, flat: bool) -> None:
        space = env.action_space
        if not isinstance(space, spaces.MultiDiscrete):
            raise PolicyError(
                f"scenario {env.schema.scenario!r} has the action space {space}: the adapter takes "
                "scenarios with one option per user"
            )
        self._env = env
        self._config = config
        self._encoder = _Encoder(env)
        self._shape = tuple(int(options) for options in space.nvec.ravel()) if flat else None
        self.observation_space = self._encoder.space
        self.action_space: spaces.Space[Any] = space
        if self._shape is not None:
            self.action_space = spaces.Discrete(_flat_size(self._shape))

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Encoded, dict[str, Any]]:
        """As `TandemEnv.reset`."""
        super().reset(seed=seed)
        observation, info = self._env.reset(seed=seed, options=options)
        return self._encoder.encode(observation), info

    def step(self, action: Any) -> tuple[Encoded, float, bool, bool, dict[str, Any]]:
        """As `TandemEnv.step`; the reward is limited and scaled only as far as asked for."""
        following, reward, terminated, truncated, info = self._env.step(self.joint_action(action))
        limit_s = self._config.cost_limit_s
        limited = reward if limit_s is None else max(reward, -limit_s)
        scaled = limited / self._config.cost_scale_s
        return self._encoder.encode(following), scaled, terminated, truncated, info

    def encode(self, observation: Observation) -> Encoded:
        """An observation as the algorithm sees it."""
        return self._encoder.encode(observation)

    def joint_action(self, action: Any) -> JointAction:
        """One option per user, ``[N]``, from what the algorithm plays."""
        if self._shape is None:
            return np.asarray(action, dtype=np.int32)
        return np.array(np.unravel_index(int(action), self._shape), dtype=np.int32)


class Sb3Agent:
    """A trained SB3 policy as a `tandem.agents.api.Agent`: deterministic, without exploration.

    Attributes:
        name: ``"sb3-ppo"`` or ``"sb3-dqn"``.
        model: SB3's own object, with all that it offers.
    """

    def __init__(self, name: str, model: PPO | DQN, env: Sb3Env) -> None:
        self.name = name
        self.model = model
        self._env = env

    def begin_episode(self, seed: int) -> None:
        """Nothing to prepare."""

    @single_threaded
    def act(self, observation: Observation) -> JointAction:
        """The most likely or most valuable joint action, ``[N]``."""
        action, _ = self.model.predict(self._env.encode(observation), deterministic=True)
        return self._env.joint_action(action)

    def save(self, path: Path) -> None:
        """Write the model in SB3's format; ``model.set_parameters(path)`` reads it."""
        self.model.save(path)


#: Called after each interaction with their number and the agent as it is then.
OnInteraction: TypeAlias = Callable[[int, Sb3Agent], None]


@single_threaded
def train_sb3(
    env: TandemEnv,
    algorithm: Algorithm,
    interactions: int,
    seed: int,
    config: Sb3Config | None = None,
    *,
    on_interaction: OnInteraction | None = None,
) -> Sb3Agent:
    """Train PPO or DQN.

    Args:
        env: any scenario with one option per user and an objective; its episodes are reset.
        algorithm: ``"ppo"`` or ``"dqn"``.
        interactions: decisions in total. PPO updates in blocks and is trained with the next
            multiple of ``n_steps``.
        seed: decides SB3's draws and, unless ``env`` has a seed of its own, the episodes. SB3
            seeds the global generators of Python, NumPy and PyTorch with it.
        config: settings.
        on_interaction: for evaluations on the way and progress.

    Raises:
        PolicyError: unknown algorithm, or a scenario that does not fit (see `Sb3Env`).
    """
    agent = make_sb3(env, algorithm, seed, config)
    callback = _Callback(agent, on_interaction) if on_interaction is not None else None
    agent.model.learn(interactions, callback=callback)
    return agent


def make_sb3(
    env: TandemEnv, algorithm: Algorithm, seed: int, config: Sb3Config | None = None
) -> Sb3Agent:
    """An SB3 agent before any training; see `train_sb3`."""
    config = config or Sb3Config()
    model: PPO | DQN
    if algorithm == "ppo":
        wrapped = Sb3Env(env, config, flat=False)
        model = PPO("MultiInputPolicy", wrapped, seed=seed, device="cpu", **config.ppo.model_dump())
    elif algorithm == "dqn":
        wrapped = Sb3Env(env, config, flat=True)
        model = DQN("MultiInputPolicy", wrapped, seed=seed, device="cpu", **config.dqn.model_dump())
    else:
        raise PolicyError(f"algorithm {algorithm!r} is unknown: ppo or dqn")
    return Sb3Agent(f"sb3-{algorithm}", model, wrapped)


class _Callback(BaseCallback):
    """Passes interactions on to our kind of callback."""

    def __init__(self, agent: Sb3Agent, on_interaction: OnInteraction) -> None:
        super().__init__()
        self._agent = agent
        self._on_interaction = on_interaction

    def _on_step(self) -> bool:
        self._on_interaction(self.num_timesteps, self._agent)
        return True


class _Encoder:
    """Compresses the blocks of an observation."""

    def __init__(self, env: TandemEnv) -> None:
        self._codecs: dict[str, tuple[BlockCodec, slice | list[int]]] = {}
        shapes: dict[str, spaces.Space[Any]] = {}
        for block in env.schema.observation:
            names = {column.name: index for index, column in enumerate(block.columns)}
            kept: slice | list[int] = slice(None)
            if block.shape[-1:] == (len(names),):  # else one column stands for all values
                kept = [index for name, index in names.items() if is_state(name)]
            self._codecs[block.name] = BlockCodec(names), kept
            bounds = block.space()
            low, high = (
                self._compress(block.name, np.asarray(bound, np.float64))
                for bound in (bounds.low, bounds.high)
            )
            shapes[block.name] = spaces.Box(low, high, dtype=np.float32)
        self.space = spaces.Dict(shapes)

    def encode(self, observation: Observation) -> Encoded:
        return {name: self._compress(name, observation[name]) for name in self._codecs}

    def _compress(self, name: str, block: NDArray[np.float64]) -> NDArray[np.float32]:
        codec, kept = self._codecs[name]
        return np.asarray(codec.inputs(block)[..., kept], dtype=np.float32)


def _flat_size(shape: tuple[int, ...]) -> int:
    size = 1
    for options in shape:
        size *= options
    if size > LARGEST_FLAT_SPACE:
        raise PolicyError(
            f"{len(shape)} users with {shape[0]} options have {size} joint actions, and SB3's DQN "
            f"trains an output for each: at most {LARGEST_FLAT_SPACE} here. Use fewer users, or "
            "ppo, or our joint-dqn, which trains only the outputs that were played"
        )
    return size
