# SPDX-License-Identifier: MIT
"""Any Gymnasium environment as a world to learn in, an unchanged one of ns3-gym or ns3-ai too.

What a scenario of tandem declares in its schema is read off the spaces here::

    env = tandem.compat.ns3ai.Ns3Env("interference-pattern", strictEnds=True)
    world = GymWorld(gymnasium.wrappers.TimeLimit(env, 100))
    agent = HybridAgent(world, HybridConfig(), seed=1)
    Training(world, agent, seed=1).run(200)

A space has neither units nor column names, and no space says which values belong to one agent. So
all values are common ones, and a wide range is compressed without knowing its scale.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import gymnasium
import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from tandem.agents.api import Observation
from tandem.agents.common.action_coding import ActionParts, Part
from tandem.agents.training.world import Feedback, RewardLessons
from tandem.bridge.core.block import Block, Column
from tandem.bridge.core.errors import TandemError
from tandem.bridge.core.schema import Schema

#: Name of the block of a space that is no ``Dict``.
OBSERVATION: Final = "observation"
ACTION: Final = "action"


class UnfitObservations(TandemError):
    """An environment's observations are no fixed number of values."""


class GymWorld(RewardLessons):
    """A Gymnasium environment; a `tandem.agents.training.world.AnyWorld`.

    Args:
        env: whose episodes are played. Observations of ``Discrete`` and ``MultiDiscrete`` become
            one value per choice, as `gymnasium.spaces.utils.flatten` has it.
        name: of the scenario in the schema.

    Attributes:
        env: the environment.
        schema: what its spaces say.
        action_space: that of the environment.

    Raises:
        UnfitObservations: an observation has no fixed number of values; `reset` and `step` raise
            it where one has another number than its space.
        UnfitActions: actions of a kind that cannot be flat.
    """

    def __init__(self, env: gymnasium.Env[Any, Any], name: str = "gymnasium") -> None:
        self.env = env
        self.action_space = env.action_space
        self._spaces = _by_name(env.observation_space)
        self.schema = Schema(
            scenario=name,
            tandem_version="",
            ns3_version="",
            ns3_provider="",
            observation=tuple(_observed(key, space) for key, space in self._spaces.items()),
            actions=tuple(_chosen(part) for part in ActionParts(env.action_space).parts),
            records=(),
            meta={},
        )

    def reset(self, seed: int) -> Observation:
        """Start the episode of that seed."""
        return self.as_blocks(self.env.reset(seed=seed)[0])

    def step(self, action: Any) -> Feedback:
        """Play one step."""
        observation, reward, terminated, truncated, _ = self.env.step(action)
        return Feedback(
            self.as_blocks(observation), float(reward), bool(terminated), bool(truncated), {}
        )

    def as_blocks(self, observation: Any) -> Observation:
        """An observation of the environment as agents see it, by block name."""
        parts: Mapping[str, Any] = (
            observation
            if isinstance(self.env.observation_space, spaces.Dict)
            else {OBSERVATION: observation}
        )
        return {name: _values(name, space, parts[name]) for name, space in self._spaces.items()}


def _by_name(space: spaces.Space[Any]) -> dict[str, spaces.Space[Any]]:
    return dict(space.spaces) if isinstance(space, spaces.Dict) else {OBSERVATION: space}


def _values(name: str, space: spaces.Space[Any], observed: Any) -> NDArray[np.float64]:
    flat = np.asarray(spaces.flatten(space, observed), np.float64)
    expected = spaces.flatdim(space)
    if flat.size != expected:
        raise UnfitObservations(
            f"observation {name!r} has {flat.size} values, {expected} are declared. Scenarios of "
            "ns3-gym may show nothing when the simulation ends: end their episodes before that, "
            "with gymnasium.wrappers.TimeLimit"
        )
    return flat


def _observed(name: str, space: spaces.Space[Any]) -> Block:
    flat = spaces.flatten_space(space) if space.is_np_flattenable else None
    if not isinstance(flat, spaces.Box):
        raise UnfitObservations(
            f"observation {name!r} is {space}, which has no fixed number of values: give the "
            "environment an observation of Box, Discrete, MultiDiscrete, MultiBinary, or a Dict "
            "or Tuple of these"
        )
    columns = tuple(
        Column(f"{name}[{index}]", "", "", low=float(low), high=float(high))
        for index, (low, high) in enumerate(zip(flat.low, flat.high, strict=True))
    )
    return Block(name, "float64", flat.shape, 0, columns)


def _chosen(part: Part) -> Block:
    columns = tuple(
        Column("", "", "", low=float(low), high=float(high))
        for low, high in zip(part.low, part.high, strict=True)
    )
    dtype = "int64" if part.whole else "float64"
    low, high = float(part.low.min()), float(part.high.max())
    return Block(part.name or ACTION, dtype, part.shape, 0, columns, low, high)
