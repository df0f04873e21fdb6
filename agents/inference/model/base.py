# SPDX-License-Identifier: MIT
"""What the system model starts from: an estimate of the network that experience corrects."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from tandem.agents.api import Observation
from tandem.agents.inference.model.config import PriorConfig
from tandem.agents.inference.model.facts import Facts
from tandem.agents.inference.model.prior import UPLINK_PARTS, PriorView
from tandem.agents.inference.problem import JointProblem

Array = NDArray[np.float64]


class BaseView(Protocol):
    """An estimate at one observation; B cases, N users, M network options.

    Loads are weights ``[B, N, M]``, as `tandem.agents.inference.model.prior` explains.
    """

    @property
    def backlog_s(self) -> Array:
        """Work that waits on each user's device, seconds, ``[N]``."""
        ...

    @property
    def downlink_s(self) -> Array:
        """Time for a result to come back, ``[N, M]``."""
        ...

    def uplink(self, weights: Array, /) -> tuple[Array, Array]:
        """Time until each upload has arrived, seconds, ``[B, N, M]``, and numbers by which
        experience may correct it besides its effects, ``[B, N, M, D]``."""
        ...

    def waits_s(self, weights: Array, uplink_s: Array, /) -> tuple[Array, Array]:
        """Wait for what stands at the site now, and for the other users' jobs, ``[B, N, M]``,
        of an upload that is there after ``uplink_s``."""
        ...


class BaseModel(Protocol):
    """Makes a `BaseView` of each observation.

    Attributes:
        row_width: D of its `BaseView.uplink`.
    """

    @property
    def row_width(self) -> int: ...

    def at(self, observation: Observation, facts: Facts) -> BaseView:
        """The estimate at an observation, while options are what ``facts`` say."""
        ...


class AnalyticBase:
    """Hand-written physics: `tandem.agents.inference.model.prior`."""

    row_width = UPLINK_PARTS

    def __init__(self, problem: JointProblem, config: PriorConfig) -> None:
        self._problem = problem
        self._config = config

    def at(self, observation: Observation, facts: Facts) -> BaseView:
        return PriorView(self._problem, self._config, observation, facts)


class LoadBlind:
    """A base that does not see what the other users do (ablation)."""

    def __init__(self, base: BaseModel) -> None:
        self._base = base
        self.row_width = base.row_width

    def at(self, observation: Observation, facts: Facts) -> BaseView:
        return _Blind(self._base.at(observation, facts))


class _Blind:
    def __init__(self, view: BaseView) -> None:
        self._view = view
        self.backlog_s = view.backlog_s
        self.downlink_s = view.downlink_s

    def uplink(self, weights: Array) -> tuple[Array, Array]:
        return self._view.uplink(np.zeros_like(weights))

    def waits_s(self, weights: Array, uplink_s: Array) -> tuple[Array, Array]:
        return self._view.waits_s(np.zeros_like(weights), uplink_s)
