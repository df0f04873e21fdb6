# SPDX-License-Identifier: MIT
"""Actions, and observations if you like, as one row of numbers, for learning libraries.

Stable-Baselines3 takes neither a ``Dict`` of actions nor a ``MultiDiscrete`` of two dimensions, and
its ``Box`` should go from -1 to 1; TorchRL and RLlib are easiest with one row, too::

    model = PPO("MultiInputPolicy", flatten(TandemEnv("./my_scenario")))

What an action looks like depends on the scenario's action blocks:

- Integers alone: a ``MultiDiscrete``, one entry for each, that starts at 0.
- Real numbers alone: a float32 ``Box`` from -1 to 1, which stand for the bounds.
- Both, with ``levels``: a ``MultiDiscrete`` in which each real number has so many values, evenly
  from one bound to the other.
- Both, without: a ``Box`` in which each choice of an integer has an equal part of -1 to 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from tandem.agents.common.action_coding import row_coding
from tandem.bridge.core.accounting import Observation
from tandem.bridge.core.env import TandemEnv
from tandem.bridge.core.errors import InvalidAction
from tandem.bridge.core.schema import Schema


class FlatEnv(gymnasium.Wrapper[Any, Any, Observation, Any]):
    """See `flatten`."""

    def __init__(self, env: TandemEnv, levels: int | None, observations: bool) -> None:
        super().__init__(env)
        self._coding = row_coding(env.action_space, levels)
        self.action_space = self._coding.space
        self._levels = levels
        self._flat_observations = observations
        self.observation_space = (
            row_space(env.schema) if observations else space_with_axes(env.schema)
        )

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        """As `TandemEnv.reset`."""
        observation, info = self.env.reset(seed=seed, options=options)
        return self.shown(observation), info

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        """As `TandemEnv.step`, with one row of numbers.

        Raises:
            InvalidAction: the row has another length, or values outside of the space.
        """
        observation, reward, terminated, truncated, info = self.env.step(
            self.scenario_action(action)
        )
        return self.shown(observation), float(reward), terminated, truncated, info

    def action_masks(self) -> NDArray[np.bool_]:
        """As `TandemEnv.action_masks`: for MaskablePPO, where all actions are integers."""
        tandem: TandemEnv = self.get_wrapper_attr("unwrapped")
        return tandem.action_masks(self._levels)

    def scenario_action(self, action: Any) -> Any:
        """The scenario's own action for a row of numbers.

        Raises:
            InvalidAction: as `step`.
        """
        return self._coding.action(self._checked(action))

    def _checked(self, action: Any) -> NDArray[Any]:
        space = self.action_space
        row = np.asarray(action)
        if row.shape != space.shape:
            raise InvalidAction(
                f"the row of actions has shape {row.shape}, expected is {space.shape}"
            )
        cast = row.astype(space.dtype)
        if not space.contains(cast) or (
            np.issubdtype(space.dtype, np.integer) and (cast != row).any()
        ):
            raise InvalidAction(f"the row of actions {row.tolist()} is not in {space}")
        return cast

    def shown(self, observation: Mapping[str, NDArray[np.float64]]) -> Any:
        """A scenario's observation as this environment shows it."""
        if self._flat_observations:
            return row_of(observation)
        return {name: np.atleast_1d(block) for name, block in observation.items()}


def flatten(env: TandemEnv, *, levels: int | None = None, observations: bool = False) -> FlatEnv:
    """An environment whose actions are one row of numbers; see `tandem.agents.flat`.

    Args:
        env: of any scenario; closing the result closes it.
        levels: values that each real number has; ``None``: real numbers stay real.
        observations: also make the observation one row, float32, blocks in the schema's order.

    Raises:
        UnfitActions: ``levels`` is below 2, or a number has no bounds.
    """
    return FlatEnv(env, levels, observations)


def row_of(observation: Mapping[str, NDArray[np.float64]]) -> NDArray[np.float32]:
    """All blocks of an observation one behind the other, as float32."""
    return _as_float32(np.concatenate([np.ravel(block) for block in observation.values()]))


def space_with_axes(schema: Schema) -> spaces.Dict:
    """The space of observations; a block without axes, which SB3 cannot take, has one."""
    boxes = {block.name: block.limits for block in schema.observation}
    return spaces.Dict(
        {
            name: spaces.Box(np.atleast_1d(low), np.atleast_1d(high), dtype=np.float64)
            for name, (low, high) in boxes.items()
        }
    )


def row_space(schema: Schema) -> spaces.Box:
    limits = [block.limits for block in schema.observation]
    low = np.concatenate([low.ravel() for low, _ in limits])
    high = np.concatenate([high.ravel() for _, high in limits])
    return spaces.Box(_as_float32(low), _as_float32(high), dtype=np.float32)


def _as_float32(values: NDArray[np.float64]) -> NDArray[np.float32]:
    """Rounding keeps the order, so that what lies within bounds still does."""
    most = float(np.finfo(np.float32).max)
    return np.clip(values, -most, most).astype(np.float32)
