# SPDX-License-Identifier: MIT
"""A base that knows nothing: constants, with descriptions by which experience corrects them."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from tandem.agents.api import Observation
from tandem.agents.inference.model.facts import Facts
from tandem.agents.inference.model.features import FEATURES, FeatureMap, FeatureView
from tandem.agents.inference.problem import JointProblem

Array = NDArray[np.float64]
#: Any transfer is first taken to last this long, seconds.
GUESS_S: Final = 0.05


class ConstantBase:
    """The rung without physics and without pre-training.

    Every uplink and downlink is first taken to last `GUESS_S`. How long it lasts is learned by
    linear regression of its logarithm on features of the request (Bayesian ridge), and waits by
    regression on the backlog that is seen at the site and on what the others bring there.
    """

    row_width = len(FEATURES)

    def __init__(self, problem: JointProblem) -> None:
        self._problem = problem
        self._features = FeatureMap(problem)

    def at(self, observation: Observation, facts: Facts) -> ConstantView:
        problem = self._problem
        site = problem.network_site
        column = problem.user_columns["device_backlog_s"]
        backlog_s = observation["sites"][site, problem.site_columns["backlog_s"]]
        return ConstantView(
            self._features.at(observation, facts), observation["users"][:, column], backlog_s
        )


class ConstantView:
    """Constants at one observation; a `tandem.agents.inference.model.base.BaseView`."""

    def __init__(self, features: FeatureView, backlog_s: Array, site_backlog_s: Array) -> None:
        self._features = features
        self._site_backlog_s = site_backlog_s
        self.backlog_s = backlog_s
        self.downlink_s: Array = np.full(features.fixed.shape[:2], GUESS_S)

    def uplink(self, weights: Array) -> tuple[Array, Array]:
        return np.full(weights.shape, GUESS_S), self._features.rows(weights)

    def waits_s(self, weights: Array, uplink_s: Array) -> tuple[Array, Array]:
        """The backlog that the site shows, and the others' service times there."""
        backlog_s = np.broadcast_to(self._site_backlog_s, weights.shape)
        return backlog_s, self._features.site_service_s(weights)
