# SPDX-License-Identifier: MIT
"""What a counterfactual branch of an environment returns."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tandem.bridge.core.record_array import RecordArray


@dataclass(frozen=True, slots=True)
class Outcome:
    """Result of playing joint actions from the present packet-level state.

    The simulator forks at its present decision, so an outcome equals bit for bit what
    ``env.step`` with the same actions would then return, unless another ``future`` was asked for;
    the environment itself does not move.

    Attributes:
        observation: observation after the last epoch of the branch, by block name.
        reward: sum of ``rewards``.
        terminated: the scenario ended within the branch.
        truncated: the epoch limit was reached within the branch.
        records: record tables of all epochs of the branch by name, as structured arrays.
        info: what ``env.step`` would have returned as ``info`` after the last epoch.
        rewards: the environment's objective for each epoch of the branch: what ``env.step`` would
            have returned one after the other. Fewer than actions if the episode ended.
        observations: observation after each of these epochs.
        actions: what was played in each of these epochs.
    """

    observation: dict[str, NDArray[np.float64]]
    reward: float
    terminated: bool
    truncated: bool
    records: Mapping[str, RecordArray]
    info: dict[str, Any]
    rewards: tuple[float, ...] = ()
    observations: tuple[dict[str, NDArray[np.float64]], ...] = ()
    actions: tuple[Any, ...] = ()

    @property
    def requests(self) -> NDArray[np.void]:
        """Deprecated: ``records["requests"]``."""
        warnings.warn(
            'Outcome.requests goes in the next release: use records["requests"]',
            DeprecationWarning,
            stacklevel=2,
        )
        return self.records["requests"]
