# SPDX-License-Identifier: MIT
"""What a branch plays: a joint action held for a while, a sequence of them, or a policy."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from tandem.bridge.core.errors import InvalidArgument

if TYPE_CHECKING:
    from tandem.bridge.core.joint_action import JointAction

#: Chooses a joint action from what is observed.
Policy: TypeAlias = Callable[[dict[str, NDArray[np.float64]]], Any]
#: A joint action, a sequence of joint actions, or a policy.
Play: TypeAlias = Any

ActionT = TypeVar("ActionT")


def held(action: ActionT, horizon: int) -> list[ActionT]:
    """The same action in each of ``horizon`` epochs.

    Raises:
        ValueError: there is no epoch.
    """
    if horizon < 1:
        raise ValueError(f"horizon is {horizon}, at least 1 epoch is needed")
    return [action] * horizon


def as_sequence(play: Play, joint: JointAction, horizon: int) -> list[Any]:
    """The actions of a branch, one for each epoch.

    Args:
        play: one joint action, which is held for ``horizon`` epochs, or a sequence of them.
        joint: what an action is made of.
        horizon: does not count for a sequence.

    Raises:
        ValueError: there is no epoch.
    """
    own = joint.blocks[0].shape if joint.is_single else (joint.size,)
    if _depth(play) <= len(own) and not _is_rows(play, own):
        return held(play, horizon)
    if len(play) == 0:
        raise ValueError("a branch has an empty sequence of actions: at least 1 epoch is needed")
    return list(play)


def _is_rows(play: Play, own: tuple[int, ...]) -> bool:
    """Whether they are actions of a block with several axes, the values of each in one row."""
    if len(own) <= 1 or np.shape(play) == own:
        return False
    return all(np.shape(row) == (math.prod(own),) for row in play)


def _depth(play: Play) -> int:
    """How deep it is nested; a mapping of blocks counts as one row of values."""
    if isinstance(play, Mapping):
        return 1
    if isinstance(play, list | tuple):
        return 1 + (_depth(play[0]) if play else 0)
    return np.ndim(play)


def portions(
    sequences: Sequence[Sequence[ActionT]], slots: int
) -> Iterator[list[Sequence[ActionT]]]:
    """The branches that fit into the slots of one go, one epoch in each, one lot after the other.

    Raises:
        InvalidArgument: one of them alone does not fit.
    """
    longest = max(map(len, sequences), default=0)
    if longest > slots:
        raise InvalidArgument(
            f"horizon is {longest}, but each epoch of a branch needs a branch slot and there "
            f"are {slots}: make the environment with branch_slots={longest} or more"
        )
    lot: list[Sequence[ActionT]] = []
    for sequence in sequences:
        if sum(map(len, lot)) + len(sequence) > slots:
            yield lot
            lot = []
        lot.append(sequence)
    if lot:
        yield lot
