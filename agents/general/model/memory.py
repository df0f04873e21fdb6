# SPDX-License-Identifier: MIT
"""What was met so far, as rows of numbers in the order in which they came."""

from __future__ import annotations

from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tandem.agents.common.errors import PolicyError

Array: TypeAlias = NDArray[np.float64]
COLUMNS: Final = ("state", "codes", "reward", "following", "ended", "begins", "weights")


class Memory:
    """The last ``capacity`` transitions; D values of a state, N codes of an action, E members.

    Attributes:
        columns: by name: ``state`` and ``following`` (compressed, ``[rows, D]``), ``codes``
            (``[rows, N]``), ``reward``, ``ended`` (whether the episode terminated), ``begins``
            (whether the row is the first of an episode), ``weights`` (how often each member of an
            ensemble counts the row, ``[rows, E]``).
    """

    def __init__(self, values: int, codes: int, members: int, capacity: int) -> None:
        self._capacity = capacity
        shapes: dict[str, tuple[int, ...]] = {
            "state": (values,),
            "following": (values,),
            "codes": (codes,),
            "weights": (members,),
        }
        self.columns: dict[str, Array] = {
            name: np.zeros((0, *shapes.get(name, ()))) for name in COLUMNS
        }
        #: Transitions ever added.
        self.added = 0

    def __len__(self) -> int:
        return len(self.columns["reward"])

    def add(self, **row: Any) -> None:
        """Keep a transition; the oldest one goes when the memory is full."""
        self.added += 1
        for name in COLUMNS:
            value = np.asarray(row[name], np.float64)
            grown = np.concatenate([self.columns[name], value[None]])
            self.columns[name] = grown[-self._capacity :]

    def state_dict(self) -> dict[str, Any]:
        """Everything."""
        return {"columns": {k: v.copy() for k, v in self.columns.items()}, "added": self.added}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """The inverse of `state_dict`.

        Raises:
            PolicyError: what is in it has another number of values.
        """
        columns = {name: np.array(state["columns"][name]) for name in COLUMNS}
        for name, what in (("state", "an observation"), ("codes", "an action")):
            mine, theirs = (side[name].shape[1] for side in (self.columns, columns))
            if mine != theirs:
                raise PolicyError(
                    f"the agent learned where {what} has {theirs} values, here it has {mine}: play "
                    "the scenario that it was trained on, with as many agents"
                )
        self.columns = columns
        self.added = int(state["added"])
