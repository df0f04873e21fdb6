# SPDX-License-Identifier: MIT
"""What the system model sees: rows of bounded, unit-free numbers, in any order of users."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from tandem.agents.api import Observation
from tandem.agents.common.codec import HISTORY, SCALES, BlockCodec
from tandem.agents.inference.components import COMPONENTS
from tandem.agents.inference.model.prior import PriorView
from tandem.agents.inference.problem import REMOTE_SITES, JointProblem
from tandem.agents.inference.request_table import Site

Array = NDArray[np.float64]

#: Times below this do not matter; relative errors are taken above it.
TIME_FLOOR_S: Final = 1e-3
#: State that exists once per remote site; a user sees that of the site it chooses.
SITE_STATE: Final = ("cwnd_bytes", "ssthresh_bytes", "idle_s", "rtt_s")
LOADS: Final = 7
OPTION_FACTS: Final = 3


class FeatureMap:
    """Rows of features for (user, option) pairs of one problem.

    A row holds the user's own state, that of the site and cell it would use, the option's facts,
    the loads that the *other* users put on that cell and site, and the prior's components. Rows of
    device options see neither site, cell nor loads: none of these affects a device. Sums over users
    make all of it independent of the users' order and number.
    """

    def __init__(self, problem: JointProblem) -> None:
        self._problem = problem
        self.users = BlockCodec(problem.user_columns)
        self.sites = BlockCodec(problem.site_columns)
        self.cells = BlockCodec(problem.cell_columns)
        chosen = {f"{site.label}_{name}" for site in REMOTE_SITES for name in SITE_STATE}
        self._own = np.array(
            [
                index
                for index, name in enumerate(self.users.names)
                if name not in chosen and not name.startswith(HISTORY)
            ]
        )
        self._state = np.array(
            [[self.users.names.index(f"{s.label}_{n}") for n in SITE_STATE] for s in REMOTE_SITES]
        )
        table, network = problem.options, problem.network_options
        self._site_row = np.array([REMOTE_SITES.index(Site(code)) for code in table.site[network]])
        self._facts = self._option_facts()

    @property
    def width(self) -> int:
        """Length of a row."""
        sites = len(REMOTE_SITES) + len(SITE_STATE) + len(self.sites.names)
        own = len(self._own) + len(self.cells.names)
        return own + sites + OPTION_FACTS + LOADS + len(COMPONENTS)

    def device_rows(self, observation: Observation, prior: PriorView) -> Array:
        """Rows of every user at every device option, ``[N, K - M, F]``."""
        own = self.users.encode(observation["users"])[:, self._own]
        options = self._problem.device_options
        rows = np.zeros((len(own), len(options), self.width))
        rows[..., : own.shape[1]] = own[:, None, :]
        facts = own.shape[1]
        rows[..., facts : facts + OPTION_FACTS] = self._facts[options]
        rows[..., -len(COMPONENTS)] = compress_s(prior.device_s)
        return rows

    def network_rows(
        self,
        observation: Observation,
        prior: PriorView,
        weights: Array,
        components_s: Array,
        chosen: NDArray[np.bool_] | None = None,
    ) -> Array:
        """Rows of users at network options.

        Args:
            weights: what the users do, ``[B, N, M]`` as in `tandem.agents.inference.model.prior`.
            components_s: the prior's `network_components_s` for these weights.
            chosen: which cases are wanted, ``[B, N, M]``; all by default.

        Returns:
            ``[R, F]`` for the R chosen ones in order, or ``[B, N, M, F]``.
        """
        fixed = self._fixed(observation)
        loads = self._loads(prior, weights)
        if chosen is None:
            fixed = np.broadcast_to(fixed, (*weights.shape, fixed.shape[-1]))
        else:
            _, user, option = np.nonzero(chosen)
            fixed, loads, components_s = fixed[user, option], loads[chosen], components_s[chosen]
        rows = (fixed, loads, compress_s(components_s))
        return np.concatenate(rows, axis=-1)

    def _fixed(self, observation: Observation) -> Array:
        """The part of network rows that no action changes, ``[N, M, …]``."""
        encoded = self.users.encode(observation["users"])
        shape = (len(encoded), len(self._site_row))
        sites = self.sites.encode(observation["sites"])[self._site_row]
        cells = self.cells.encode(observation["cells"])[self._problem.user_cells]
        which = np.eye(len(REMOTE_SITES))[self._site_row]
        parts = (
            np.broadcast_to(encoded[:, None, self._own], (*shape, len(self._own))),
            np.broadcast_to(self._facts[self._problem.network_options], (*shape, OPTION_FACTS)),
            encoded[:, self._state[self._site_row]],
            np.broadcast_to(sites, (*shape, sites.shape[1])),
            np.broadcast_to(which, (*shape, which.shape[1])),
            np.broadcast_to(cells[:, None, :], (*shape, cells.shape[1])),
        )
        return np.concatenate(parts, axis=-1)

    def _loads(self, prior: PriorView, weights: Array) -> Array:
        """What the others put on a user's cell and on each option's site, ``[B, N, M, 7]``."""
        loads = np.zeros((*weights.shape, LOADS))
        to_site = weights @ prior.same_site
        everybody = to_site.sum(axis=1, keepdims=True) - to_site
        air = weights * prior.airtime_s
        in_cell = prior.others_in_cell(to_site)
        in_cell_anywhere = prior.others_in_cell(weights.sum(axis=2, keepdims=True))
        air_to_site = prior.others_in_cell(air @ prior.same_site)
        air_in_cell = prior.others_in_cell(air.sum(axis=2, keepdims=True))
        work = (weights * prior.service_s) @ prior.same_site
        loads[..., 0] = np.log1p(in_cell_anywhere)
        loads[..., 1] = np.log1p(in_cell)
        loads[..., 2] = np.log1p(everybody)
        loads[..., 3] = compress_s(air_in_cell)
        loads[..., 4] = compress_s(air_to_site)
        loads[..., 5] = compress_s(work.sum(axis=1, keepdims=True) - work)
        loads[..., 6] = compress_s(prior.airtime_s)
        return loads

    def _option_facts(self) -> Array:
        """Service time, upload and reply of each option, compressed, ``[K, 3]``."""
        table = self._problem.options
        return np.stack(
            [
                compress_s(table.service_s),
                np.log1p(table.upload_bytes / SCALES["_bytes"]),
                np.log1p(table.reply_bytes / SCALES["_bytes"]),
            ],
            axis=1,
        )


def compress_s(time_s: Array) -> Array:
    """Times on a logarithmic scale that is linear below `TIME_FLOOR_S`."""
    return np.asarray(np.log1p(np.maximum(time_s, 0.0) / TIME_FLOOR_S))
