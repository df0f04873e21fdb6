# SPDX-License-Identifier: MIT
"""Actions as algorithms take them: one flat space, whatever a scenario declares.

A scenario's action may be a ``MultiDiscrete`` of any shape, a ``Box`` of whole or real numbers, or
a ``Dict`` of these. Algorithms take less: some choices, some reals, some a single number. Each
coding here is one flat space, with the way back to the scenario's own action.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, Protocol

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from tandem.bridge.core.errors import TandemError

#: Joint actions that `Numbered` counts through: an algorithm has an output for each of them.
MOST_NUMBERED: Final = 10_000
#: Values of one entry that `Choices` offers.
MOST_CHOICES: Final = 10_000
#: Values of a real number that `Levels` offers: the two bounds.
LEAST_LEVELS: Final = 2


class UnfitActions(TandemError):
    """A scenario's actions do not fit the algorithm; the message says which and what to do."""


@dataclass(frozen=True)
class Part:
    """One block of an action.

    Attributes:
        name: of the block; "" where the action is a single one.
        shape: of the block.
        dtype: of its values.
        whole: whether they are whole numbers.
        low, high: bounds of each value, inclusive, ``[size]``.
    """

    name: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    whole: bool
    low: NDArray[np.float64]
    high: NDArray[np.float64]


class ActionParts:
    """The blocks of an action space, one after the other.

    Args:
        space: ``Discrete``, ``MultiDiscrete``, ``MultiBinary``, ``Box``, or a ``Dict`` of these.

    Raises:
        UnfitActions: another space, or one without values.
    """

    def __init__(self, space: spaces.Space[Any]) -> None:
        self.space = space
        self.parts = tuple(_parts("", space))
        self.low = np.concatenate([part.low for part in self.parts])
        self.high = np.concatenate([part.high for part in self.parts])
        self.whole = np.concatenate([np.full(part.low.size, part.whole) for part in self.parts])
        if not self.low.size:
            raise UnfitActions(f"the action space {space} has no value to choose")

    @property
    def counts(self) -> list[int]:
        """How many values each entry can have, where all are whole numbers."""
        return [int(count) for count in self.high - self.low + 1]

    def action(self, values: NDArray[np.float64]) -> Any:
        """The scenario's own action from its values one after the other, ``[size]``."""
        blocks: dict[str, Any] = {}
        begin = 0
        for part in self.parts:
            end = begin + part.low.size
            blocks[part.name] = values[begin:end].reshape(part.shape).astype(part.dtype)
            begin = end
        return blocks if isinstance(self.space, spaces.Dict) else blocks[""]

    def values(self, action: Any) -> NDArray[np.float64]:
        """The inverse of `action`: all values one after the other, ``[size]``."""
        blocks = action if isinstance(self.space, spaces.Dict) else {"": action}
        rows = [np.ravel(np.asarray(blocks[part.name], np.float64)) for part in self.parts]
        return np.concatenate(rows)


class ActionCoding(Protocol):
    """One way to say an action."""

    @property
    def space(self) -> spaces.Space[Any]:
        """What the algorithm chooses from."""
        ...

    def action(self, chosen: Any) -> Any:
        """The scenario's own action for what the algorithm chose."""
        ...


class Choices:
    """A ``MultiDiscrete`` with an entry per value."""

    def __init__(self, parts: ActionParts) -> None:
        self._parts = parts
        self.space: spaces.Space[Any] = spaces.MultiDiscrete(parts.counts)

    def action(self, chosen: Any) -> Any:
        """See `ActionCoding`."""
        return self._parts.action(np.asarray(chosen, np.float64).ravel() + self._parts.low)


class Levels:
    """A ``MultiDiscrete`` with an entry per value, in which reals have a few values each.

    These are evenly spaced from one bound to the other.

    Raises:
        UnfitActions: fewer than two levels.
    """

    def __init__(self, parts: ActionParts, levels: int) -> None:
        if levels < LEAST_LEVELS:
            raise UnfitActions(f"levels is {levels}: at least {LEAST_LEVELS}, the two bounds")
        self._parts = parts
        span = parts.high - parts.low
        self._step = np.where(parts.whole, 1.0, span / (levels - 1))
        counts = np.where(parts.whole, span + 1.0, levels)
        self.space: spaces.Space[Any] = spaces.MultiDiscrete(counts.astype(np.int64))

    def action(self, chosen: Any) -> Any:
        """See `ActionCoding`."""
        values = self._parts.low + np.asarray(chosen, np.float64).ravel() * self._step
        return self._parts.action(np.minimum(values, self._parts.high))


class Numbered:
    """A ``Discrete`` that counts through all joint actions."""

    def __init__(self, parts: ActionParts) -> None:
        self._parts = parts
        self.space: spaces.Space[Any] = spaces.Discrete(math.prod(parts.counts))

    def action(self, chosen: Any) -> Any:
        """See `ActionCoding`."""
        number = int(np.asarray(chosen).item())
        indices = np.array(np.unravel_index(number, self._parts.counts), np.float64)
        return self._parts.action(indices + self._parts.low)


class Reals:
    """A ``Box`` from -1 to 1 with an entry per value.

    Reals are scaled to their bounds. The range of a whole number is cut into as many equal parts as
    it has values.
    """

    def __init__(self, parts: ActionParts) -> None:
        self._parts = parts
        self.space: spaces.Space[Any] = spaces.Box(-1.0, 1.0, parts.low.shape, np.float32)

    def action(self, chosen: Any) -> Any:
        """See `ActionCoding`."""
        low, high, whole = self._parts.low, self._parts.high, self._parts.whole
        share = (np.clip(np.asarray(chosen, np.float64).ravel(), -1.0, 1.0) + 1.0) / 2.0
        reals = np.clip(low + share * (high - low), low, high)
        cut = np.minimum(low + np.floor(share * (high - low + 1.0)), high)
        return self._parts.action(np.where(whole, cut, reals))


def codings(space: spaces.Space[Any]) -> list[ActionCoding]:
    """Every way to say the actions of a space, the most natural one first.

    Raises:
        UnfitActions: the space is of another kind, or a value has no bounds.
    """
    parts = bounded_parts(space)
    found: list[ActionCoding] = []
    if parts.whole.all():
        if max(parts.counts) <= MOST_CHOICES:
            found.append(Choices(parts))
        if math.prod(parts.counts) <= MOST_NUMBERED:
            found.append(Numbered(parts))
    return [*found, Reals(parts)]


def row_coding(space: spaces.Space[Any], levels: int | None = None) -> ActionCoding:
    """The coding of an action as one row of numbers: never a single number.

    Args:
        space: of the scenario's actions.
        levels: values that each real number has; ``None``: real numbers stay real.

    Raises:
        UnfitActions: the space is of another kind, a value has no bounds, or too few levels.
    """
    parts = bounded_parts(space)
    if levels is not None:
        return Levels(parts, levels)
    return Choices(parts) if parts.whole.all() else Reals(parts)


def bounded_parts(space: spaces.Space[Any]) -> ActionParts:
    """The parts of a space all of whose values have bounds.

    Raises:
        UnfitActions: one has none, or the space is of another kind.
    """
    parts = ActionParts(space)
    unbounded = ~(np.isfinite(parts.low) & np.isfinite(parts.high))
    if unbounded.any():
        index = int(np.flatnonzero(unbounded)[0])
        raise UnfitActions(
            f"value {index} of the action {space} has no bounds, so it cannot be explored: give "
            "the scenario's action a lowest and a highest value"
        )
    return parts


def _parts(name: str, space: spaces.Space[Any]) -> Iterator[Part]:
    if isinstance(space, spaces.Dict):
        for key, inner in space.spaces.items():
            yield from _parts(key, inner)
    elif isinstance(space, spaces.Discrete):
        low = np.array([float(space.start)])
        yield Part(name, (), np.dtype(np.int64), True, low, low + int(space.n) - 1)
    elif isinstance(space, spaces.MultiDiscrete):
        low = np.asarray(space.start, np.float64).ravel()
        high = low + np.asarray(space.nvec, np.float64).ravel() - 1.0
        yield Part(name, space.nvec.shape, np.dtype(np.int64), True, low, high)
    elif isinstance(space, spaces.MultiBinary):
        low = np.zeros(math.prod(space.shape))
        yield Part(name, space.shape, np.dtype(np.int8), True, low, low + 1.0)
    elif isinstance(space, spaces.Box):
        bounds = (np.asarray(bound, np.float64).ravel() for bound in (space.low, space.high))
        dtype = np.dtype(space.dtype)
        yield Part(name, space.shape, dtype, np.issubdtype(dtype, np.integer), *bounds)
    else:
        raise UnfitActions(
            f"the action space {space} cannot be made flat: Discrete, MultiDiscrete, MultiBinary, "
            "Box and Dicts of these can"
        )
