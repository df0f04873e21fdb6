# SPDX-License-Identifier: MIT
"""What every agent is: something that maps an observation to a joint action."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, TypeAlias, runtime_checkable

import numpy as np
from numpy.typing import NDArray

#: Observation blocks by name, as `TandemEnv` returns them.
Observation: TypeAlias = Mapping[str, NDArray[np.float64]]
#: One option index per user, shape ``[users]``.
JointAction: TypeAlias = NDArray[np.int32]


@runtime_checkable
class Agent(Protocol):
    """Plays joint actions. Learning agents add methods of their own."""

    @property
    def name(self) -> str:
        """Short name for tables and run folders."""
        ...

    def begin_episode(self, seed: int) -> None:
        """Called after each reset; ``seed`` is the episode's, for agents that draw."""
        ...

    def act(self, observation: Observation) -> JointAction:
        """The joint action to play now, shape ``[users]``."""
        ...
