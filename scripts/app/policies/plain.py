# SPDX-License-Identifier: MIT
"""Policies of any scenario that need nothing but its schema."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np

from tandem.agents.api import Observation
from tandem.agents.common.errors import PolicyError
from tandem.bridge.core.documents import parse_json
from tandem.bridge.core.env import TandemEnv
from tandem.bridge.core.errors import InvalidAction
from tandem.bridge.core.joint_action import JointAction
from tandem.bridge.core.schema import Schema

#: For messages.
CONSTANT: Final = "the value of constant:"


class ConstantPolicy:
    """The same action at every decision."""

    def __init__(self, name: str, action: Any) -> None:
        self.name = name
        self._action = action

    def begin_episode(self, seed: int) -> None:
        """Nothing to prepare."""

    def act(self, observation: Observation) -> Any:
        """The action."""
        return self._action


class ScenarioPolicy:
    """One of the scenario's own policies (``SetPolicy()``), which is asked at each decision."""

    def __init__(self, name: str, env: TandemEnv) -> None:
        self.name = name
        self._env = env

    def begin_episode(self, seed: int) -> None:
        """Nothing to prepare: its random streams begin with the episode."""

    def act(self, observation: Observation) -> Any:
        """What it would play now."""
        return self._env.simulator.ask(self.name)


class FunctionPolicy:
    """A function of the observation, or an object with ``act`` and perhaps ``begin_episode``."""

    def __init__(
        self,
        name: str,
        act: Callable[[Observation], Any],
        begin_episode: Callable[[int], None] | None,
        schema: Schema,
    ) -> None:
        self.name = name
        self._act = act
        self._begin = begin_episode
        self._joint: JointAction = schema.joint_action

    def begin_episode(self, seed: int) -> None:
        """Passed on, where it wants to know."""
        if self._begin is not None:
            self._begin(seed)

    def act(self, observation: Observation) -> Any:
        """Its action, as arrays.

        Raises:
            InvalidAction: the scenario has no such action.
        """
        return self._joint.given(self._joint.checked(self._act(observation)))


def constant_action(text: str, schema: Schema) -> Any:
    """The action that ``constant:…`` stands for.

    Args:
        text: what follows the colon: one number for every value, all values one behind the other
            (``1,0,2``), or JSON with one entry for each action block (``{"power": 3}``).
        schema: of the scenario.

    Raises:
        PolicyError: the scenario has no such action.
    """
    joint = schema.joint_action
    try:
        given = parse_json(text if text.lstrip().startswith("{") else f"[{text}]", CONSTANT)
        if isinstance(given, Mapping):
            blocks = {block.name: block for block in schema.actions}
            shaped = {
                name: np.broadcast_to(np.asarray(value), blocks[name].shape)
                for name, value in given.items()
            }
            whole = shaped[schema.actions[0].name] if joint.is_single else shaped
            return joint.given(joint.checked(whole))
        values = np.asarray(given, np.float64)
        if values.size == 1:
            values = np.full(joint.size, values.item())
        shape = schema.actions[0].shape if joint.is_single else (joint.size,)
        return joint.given(joint.checked(values.reshape(shape)))
    except (ValueError, TypeError, KeyError, InvalidAction) as error:
        names = ", ".join(f"{block.name} {list(block.shape)}" for block in schema.actions)
        raise PolicyError(
            f"policy 'constant:{text}' is no action of scenario {schema.scenario!r} ({error}): "
            f"give one number for all, {joint.size} numbers with commas between, or JSON with the "
            f"blocks {names}"
        ) from error
