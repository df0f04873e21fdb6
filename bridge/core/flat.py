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

from typing import Any, Final

import gymnasium
import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from tandem.bridge.core.accounting import Observation
from tandem.bridge.core.env import TandemEnv
from tandem.bridge.core.errors import InvalidAction
from tandem.bridge.core.schema import Schema

_LEAST_LEVELS: Final = 2
#: Float32 holds every integer up to here; more choices are no choice but a number.
_MOST_CHOICES: Final = 2**24


class FlatActions:
    """Turns one row of numbers into an action of the scenario.

    Args:
        schema: of the scenario.
        levels: values that each real number has; ``None``: real numbers stay real.

    Raises:
        ValueError: ``levels`` is below 2, or a number that must be scaled has no bounds.
    """

    def __init__(self, schema: Schema, levels: int | None = None) -> None:
        if levels is not None and levels < _LEAST_LEVELS:
            raise ValueError(f"levels is {levels}: at least {_LEAST_LEVELS}, the two bounds")
        self._joint = schema.joint_action
        real = [np.full(block.size, block.is_real) for block in schema.actions]
        self._real = np.concatenate(real)
        limits = [block.limits for block in schema.actions]
        self._low = np.concatenate([low.ravel() for low, _ in limits])
        self._high = np.concatenate([high.ravel() for _, high in limits])
        self._choices = np.where(self._real, levels or 0, self._high - self._low + 1)
        self._discrete = levels is not None or not self._real.any()
        self._check_bounds(schema)
        #: Space of the row.
        self.space: spaces.MultiDiscrete | spaces.Box
        if self._discrete:
            self.space = spaces.MultiDiscrete(self._choices.astype(np.int64))
        else:
            self.space = spaces.Box(-1.0, 1.0, self._low.shape, np.float32)

    def action(self, row: Any) -> Any:
        """The scenario's action that a row of `space` stands for.

        Raises:
            InvalidAction: the row has another length, or values outside of `space`.
        """
        values = np.asarray(row, np.float64)
        highest = self._choices - 1 if self._discrete else np.ones_like(self._low)
        lowest = np.zeros_like(highest) if self._discrete else -highest
        if values.shape != self._low.shape:
            raise InvalidAction(
                f"the row of actions has shape {values.shape}, expected {self._low.shape}"
            )
        wrong = ~((values >= lowest) & (values <= highest))
        if wrong.any():
            index = int(np.flatnonzero(wrong)[0])
            raise InvalidAction(
                f"the row of actions is {values[index]:g} at index {index}, allowed are "
                f"{lowest[index]:g} to {highest[index]:g}"
            )
        return self._joint.given(self._chosen(values) if self._discrete else self._scaled(values))

    def _chosen(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        steps = np.where(self._real, (self._high - self._low) / np.maximum(self._choices - 1, 1), 1)
        return np.asarray(np.minimum(self._low + values * steps, self._high))

    def _scaled(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        share = (values + 1.0) / 2.0
        reals = np.clip(self._low + share * (self._high - self._low), self._low, self._high)
        choice = np.minimum(np.floor(share * self._choices), self._choices - 1)
        return np.asarray(np.where(self._real, reals, self._low + choice))

    def _check_bounds(self, schema: Schema) -> None:
        span = self._high - self._low
        unfit = ~np.isfinite(span) | (~self._real & (span >= _MOST_CHOICES))
        if unfit.any():
            index = int(np.flatnonzero(unfit)[0])
            raise ValueError(
                f"value {index} of the actions of scenario {schema.scenario!r} lies between "
                f"{self._low[index]:g} and {self._high[index]:g}, which cannot be scaled: declare "
                "narrower bounds"
            )


class FlatEnv(gymnasium.Wrapper[Any, Any, Observation, Any]):
    """See `flatten`."""

    def __init__(self, env: TandemEnv, levels: int | None, observations: bool) -> None:
        super().__init__(env)
        self._actions = FlatActions(env.schema, levels)
        self.action_space = self._actions.space
        self._flat_observations = observations
        self.observation_space = _row_space(env.schema) if observations else _with_axes(env.schema)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        """As `TandemEnv.reset`."""
        observation, info = self.env.reset(seed=seed, options=options)
        return self._shown(observation), info

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        """As `TandemEnv.step`, with one row of numbers.

        Raises:
            InvalidAction: the row has another length, or values outside of the space.
        """
        observation, reward, terminated, truncated, info = self.env.step(
            self._actions.action(action)
        )
        return self._shown(observation), float(reward), terminated, truncated, info

    def action_masks(self) -> NDArray[np.bool_]:
        """As `TandemEnv.action_masks`: for MaskablePPO, where all actions are integers."""
        tandem: TandemEnv = self.get_wrapper_attr("unwrapped")
        return tandem.action_masks()

    def _shown(self, observation: Observation) -> Any:
        if self._flat_observations:
            return row_of(observation)
        return {name: np.atleast_1d(block) for name, block in observation.items()}


def flatten(env: TandemEnv, *, levels: int | None = None, observations: bool = False) -> FlatEnv:
    """An environment whose actions are one row of numbers; see `tandem.bridge.core.flat`.

    Args:
        env: of any scenario; closing the result closes it.
        levels: values that each real number has; ``None``: real numbers stay real.
        observations: also make the observation one row, float32, blocks in the schema's order.

    Raises:
        ValueError: ``levels`` is below 2, or a number that must be scaled has no bounds.
    """
    return FlatEnv(env, levels, observations)


def row_of(observation: Observation) -> NDArray[np.float32]:
    """All blocks of an observation one behind the other, as float32."""
    return _as_float32(np.concatenate([np.ravel(block) for block in observation.values()]))


def _with_axes(schema: Schema) -> spaces.Dict:
    """The space of observations; a block without axes, which SB3 cannot take, has one."""
    boxes = {block.name: block.limits for block in schema.observation}
    return spaces.Dict(
        {
            name: spaces.Box(np.atleast_1d(low), np.atleast_1d(high), dtype=np.float64)
            for name, (low, high) in boxes.items()
        }
    )


def _row_space(schema: Schema) -> spaces.Box:
    limits = [block.limits for block in schema.observation]
    low = np.concatenate([low.ravel() for low, _ in limits])
    high = np.concatenate([high.ravel() for _, high in limits])
    return spaces.Box(_as_float32(low), _as_float32(high), dtype=np.float32)


def _as_float32(values: NDArray[np.float64]) -> NDArray[np.float32]:
    """Rounding keeps the order, so that what lies within bounds still does."""
    most = float(np.finfo(np.float32).max)
    return np.clip(values, -most, most).astype(np.float32)
