# SPDX-License-Identifier: MIT
"""All action blocks of a scenario together.

Users give one array where there is one block, else a mapping of names to arrays. What travels and
is kept in journals is always one array: a block's own, or of several blocks all values one behind
the other as float64, which holds every int32 exactly. The simulator takes that form as well.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from tandem.bridge.core.action import as_numbers
from tandem.bridge.core.errors import InvalidAction

if TYPE_CHECKING:
    from tandem.bridge.core.block import Block


@dataclass(frozen=True)
class JointAction:
    """What a whole action is made of.

    Attributes:
        blocks: in the order of the schema.
    """

    blocks: tuple[Block, ...]

    @property
    def is_single(self) -> bool:
        """Whether an action is one array, not a mapping of names to arrays."""
        return len(self.blocks) == 1

    @property
    def size(self) -> int:
        """Number of values of all blocks."""
        return sum(block.size for block in self.blocks)

    def space(self) -> spaces.MultiDiscrete | spaces.Box | spaces.Dict:
        """The Gymnasium space of actions."""
        if self.is_single:
            return self.blocks[0].action_space()
        # An ordered mapping: the blocks keep the schema's order, as in the row of `checked`.
        return spaces.Dict(OrderedDict((block.name, block.action_space()) for block in self.blocks))

    def checked(self, action: Any) -> NDArray[Any]:
        """Check an action and return a copy of it as one array.

        Raises:
            InvalidAction: a block is missing or unknown, has another shape, or is out of range.
        """
        if self.is_single:
            return self.blocks[0].checked(action)
        parts = action if isinstance(action, Mapping) else self.split(as_numbers(action))
        names = [block.name for block in self.blocks]
        if set(parts) != set(names):
            raise InvalidAction(f"the action has {sorted(parts)}, expected are {names}")
        values = [block.checked(parts[block.name]).ravel() for block in self.blocks]
        return np.concatenate(values).astype(np.float64)

    def split(self, values: NDArray[Any]) -> dict[str, NDArray[Any]]:
        """An array as `checked` returns it, by block; each of its block's shape and type.

        Raises:
            InvalidAction: another number of values.
        """
        flat = np.asarray(values)
        if flat.size != self.size or (not self.is_single and flat.ndim != 1):
            raise InvalidAction(
                f"the action has shape {flat.shape}, expected a mapping with "
                f"{[block.name for block in self.blocks]}, or all {self.size} values in one row"
            )
        parts: dict[str, NDArray[Any]] = {}
        begin = 0
        for block in self.blocks:
            part = flat.ravel()[begin : begin + block.size].reshape(block.shape)
            whole = block.is_real or bool((part == np.round(part)).all())
            parts[block.name] = part.astype(block.dtype) if whole else part
            begin += block.size
        return parts

    def given(self, values: NDArray[Any]) -> Any:
        """The inverse of `checked`: an action as users give it."""
        parts = self.split(values)
        return parts[self.blocks[0].name] if self.is_single else parts

    def read(self, memory: bytes) -> Sequence[NDArray[Any]]:
        """Actions that lie one behind the other as the channel has them, as `checked` does."""
        last = self.blocks[-1]
        stride = last.offset + last.size * np.dtype(last.dtype).itemsize
        actions = []
        for begin in range(0, len(memory), stride):
            parts = [
                np.frombuffer(memory, block.dtype, block.size, begin + block.offset)
                for block in self.blocks
            ]
            if self.is_single:
                actions.append(parts[0].reshape(last.shape))
            else:
                actions.append(np.concatenate(parts).astype(np.float64))
        return actions
