# SPDX-License-Identifier: MIT
"""What a counterfactual branch of an environment returns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Outcome:
    """Result of playing one joint action from the present packet-level state.

    The simulator forks at its present decision, so an outcome equals bit for bit what
    ``env.step`` with the same action would then return, unless another ``future`` was asked for;
    the environment itself does not move.

    Attributes:
        observation: observation after the last epoch of the branch, by block name.
        reward: the environment's objective over all requests that finished in the branch.
        terminated: the scenario ended within the branch.
        truncated: the epoch limit was reached within the branch.
        requests: structured array, the requests that finished or timed out in the branch.
        info: what ``env.step`` would have returned as ``info``.
    """

    observation: dict[str, NDArray[np.float64]]
    reward: float
    terminated: bool
    truncated: bool
    requests: NDArray[np.void]
    info: dict[str, Any]
