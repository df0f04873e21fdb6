# SPDX-License-Identifier: MIT
"""Analytic estimate of one access network: uplinks and downlinks of the options that go through it.

The uplink shares the air with the cell's other offloaders, at rates that are measured now. Access
networks share nothing: users who send over another one do not count.

Shapes: B cases, N users, M options of this network.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tandem.agents.api import Observation
from tandem.agents.common.units import BITS_PER_BYTE
from tandem.agents.inference.model.config import PriorConfig
from tandem.agents.inference.model.facts import Facts
from tandem.agents.inference.paths import Lane
from tandem.agents.inference.problem import JointProblem

Array = NDArray[np.float64]


class AccessPrior:
    """One access network at one observation.

    Args:
        lane: which network options go through it, and each user's cell in it.

    Attributes:
        airtime_s: time that a user's upload to each option needs on an idle channel, seconds,
            ``[N, M]``.
        downlink_s: time for the result to come back, ``[N, M]``.
    """

    def __init__(
        self,
        problem: JointProblem,
        config: PriorConfig,
        lane: Lane,
        observation: Observation,
        facts: Facts,
    ) -> None:
        self._problem = problem
        self._config = config
        self._lane = lane
        self._facts = facts
        users = observation["users"]
        self._options = problem.network_options[lane.options]
        self._site_row = problem.network_site[lane.options]
        cells = lane.cells
        self._in_cell: Array = np.eye(len(problem.cell_kinds))[:, cells]

        rate_bps = self._payload_rate_bps(users, observation["cells"])
        upload_bits = BITS_PER_BYTE * facts.upload_bytes[self._options]
        self.airtime_s: Array = upload_bits / rate_bps[:, None]
        self._base_rtt_s: Array = self._idle_rtt(users)[:, self._site_row]
        weak_s = users[:, problem.user_columns["weak"], None] * problem.weak_delay_s
        self._one_way_s: Array = (self._base_rtt_s + weak_s) / 2.0
        wifi = np.array([kind == "wifi" for kind in problem.cell_kinds])[cells]
        self._is_wifi: Array = wifi.astype(np.float64)[:, None]
        self._turn_s: Array = self._is_wifi / rate_bps[:, None]
        self._least_bits: Array = np.minimum(upload_bits[:, None], upload_bits[None, :])
        self._scheduled = np.flatnonzero(~wifi)
        self._shared = self._sharing(self._scheduled)
        self._ramp_s = self._window_waits(users, upload_bits, rate_bps)
        reply_bits = BITS_PER_BYTE * facts.reply_bytes[self._options]
        self.downlink_s: Array = self._base_rtt_s / 2.0 + reply_bits / rate_bps[:, None]

    def uplink(self, weights: Array) -> tuple[Array, Array]:
        """Time until each upload has arrived, while the others load the cell.

        Returns:
            As `tandem.agents.inference.model.prior.PriorView.uplink`, of this network's options.
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
        return np.asarray(per_cell[:, self._lane.cells] * self._is_wifi - sent_s)

    def _payload_rate_bps(self, users: Array, cells: Array) -> Array:
        """What TCP payload gets if nobody else offloads, ``[N]``."""
        problem, config = self._problem, self._config
        cells_of = self._lane.cells
        rate = users[:, self._column("rate_bps")].copy()
        rate = np.where(rate > 0.0, rate, self._last_rate_bps(users))
        for cell in range(len(problem.cell_kinds)):
            members = cells_of == cell
            known = members & (rate > 0.0)
            typical = float(np.median(rate[known])) if known.any() else config.unknown_rate_bps
            rate[members & ~known] = typical
        # The last frame may have been a probe or a retry at a low rate; the upload before it
        # shows what the user can at least do.
        rate = np.maximum(rate, users[:, self._column("goodput_bps")])
        wifi = np.array([kind == "wifi" for kind in problem.cell_kinds])[cells_of]
        rate *= np.where(wifi, config.wifi_efficiency, config.lte_efficiency)
        background = cells[cells_of, problem.cell_columns["background_bps"]]
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
        if self._lane.prefix:  # else all remote options are of this network
            known &= np.isin(option, self._options)
        bits = BITS_PER_BYTE * self._facts.upload_bytes[np.where(known, option, 0)]
        return np.where(known, bits / np.where(known, air_s, 1.0), 0.0)

    def _sharing(self, users: NDArray[np.intp]) -> Array:
        """Delay that user j at option l adds to user u at option m, ``[n·M, n·M]`` (j l, u m).

        Among the n ``users`` of LTE cells, whose scheduler gives all of a cell the same time.
        """
        air = self.airtime_s[users].reshape(-1)
        options = self.airtime_s.shape[1]
        cells = np.repeat(self._lane.cells[users], options)
        user = np.repeat(np.arange(len(users)), options)
        shared = (cells[:, None] == cells[None, :]) & (user[:, None] != user[None, :])
        return np.asarray(np.minimum(air[:, None], air[None, :]) * shared, dtype=np.float64)

    def _idle_rtt(self, users: Array) -> Array:
        """Round trip on an idle path to each site, ``[N, sites]``.

        The measured one is TCP's smoothed value, which remembers the queues of earlier uploads.
        """
        problem, config = self._problem, self._config
        access = {"wifi": config.wifi_access_rtt_s, "lte": config.lte_access_rtt_s}
        radio_s = np.array([access[kind] for kind in problem.cell_kinds])[self._lane.cells]
        weak_s = users[:, problem.user_columns["weak"]] * problem.weak_delay_s
        wired_s = 2.0 * problem.path_delay_s(self._lane.cells)
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
        idle_s = np.maximum(self._base_rtt_s - threshold / rate_bps[:, None], 0.0)
        beyond = np.minimum(avoidance, 1.0)
        last_s = beyond * idle_s + (1.0 - beyond) * self._base_rtt_s
        waits_s = slow_start * self._base_rtt_s + avoidance * idle_s - last_s
        return np.asarray(np.maximum(waits_s, 0.0), dtype=np.float64)

    def _per_site_bits(self, users: Array, name: str) -> Array:
        """A size that users have per site, of the site of each network option, ``[N, M]``."""
        sizes = np.stack(
            [users[:, self._column(f"{site}_{name}")] for site in self._problem.sites.remote], 1
        )
        return np.asarray(BITS_PER_BYTE * np.maximum(sizes, 1.0)[:, self._site_row])

    def _column(self, name: str) -> int:
        """The index of a user's column about this network."""
        return self._problem.user_columns[f"{self._lane.prefix}{name}"]
