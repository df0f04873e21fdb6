# SPDX-License-Identifier: MIT
"""A base without hand-written physics: small networks that were trained on other scenarios.

The networks came to know how users share cells and sites from scenarios that were drawn at random
(`tandem pretrain`). Service times are from the option table: that is knowledge, not physics.

Experience adapts more than factors. The linear part of the uplink's network gets a posterior of its
own (Bayesian ridge regression about the trained weights): its inputs are the numbers by which the
calibration may correct each estimate.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from tandem.agents.api import Observation
from tandem.agents.inference.model.facts import Facts
from tandem.agents.inference.model.features import FEATURES, FeatureMap, FeatureView
from tandem.agents.inference.model.network_file import Pretrained
from tandem.agents.inference.problem import JointProblem

Array = NDArray[np.float64]
#: Unit of waits, seconds, and the largest logarithm of one: 7 s.
WAIT_UNIT_S: Final = 0.05
LARGEST_ANSWER: Final = 5.0


class PretrainedBase:
    """A `tandem.agents.inference.model.base.BaseModel` of trained networks."""

    row_width = len(FEATURES)

    def __init__(self, problem: JointProblem, networks: Pretrained) -> None:
        self._problem = problem
        self._networks = networks
        self._features = FeatureMap(problem)

    def at(self, observation: Observation, facts: Facts) -> PretrainedView:
        view = self._features.at(observation, facts)
        column = self._problem.user_columns["device_backlog_s"]
        return PretrainedView(self._networks, view, observation["users"][:, column])


class PretrainedView:
    """The networks at one observation; a `tandem.agents.inference.model.base.BaseView`."""

    def __init__(self, networks: Pretrained, features: FeatureView, backlog_s: Array) -> None:
        self._features = features
        self._networks = networks
        self._rows = networks.uplink.standardised(features.fixed)
        self._uplink = networks.uplink.prepare(features.fixed)
        self._wait = networks.wait.prepare(features.fixed)
        nobody = np.zeros((1, *features.fixed.shape[:2]))
        self._alone_s = self._wait_s(nobody, self._uplink_s(self._features.loads(nobody)))
        self.backlog_s = backlog_s
        self.downlink_s: Array = np.exp(networks.downlink(features.fixed)[..., 0])

    def uplink(self, weights: Array) -> tuple[Array, Array]:
        """The numbers are the inputs of the uplink's network, standardised."""
        loads = self._features.loads(weights)
        known = self._rows.shape[-1]
        fixed = np.broadcast_to(self._rows, (*weights.shape, known))
        rows = np.concatenate((fixed, self._networks.uplink.standardised(loads, known)), axis=-1)
        return self._uplink_s(loads), rows

    def waits_s(self, weights: Array, uplink_s: Array) -> tuple[Array, Array]:
        """The wait of a user who comes alone, and what the others add to it."""
        return self._alone_s, self._wait_s(weights, uplink_s) - self._alone_s

    def _uplink_s(self, loads: Array) -> Array:
        return np.asarray(np.exp(self._uplink(loads)[..., 0]))

    def _wait_s(self, weights: Array, uplink_s: Array) -> Array:
        inputs = wait_inputs(self._features.loads(weights), uplink_s)
        return wait_of(self._wait(inputs)[..., 0])


def wait_inputs(loads: Array, uplink_s: Array) -> Array:
    """What the wait's network sees besides the fixed features: loads ``[…, L]`` and how long the
    uplink takes ``[…]``; ``[…, L + 1]``."""
    return np.concatenate((loads, np.log(uplink_s)[..., None]), axis=-1)


def wait_of(answer: Array) -> Array:
    """The wait that the network's answer stands for, seconds."""
    return np.asarray(WAIT_UNIT_S * np.exp(np.minimum(answer, LARGEST_ANSWER)))
