# SPDX-License-Identifier: MIT
"""Analytic estimate of response times: what is known before learning.

    response = device wait + service                                    (device options)
    response = uplink + wait at the site + service there + downlink     (network options)

A split option begins on the device, so that its response has all of these parts.

What it takes for granted about options (service times, sizes) comes as `Facts`: the scenario's
table, or what experience has made of it.

The uplink shares the air with the cell's other offloaders, at rates that are measured now. The
estimate is rough on purpose (no collisions, no retransmissions, no time-outs): the system model
learns what is missing.

Loads come as *weights*: ``weights[b, u, m]`` says how much user u is at network option m in case
b. Ones and zeros make a joint action; fractions make the mean field in which the planner prices
options. Shapes: B cases, N users, K options, M network options, 5 components.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from tandem.agents.api import Observation
from tandem.agents.common.units import BITS_PER_BYTE
from tandem.agents.inference.components import COMPONENTS, DEVICE, DOWNLINK, SERVICE, UPLINK, WAIT
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
        base_rtt_s: round trip to the site of each network option on an idle path, ``[N, M]``.
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
        self._problem = problem
        self._config = config
        facts = Facts.of(problem.options) if facts is None else facts
        self._facts = facts
        users, sites = observation["users"], observation["sites"]
        table, network = problem.options, problem.network_options
        column = problem.user_columns
        self.backlog_s: Array = users[:, column["device_backlog_s"]]
        first_s = facts.device_service_s[network]
        self._first_s: Array = (self.backlog_s[:, None] + first_s) * (first_s > 0.0)
        self.device_s: Array = self.backlog_s[:, None] + facts.service_s[problem.device_options]

        site = table.site[network]
        self._site_row = problem.network_site
        self.service_s: Array = facts.service_s[network]
        self.same_site: Array = (site[:, None] == site[None, :]).astype(np.float64)
        cells = problem.user_cells
        self._in_cell: Array = np.eye(len(problem.cell_kinds))[:, cells]

        rate_bps = self._payload_rate_bps(users, observation["cells"])
        upload_bits = BITS_PER_BYTE * facts.upload_bytes[network]
        self.airtime_s: Array = upload_bits / rate_bps[:, None]
        self.base_rtt_s: Array = self._idle_rtt(users)[:, self._site_row]
        weak_s = users[:, column["weak"], None] * problem.weak_delay_s
        self._one_way_s: Array = (self.base_rtt_s + weak_s) / 2.0
        wifi = np.array([kind == "wifi" for kind in problem.cell_kinds])[cells]
        self._is_wifi: Array = wifi.astype(np.float64)[:, None]
        self._turn_s: Array = self._is_wifi / rate_bps[:, None]
        self._least_bits: Array = np.minimum(upload_bits[:, None], upload_bits[None, :])
        self._scheduled = np.flatnonzero(~wifi)
        self._shared = self._sharing(self._scheduled)
        self._ramp_s = self._window_waits(users, upload_bits, rate_bps)
        self.downlink_s: Array = (
            self.base_rtt_s / 2.0 + BITS_PER_BYTE * facts.reply_bytes[network] / rate_bps[:, None]
        )

        named = problem.site_columns
        cores = np.maximum(sites[:, named["cores"]], 1.0)
        full = sites[:, named["busy_cores"]] >= cores
        drain_s = np.where(full, sites[:, named["backlog_s"]] / cores, 0.0)
        background = sites[:, named["background_utilisation"]]
        self._drain_s: Array = drain_s[self._site_row]
        self._cores: Array = cores[self._site_row]
        self._background: Array = background[self._site_row]

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
        """Time until each upload has arrived, while the others load the cell.

        Returns:
            Seconds, ``[B, N, M]``; the shares of it spent on the others' uploads and on the growth
            of the window, ``[B, N, M, 2]``. Both overlap in part, so experience may find each to
            count less than the estimate says.
        """
        others_s = self._others_s(weights)
        alone_s = self.airtime_s + self._ramp_s + self._one_way_s
        total_s = others_s + alone_s
        ramp_s = np.broadcast_to(self._ramp_s, total_s.shape)
        return total_s, np.stack((others_s / total_s, ramp_s / total_s), axis=-1)

    def _others_s(self, weights: Array) -> Array:
        """Time on the air of the others' uploads, as far as it delays a user, ``[B, N, M]``."""
        others = self._turns_s(weights)
        scheduled = self._scheduled
        if len(scheduled):
            mine = weights[:, scheduled]
            flat = mine.reshape(len(weights), -1)
            others[:, scheduled] = (flat @ self._shared).reshape(mine.shape)
        return self._config.contention_share * others

    def _turns_s(self, weights: Array) -> Array:
        """Delay by the others in a WiFi cell, ``[B, N, M]``; 0 for users of other cells.

        Stations take turns frame by frame, so another one sends as many bytes as the user until one
        of the two is done.
        """
        sent_s = (weights * self._turn_s) @ self._least_bits
        per_cell = self._in_cell @ sent_s
        return np.asarray(per_cell[:, self._problem.user_cells] * self._is_wifi - sent_s)

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

    def others_in_cell(self, amounts: Array) -> Array:
        """For each user, the sum of ``amounts`` ``[B, N, X]`` over the others in its cell."""
        per_cell = self._in_cell @ amounts
        return np.asarray(per_cell[:, self._problem.user_cells] - amounts)

    def _payload_rate_bps(self, users: Array, cells: Array) -> Array:
        """What TCP payload gets if nobody else offloads, ``[N]``."""
        problem, config = self._problem, self._config
        rate = users[:, problem.user_columns["rate_bps"]].copy()
        rate = np.where(rate > 0.0, rate, self._last_rate_bps(users))
        for cell in range(len(problem.cell_kinds)):
            members = problem.user_cells == cell
            known = members & (rate > 0.0)
            typical = float(np.median(rate[known])) if known.any() else config.unknown_rate_bps
            rate[members & ~known] = typical
        # The last frame may have been a probe or a retry at a low rate; the upload before it
        # shows what the user can at least do.
        rate = np.maximum(rate, users[:, problem.user_columns["goodput_bps"]])
        wifi = np.array([kind == "wifi" for kind in problem.cell_kinds])[problem.user_cells]
        rate *= np.where(wifi, config.wifi_efficiency, config.lte_efficiency)
        background = cells[problem.user_cells, problem.cell_columns["background_bps"]]
        free: Array = np.maximum(1.0 - background / rate, config.least_free_share)
        return np.asarray(rate * free, dtype=np.float64)

    def _last_rate_bps(self, users: Array) -> Array:
        """Rate at which each user's last upload went over the air, ``[N]``; 0 where unknown."""
        column = self._problem.user_columns
        if not {"last_option", "last_uplink_air_s"} <= column.keys():
            return np.zeros(len(users))
        option = users[:, column["last_option"]].astype(np.intp)
        air_s = users[:, column["last_uplink_air_s"]]
        known = (option >= 0) & (air_s > 0.0)
        bits = BITS_PER_BYTE * self._facts.upload_bytes[np.where(known, option, 0)]
        return np.where(known, bits / np.where(known, air_s, 1.0), 0.0)

    def _sharing(self, users: NDArray[np.intp]) -> Array:
        """Delay that user j at option l adds to user u at option m, ``[n·M, n·M]`` (j l, u m).

        Among the n ``users`` of LTE cells, whose scheduler gives all of a cell the same time.
        """
        air = self.airtime_s[users].reshape(-1)
        options = self.airtime_s.shape[1]
        cells = np.repeat(self._problem.user_cells[users], options)
        user = np.repeat(np.arange(len(users)), options)
        shared = (cells[:, None] == cells[None, :]) & (user[:, None] != user[None, :])
        return np.asarray(np.minimum(air[:, None], air[None, :]) * shared, dtype=np.float64)

    def _idle_rtt(self, users: Array) -> Array:
        """Round trip on an idle path to each site, ``[N, sites]``.

        The measured one is TCP's smoothed value, which remembers the queues of earlier uploads.
        """
        problem, config = self._problem, self._config
        access = {"wifi": config.wifi_access_rtt_s, "lte": config.lte_access_rtt_s}
        radio_s = np.array([access[kind] for kind in problem.cell_kinds])[problem.user_cells]
        weak_s = users[:, problem.user_columns["weak"]] * problem.weak_delay_s
        wired_s = 2.0 * problem.path_delay_s
        return np.asarray(wired_s + (radio_s + weak_s)[:, None])

    def _window_waits(self, users: Array, upload_bits: Array, rate_bps: Array) -> Array:
        """Time in which the sender waits for its window to grow, seconds, ``[N, M]``.

        In slow start the window doubles each round trip; from the threshold on it grows by a
        segment (congestion avoidance, RFC 5681). There is no wait after the last flight.
        """
        window = self._per_site_bits(users, "cwnd_bytes")
        threshold = np.maximum(self._per_site_bits(users, "ssthresh_bytes"), window)
        doubled = threshold - window
        # What is sent by the time that the window has reached the threshold; and the rest.
        early, late = np.minimum(upload_bits, doubled), np.maximum(upload_bits - doubled, 0.0)
        slow_start = np.log2(1.0 + early / window)
        segment = BITS_PER_BYTE * self._config.segment_bytes
        avoidance = (np.sqrt(threshold**2 + 2.0 * segment * late) - threshold) / segment
        idle_s = np.maximum(self.base_rtt_s - threshold / rate_bps[:, None], 0.0)
        beyond = np.minimum(avoidance, 1.0)
        last_s = beyond * idle_s + (1.0 - beyond) * self.base_rtt_s
        waits_s = slow_start * self.base_rtt_s + avoidance * idle_s - last_s
        return np.asarray(np.maximum(waits_s, 0.0), dtype=np.float64)

    def _per_site_bits(self, users: Array, name: str) -> Array:
        """A size that users have per site, of the site of each network option, ``[N, M]``."""
        column = self._problem.user_columns
        sizes = np.stack(
            [users[:, column[f"{site}_{name}"]] for site in self._problem.sites.remote], 1
        )
        return np.asarray(BITS_PER_BYTE * np.maximum(sizes, 1.0)[:, self._site_row])
