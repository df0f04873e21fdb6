# SPDX-License-Identifier: MIT
"""Which choices a scenario allows at a decision: the masks that it declares (``AddActionMask()``).

A mask is an observation block of the action block's shape and one more axis, the choices: 1 is
allowed, 0 is not. Libraries want it in forms of their own, which are made here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tandem.bridge.core.block import Block
from tandem.bridge.core.schema import Schema

Blocks: TypeAlias = Mapping[str, NDArray[np.float64]]
#: Nested tuples of int8 arrays, as ``MultiDiscrete.sample(mask=…)`` wants them.
Nested: TypeAlias = Any
#: What MaskablePPO calls of an environment, and the keyword with which it predicts.
METHOD: Final = "action_masks"


def action_mask(schema: Schema, observation: Blocks) -> Any:
    """The masks at an observation: int8, of the mask block's shape.

    Returns:
        Of a scenario with one action block the array, of one with several a mapping from the
        action blocks that have a mask to theirs.
    """
    masks = {action: observation[block].astype(np.int8) for action, block in schema.masks.items()}
    return masks[schema.actions[0].name] if schema.joint_action.is_single else masks


def flat_masks(schema: Schema, observation: Blocks, levels: int | None = None) -> NDArray[np.bool_]:
    """The choices of every integer of all blocks, one behind the other.

    That is what MaskablePPO of sb3-contrib wants of the flattened action space
    (`tandem.agents.flat`). A block without a mask allows everything.

    Args:
        schema: of the scenario.
        observation: at which an action is to be chosen.
        levels: values that each real number has in that space; ``None``: real numbers have none.
    """
    parts: list[NDArray[np.bool_]] = []
    for block in schema.actions:
        if not block.is_real:
            parts += _choices(schema, block, observation)
        elif levels is not None:
            parts.append(np.ones(block.size * levels, np.bool_))
    return np.concatenate(parts) if parts else np.zeros(0, np.bool_)


def sample_mask(schema: Schema, observation: Blocks) -> Nested:
    """What ``action_space.sample(mask=…)`` wants; ``None`` where everything is allowed."""
    masks = {block.name: _nested(schema, block, observation) for block in schema.actions}
    return masks[schema.actions[0].name] if schema.joint_action.is_single else masks


def forbidden(schema: Schema, observation: Blocks, action: Any) -> int:
    """How many of an action's integers are choices that the masks forbid."""
    joint = schema.joint_action
    parts = joint.split(joint.checked(action))
    count = 0
    for block in schema.actions:
        if block.name in schema.masks:
            low, _ = block.limits
            chosen = (parts[block.name] - low).astype(np.int64)
            mask = observation[schema.masks[block.name]]
            count += int((np.take_along_axis(mask, chosen[..., None], -1) == 0.0).sum())
    return count


def _choices(schema: Schema, block: Block, observation: Blocks) -> list[NDArray[np.bool_]]:
    """For each integer of a block which of its choices are allowed."""
    low, high = block.limits
    counts = (high - low).astype(np.int64).ravel() + 1
    if block.name not in schema.masks:
        return [np.ones(count, np.bool_) for count in counts]
    mask = observation[schema.masks[block.name]].reshape(len(counts), -1) != 0.0
    return [row[:count] for row, count in zip(mask, counts, strict=True)]


def _nested(schema: Schema, block: Block, observation: Blocks) -> Nested:
    if block.name not in schema.masks:
        return None
    rows = iter([row.astype(np.int8) for row in _choices(schema, block, observation)])

    def build(shape: tuple[int, ...]) -> Nested:
        return next(rows) if not shape else tuple(build(shape[1:]) for _ in range(shape[0]))

    return build(block.shape)
