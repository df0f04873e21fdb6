# SPDX-License-Identifier: MIT
"""Any algorithm of Stable-Baselines3 on any scenario (extra ``sb3``).

An algorithm is named as in SB3 (``"PPO"``, ``"A2C"``, ``"DQN"``, ``"SAC"``, ``"TD3"``, …) or in
sb3-contrib, where that is installed. Actions are put into the flat space that the algorithm takes
(`tandem.agents.common.action_coding`): several blocks, whole and real numbers together. Observation
blocks are compressed and go through SB3's ``MultiInputPolicy``. The result is an ordinary
`tandem.agents.api.Agent`.

While it learns, an algorithm sees rewards that are divided by the running standard deviation of
what they add up to, unless you ask for something else. The discount is SB3's (0.99). For the cost
of inference requests, where a response time belongs to the decision before it, this learns in fewer
interactions::

    Sb3Config(lowest_reward=-1.5, algorithm={"gamma": 0.0})

SB3: Raffin et al., "Stable-Baselines3: Reliable Reinforcement Learning Implementations", JMLR 22,
2021. PPO: Schulman et al., "Proximal Policy Optimization Algorithms", arXiv 1707.06347.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeAlias

import gymnasium
import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from tandem.agents.api import Observation
from tandem.agents.baselines.sb3_settings import Sb3Config, algorithm_defaults
from tandem.agents.common.action_coding import ActionCoding, UnfitActions, codings
from tandem.agents.common.codec import BlockCodec, is_state
from tandem.agents.common.errors import PolicyError
from tandem.agents.common.threads import single_threaded
from tandem.agents.inference.domain import INFERENCE
from tandem.bridge.core.env import TandemEnv
from tandem.bridge.core.masks import METHOD as MASKS
from tandem.bridge.core.masks import flat_masks
from tandem.bridge.core.packages import is_there, not_installed

try:
    from stable_baselines3.common.base_class import BaseAlgorithm
    from stable_baselines3.common.callbacks import BaseCallback
    from stable_baselines3.common.vec_env import DummyVecEnv, VecEnv, VecNormalize
except ImportError as error:
    raise ImportError(f"tandem.agents.sb3: {not_installed('stable_baselines3')}") from error

__all__ = [
    "Sb3Agent",
    "Sb3Config",
    "Sb3Env",
    "algorithm_class",
    "make_sb3",
    "train_sb3",
]

Encoded: TypeAlias = dict[str, NDArray[np.float32]]
#: Where algorithms are looked for; the second one is a package of its own.
PACKAGES: Final = ("stable_baselines3", "sb3_contrib")


class Sb3Env(gymnasium.Env[dict[str, Any], Any]):
    """What an SB3 algorithm sees of a `TandemEnv`.

    Observations are compressed blocks, float32. In inference scenarios those columns are left out
    that are codes or describe the previous request. It does not own the environment: close that
    yourself.

    Args:
        env: a `TandemEnv`, also in wrappers of Gymnasium.
        config: limit and scale of rewards; by default they are the environment's own.
        coding: how actions are said; default: the most natural way.

    Raises:
        UnfitActions: the actions cannot be made flat.
    """

    def __init__(
        self,
        env: gymnasium.Env[Any, Any],
        config: Sb3Config | None = None,
        coding: ActionCoding | None = None,
    ) -> None:
        self._env = env
        self._config = config or Sb3Config()
        self._encoder = _Encoder(tandem_env(env))
        self._coding = coding or codings(env.action_space)[0]
        self.observation_space = self._encoder.space
        self.action_space: spaces.Space[Any] = self._coding.space

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Encoded, dict[str, Any]]:
        """As `TandemEnv.reset`."""
        super().reset(seed=seed)
        observation, info = self._env.reset(seed=seed, options=options)
        return self._encoder.encode(observation), info

    def step(self, action: Any) -> tuple[Encoded, float, bool, bool, dict[str, Any]]:
        """As `TandemEnv.step`; the reward is limited and scaled only as far as asked for."""
        following, reward, terminated, truncated, info = self._env.step(self.action(action))
        lowest = self._config.lowest_reward
        limited = float(reward) if lowest is None else max(float(reward), lowest)
        scaled = limited / self._config.reward_scale
        return self._encoder.encode(following), scaled, terminated, truncated, info

    def action_masks(self) -> NDArray[np.bool_]:
        """Which choices are allowed now, for MaskablePPO."""
        return tandem_env(self._env).action_masks()

    def masks_at(self, observation: Observation) -> NDArray[np.bool_]:
        """Which choices are allowed at an observation."""
        return flat_masks(tandem_env(self._env).schema, observation)

    def encode(self, observation: Observation) -> Encoded:
        """An observation as the algorithm sees it."""
        return self._encoder.encode(observation)

    def action(self, chosen: Any) -> Any:
        """The scenario's own action for what the algorithm chose."""
        return self._coding.action(chosen)


class Sb3Agent:
    """A trained SB3 policy as a `tandem.agents.api.Agent`: deterministic, without exploration.

    Attributes:
        name: ``"sb3:PPO"``.
        model: SB3's own object, with all that it offers.
    """

    def __init__(self, name: str, model: BaseAlgorithm, env: Sb3Env) -> None:
        self.name = name
        self.model = model
        self._env = env
        self._masks = MASKS in inspect.signature(model.predict).parameters

    def begin_episode(self, seed: int) -> None:
        """Nothing to prepare."""

    @single_threaded
    def act(self, observation: Observation) -> Any:
        """The most likely or most valuable action, in the scenario's own action space."""
        masks: dict[str, Any] = {MASKS: self._env.masks_at(observation)} if self._masks else {}
        chosen, _ = self.model.predict(self._env.encode(observation), deterministic=True, **masks)
        return self._env.action(chosen)

    def save(self, path: Path) -> None:
        """Write the model in SB3's format; ``model.set_parameters(path)`` reads it."""
        self.model.save(path)


#: Called after each interaction with their number and the agent as it is then.
OnInteraction: TypeAlias = Callable[[int, Sb3Agent], None]


@single_threaded
def train_sb3(
    env: gymnasium.Env[Any, Any],
    algorithm: str,
    interactions: int,
    seed: int,
    config: Sb3Config | None = None,
    *,
    on_interaction: OnInteraction | None = None,
) -> Sb3Agent:
    """Train an algorithm.

    Args:
        env: a `TandemEnv` of any scenario with an objective; its episodes are reset.
        algorithm: its name in SB3; case does not matter.
        interactions: decisions in total. PPO and A2C update in blocks and are trained with the next
            multiple of ``n_steps``.
        seed: decides SB3's draws and, unless ``env`` has a seed of its own, the episodes. SB3
            seeds the global generators of Python, NumPy and PyTorch with it.
        config: settings.
        on_interaction: for evaluations on the way and progress.

    Raises:
        PolicyError: unknown algorithm, or settings that it does not take.
        UnfitActions: it does not take such actions.
    """
    agent = make_sb3(env, algorithm, seed, config)
    callback = _Callback(agent, on_interaction) if on_interaction is not None else None
    agent.model.learn(interactions, callback=callback)
    return agent


def make_sb3(
    env: gymnasium.Env[Any, Any], algorithm: str, seed: int, config: Sb3Config | None = None
) -> Sb3Agent:
    """An SB3 agent before any training; see `train_sb3`."""
    config = config or Sb3Config()
    kind = algorithm_class(algorithm)
    keywords = keywords_of(kind, config.algorithm)
    common: dict[str, Any] = {"device": "cpu", **keywords}
    probing: dict[str, Any] = {**common, "_init_setup_model": False}
    refused: list[str] = []
    for coding in codings(env.action_space):
        wrapped = Sb3Env(env, config, coding)
        try:
            kind(config.policy, wrapped, **probing)
        except AssertionError as error:  # SB3's way to refuse a space, among other things
            if "action space" not in str(error):
                raise PolicyError(f"settings of {kind.__name__}: {error}") from error
            refused.append(str(error))
            continue
        model = kind(config.policy, _seen_by(kind, wrapped, config, keywords), seed=seed, **common)
        return Sb3Agent(f"sb3:{kind.__name__}", model, wrapped)
    raise UnfitActions(
        f"{kind.__name__} does not take the actions {env.action_space} of scenario "
        f"{tandem_env(env).schema.scenario!r} in any form ({refused[-1]}): PPO and A2C take all, "
        "DQN needs few whole numbers"
    )


def _seen_by(
    kind: type[BaseAlgorithm], env: Sb3Env, config: Sb3Config, keywords: dict[str, Any]
) -> VecEnv:
    """The environment as SB3's loop plays it."""
    vector: VecEnv = DummyVecEnv([lambda: env])
    if not config.normalise_rewards:
        return vector
    gamma = keywords.get("gamma", inspect.signature(kind).parameters["gamma"].default)
    return VecNormalize(vector, norm_obs=False, gamma=float(gamma))


def algorithm_class(name: str) -> type[BaseAlgorithm]:
    """The algorithm of that name, whatever its case.

    Raises:
        PolicyError: there is none.
    """
    found = {
        kind.__name__: kind
        for package in PACKAGES
        if is_there(package)
        for kind in vars(importlib.import_module(package)).values()
        if inspect.isclass(kind) and issubclass(kind, BaseAlgorithm)
    }
    for known, kind in found.items():
        if known.lower() == name.lower():
            return kind
    raise PolicyError(
        f"Stable-Baselines3 has no algorithm {name!r}: one of {', '.join(sorted(found))}"
    )


def keywords_of(kind: type[BaseAlgorithm], given: dict[str, Any]) -> dict[str, Any]:
    """All keywords for an algorithm: those given, and our defaults for the others.

    Raises:
        PolicyError: it has no such keyword.
    """
    known = set(inspect.signature(kind).parameters) - {"policy", "env", "seed", "device"}
    unknown = sorted(set(given) - known)
    if unknown:
        raise PolicyError(
            f"{kind.__name__} has no setting {unknown[0]!r}: one of {', '.join(sorted(known))}"
        )
    defaults = algorithm_defaults(kind.__name__)
    return {**{name: value for name, value in defaults.items() if name in known}, **given}


def tandem_env(env: gymnasium.Env[Any, Any]) -> TandemEnv:
    """The environment inside its wrappers.

    Raises:
        TypeError: it is no `TandemEnv`.
    """
    inside = env.unwrapped
    if not isinstance(inside, TandemEnv):
        raise TypeError(f"{env} is no TandemEnv: its scenario has no schema")
    return inside


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
        wanted = is_state if env.domain is INFERENCE else _every_column
        self._codecs: dict[str, tuple[BlockCodec, slice | list[int]]] = {}
        shapes: dict[str, spaces.Space[Any]] = {}
        for block in env.schema.observation:
            names = {column.name: index for index, column in enumerate(block.columns)}
            kept: slice | list[int] = slice(None)
            if block.shape[-1:] == (len(names),):  # else one column stands for all values
                kept = [index for name, index in names.items() if wanted(name)]
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
        full = codec.inputs(np.atleast_1d(block))  # SB3 has no spaces without axes
        return np.asarray(full[..., kept], dtype=np.float32)


def _every_column(name: str) -> bool:
    return True
