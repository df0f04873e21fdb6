# SPDX-License-Identifier: MIT
"""Analytic estimate of response times: what is known before learning.

    response = device wait + service                                    (device options)
    response = uplink + wait at the site + service there + downlink     (network options)

A split option begins on the device, so that its response has all of these parts.

What it takes for granted about options (service times, sizes) comes as `Facts`: the scenario's
table, or what experience has made of it.

Uplink and downlink are those of the access network that an option goes through
(`tandem.agents.inference.model.access`); devices and sites are here. The estimate is rough on
purpose (no collisions, no retransmissions, no time-outs): the system model learns what is missing.

Loads come as *weights*: ``weights[b, u, m]`` says how much user u is at network option m in case
b. Ones and zeros make a joint action; fractions make the mean field in which the planner prices
options. Shapes: B cases, N users, K options, M network options, 5 components.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from tandem.agents.api import Observation
from tandem.agents.inference.components import COMPONENTS, DEVICE, DOWNLINK, SERVICE, UPLINK, WAIT
from tandem.agents.inference.model.access import AccessPrior
from tandem.agents.inference.model.config import PriorConfig
from tandem.agents.inference.model.facts import Facts
from tandem.agents.inference.problem import JointProblem

Array = NDArray[np.float64]

#: Parts of an uplink's time whose weight experience may correct.
UPLINK_PARTS: Final = 2


class PriorView:
    """The prior at one observation; everything that does not depend on actions is computed once.

    Attributes:
        device_s: response time of each user's device options, seconds, ``[N, K - M]``.
        airtime_s: time that a user's upload to each network option needs on an idle channel,
            seconds, ``[N, M]``.
        same_site: 1 where two network options lead to one site, ``[M, M]``.
        service_s: service time of each network option, ``[M]``.
        downlink_s: time for the result to come back, ``[N, M]``.
        backlog_s: work that waits on each user's device, ``[N]``.
    """

    def __init__(
        self,
        problem: JointProblem,
        config: PriorConfig,
        observation: Observation,
        facts: Facts | None = None,
    ) -> None:
        facts = Facts.of(problem.options) if facts is None else facts
        users, sites = observation["users"], observation["sites"]
        table, network = problem.options, problem.network_options
        self.backlog_s: Array = users[:, problem.user_columns["device_backlog_s"]]
        first_s = facts.device_service_s[network]
        self._first_s: Array = (self.backlog_s[:, None] + first_s) * (first_s > 0.0)
        self.device_s: Array = self.backlog_s[:, None] + facts.service_s[problem.device_options]

        site = table.site[network]
        site_row = problem.network_site
        self.service_s: Array = facts.service_s[network]
        self.same_site: Array = (site[:, None] == site[None, :]).astype(np.float64)
        self._accesses = [
            (lane.options, AccessPrior(problem, config, lane, observation, facts))
            for lane in problem.lanes
        ]
        shape = (problem.users, len(network))
        self.airtime_s: Array = np.empty(shape)
        self.downlink_s: Array = np.empty(shape)
        for options, access in self._accesses:
            self.airtime_s[:, options] = access.airtime_s
            self.downlink_s[:, options] = access.downlink_s

        named = problem.site_columns
        cores = np.maximum(sites[:, named["cores"]], 1.0)
        full = sites[:, named["busy_cores"]] >= cores
        drain_s = np.where(full, sites[:, named["backlog_s"]] / cores, 0.0)
        background = sites[:, named["background_utilisation"]]
        self._drain_s: Array = drain_s[site_row]
        self._cores: Array = cores[site_row]
        self._background: Array = background[site_row]

    def network_components_s(self, weights: Array) -> Array:
        """Components of every user at every network option, given what the others do.

        Args:
            weights: ``[B, N, M]``; a user's own weights are ignored for that user.

        Returns:
            Seconds, ``[B, N, M, 5]``.
        """
        result = np.zeros((*weights.shape, len(COMPONENTS)))
        result[..., UPLINK], _ = self.uplink(weights)
        result[..., DEVICE] = self._first_s
        drain_s, behind_s = self.waits_s(weights, self._first_s + result[..., UPLINK])
        result[..., WAIT] = drain_s + behind_s
        result[..., SERVICE] = self.service_s
        result[..., DOWNLINK] = self.downlink_s
        return result

    def uplink(self, weights: Array) -> tuple[Array, Array]:
        """Time until each upload has arrived, while the others load its access network.

        Returns:
            Seconds, ``[B, N, M]``; the shares of it spent on the others' uploads and on the growth
            of the window, ``[B, N, M, 2]``. Both overlap in part, so experience may find each to
            count less than the estimate says.
        """
        if len(self._accesses) == 1:
            return self._accesses[0][1].uplink(weights)
        total_s = np.empty(weights.shape)
        shares = np.empty((*weights.shape, UPLINK_PARTS))
        for options, access in self._accesses:
            total_s[..., options], shares[..., options, :] = access.uplink(weights[..., options])
        return total_s, shares

    def waits_s(self, weights: Array, uplink_s: Array) -> tuple[Array, Array]:
        """What a request waits for at its site: what stands there now, and the other users' jobs.

        Args:
            weights, uplink_s: ``[B, N, M]``; the uplink's time with what comes before it.

        Returns:
            The rest of the site's present backlog when the upload arrives, and the wait behind
            other users' requests; seconds, both ``[B, N, M]``.
        """
        at_site = weights @ self.same_site
        jobs = at_site.sum(axis=1, keepdims=True) - at_site
        work = (weights * self.service_s) @ self.same_site
        work = work.sum(axis=1, keepdims=True) - work
        # In a random order a job waits behind half of the jobs that find no free core.
        waiting = np.maximum(jobs + 1.0 - self._cores, 0.0) / (2.0 * self._cores)
        behind_s = waiting * work / np.maximum(jobs, 1.0)
        # First come, first served: what the background brings until the upload is there.
        drain_s = np.maximum(self._drain_s - uplink_s * (1.0 - self._background), 0.0)
        return drain_s, behind_s
