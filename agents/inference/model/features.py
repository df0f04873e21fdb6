# SPDX-License-Identifier: MIT
"""What a network sees of a user at an option: a row of numbers of about 1, in any order of users.

A row only describes. It holds the user's own state, that of the cell it is in and of the site it
would use, the option's facts, and sums over what the *other* users do. How these make times is for
a network to learn. Sums make rows independent of the users' order and number.

Shapes: B cases, N users, M network options, F features of which L are loads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tandem.agents.api import Observation
from tandem.agents.common.codec import SCALES, scale_of
from tandem.agents.common.units import BITS_PER_BYTE
from tandem.agents.inference.model.facts import Facts
from tandem.agents.inference.model.loads import LOADS, SITE_SERVICE, Loads
from tandem.agents.inference.paths import Lane
from tandem.agents.inference.problem import JointProblem

Array = NDArray[np.float64]

#: State of a user that the network may depend on.
USER_STATE: Final = (
    "snr_db",
    "rate_bps",
    "weak",
    "mac_retransmissions",
    "tcp_retransmissions",
    "airtime_s",
    "goodput_bps",
    "distance_m",
)
#: State that exists once per remote site; a user sees that of the site it would use.
SITE_STATE: Final = ("cwnd_bytes", "ssthresh_bytes", "idle_s", "rtt_s")
CELL_STATE: Final = ("airtime_fraction", "stations", "background_bps")
CELL_KINDS: Final = ("wifi", "lte")
SITE_LOAD: Final = (
    "cores",
    "utilisation",
    "busy_cores",
    "queue_length",
    "backlog_s",
    "background_utilisation",
)
#: Work at the site for each of its cores.
CORE_LOAD: Final = ("backlog_per_core_s",)
#: Facts of the user's path and of the option.
PATH_FACTS: Final = ("observed_bps", "site_delay_s", "weak_delay_s")
OPTION_FACTS: Final = ("service_s", "upload_bytes", "reply_bytes", "upload_s")
#: All features in order.
FEATURES: Final = (
    *USER_STATE,
    *SITE_STATE,
    *CELL_STATE,
    *CELL_KINDS,
    *SITE_LOAD,
    *CORE_LOAD,
    *PATH_FACTS,
    *OPTION_FACTS,
    *LOADS,
)
#: Rate that stands in while nobody in a user's cell has sent, bit/s.
UNKNOWN_RATE_BPS: Final = 20e6


class FeatureMap:
    """Rows of one problem; a column that the scenario lacks is 0."""

    def __init__(self, problem: JointProblem) -> None:
        self._problem = problem
        self._site = problem.network_site
        kinds = np.array(problem.cell_kinds)[problem.network_cells]
        self._kinds = (kinds[..., None] == np.array(CELL_KINDS)).astype(np.float64)
        others = 1.0 - np.eye(problem.users)
        self._networks = [
            (lane.options, (lane.cells[:, None] == lane.cells) * others) for lane in problem.lanes
        ]

    def at(self, observation: Observation, facts: Facts) -> FeatureView:
        """Rows at one observation, while options are what ``facts`` say."""
        problem, network = self._problem, self._problem.network_options
        users, column = observation["users"], problem.user_columns
        shape = (problem.users, len(network))

        def of_users(part: Array) -> Array:
            return np.broadcast_to(part[:, None, :], (*shape, part.shape[1]))

        def of_lanes(part: Callable[[Lane], Array]) -> Array:
            parts = [part(lane) for lane in problem.lanes]
            result = np.empty((*shape, parts[0].shape[-1]))
            for lane, each in zip(problem.lanes, parts, strict=True):
                result[:, lane.options] = each
            return result

        def names(lane: Lane, plain: Iterable[str]) -> list[str]:
            prefixed = [(f"{lane.prefix}{name}", name) for name in plain]
            return [name if name in column else other for name, other in prefixed]

        def sites_of(lane: Lane) -> Array:
            per_site = [
                _coded(users, column, names(lane, [f"{site}_{name}" for name in SITE_STATE]))
                for site in problem.sites.remote
            ]
            return np.stack(per_site, axis=1)[:, self._site[lane.options]]

        def of_options(part: Array) -> Array:
            return np.broadcast_to(part, (*shape, part.shape[1]))

        rate_bps = of_lanes(lambda lane: self._observed_bps(users, lane)[:, None, None])[..., 0]
        upload_bytes = facts.upload_bytes[network]
        upload_s = BITS_PER_BYTE * upload_bytes / rate_bps
        service_s = facts.service_s[network]
        weak_s = problem.weak_delay_s * _read(users, column, ("weak",))[:, 0]
        delay_s = of_lanes(
            lambda lane: problem.path_delay_s(lane.cells)[:, self._site[lane.options], None]
        )
        option = np.stack(
            (
                _compress(service_s, SCALES["_s"]),
                _compress(upload_bytes, SCALES["_bytes"]),
                _compress(facts.reply_bytes[network], SCALES["_bytes"]),
            ),
            axis=1,
        )
        cells = _coded(observation["cells"], problem.cell_columns, CELL_STATE)[
            problem.network_cells
        ]
        sites = _coded(observation["sites"], problem.site_columns, SITE_LOAD)[self._site]
        site_cores = np.maximum(
            _read(observation["sites"], problem.site_columns, ("cores",))[:, 0], 1.0
        )
        backlog = _read(observation["sites"], problem.site_columns, ("backlog_s",))[self._site]
        fixed = np.concatenate(
            (
                of_lanes(lambda lane: _coded(users, column, names(lane, USER_STATE))[:, None]),
                of_lanes(sites_of),
                cells,
                self._kinds,
                of_options(sites),
                of_options(_compress(backlog / site_cores[self._site][:, None], SCALES["_s"])),
                _compress(rate_bps, SCALES["_bps"])[..., None],
                _compress(delay_s, SCALES["_s"]),
                of_users(_compress(weak_s, SCALES["_s"])[:, None]),
                of_options(option),
                _compress(upload_s, SCALES["_s"])[..., None],
            ),
            axis=-1,
        )
        loads = Loads(self._networks, self._site, upload_bytes, upload_s, service_s, site_cores)
        return FeatureView(fixed, loads)

    def _observed_bps(self, users: Array, lane: Lane) -> Array:
        """The larger of a user's last frame rate and its goodput, ``[N]``; where neither is known,
        the median of the cell."""
        names = [f"{lane.prefix}{name}" for name in ("rate_bps", "goodput_bps")]
        rate: Array = _read(users, self._problem.user_columns, names).max(axis=1)
        for cell in range(len(self._problem.cell_kinds)):
            members = lane.cells == cell
            known = members & (rate > 0.0)
            typical = float(np.median(rate[known])) if known.any() else UNKNOWN_RATE_BPS
            rate[members & ~known] = typical
        return rate


class FeatureView:
    """Rows at one observation.

    Attributes:
        fixed: the part that no action changes, ``[N, M, F - L]``.
    """

    def __init__(self, fixed: Array, loads: Loads) -> None:
        self.fixed = fixed
        self._loads = loads

    def loads(self, weights: Array) -> Array:
        """The part that follows from what the others do, ``[B, N, M, L]``.

        Args:
            weights: how much each user is at each option, ``[B, N, M]``; fractions make a mean
                field. A user's own weights do not count for that user.
        """
        return self._loads.of(weights)

    def site_service_s(self, weights: Array) -> Array:
        """Service times that the others bring to each option's site, ``[B, N, M]``."""
        return np.asarray(SCALES["_s"] * np.expm1(self.loads(weights)[..., SITE_SERVICE]))

    def rows(self, weights: Array) -> Array:
        """Whole rows, ``[B, N, M, F]``."""
        fixed = np.broadcast_to(self.fixed, (*weights.shape, self.fixed.shape[-1]))
        return np.concatenate((fixed, self.loads(weights)), axis=-1)


def _read(block: Array, columns: Mapping[str, int], names: Sequence[str]) -> Array:
    """Columns of a block by name, ``[…, names]``."""
    parts = [block[:, columns[name]] if name in columns else _nothing(block) for name in names]
    return np.stack(parts, axis=1)


def _coded(block: Array, columns: Mapping[str, int], names: Sequence[str]) -> Array:
    """Columns of a block by name, compressed."""
    scales = np.array([scale_of(name) for name in names])
    return _compress(_read(block, columns, names), scales)


def _nothing(block: Array) -> Array:
    return np.zeros(len(block))


def _compress(values: Array, scale: Array | float) -> Array:
    """Numbers of any unit and sign on a logarithmic scale that is linear near 0."""
    return np.asarray(np.sign(values) * np.log1p(np.abs(values) / scale))
