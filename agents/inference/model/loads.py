# SPDX-License-Identifier: MIT
"""What the other users do, summed: in a user's cell, at the site of an option, and both.

A user at an option adds 1 to the counts, its bytes, the time its upload would take alone, and its
work at the site. Sums over each user's others come from one sum per user and site, so that their
cost grows with the square of the users and not of the users times the options.

Shapes: B cases, N users, M network options, S remote sites, Q = 4 quantities.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tandem.agents.common.codec import SCALES

Array = NDArray[np.float64]

#: Sums over the other users in the same cell, at the same site, and in the same cell there.
LOADS: Final = (
    "cell_users",
    "cell_bytes",
    "cell_upload_s",
    "site_users",
    "site_service_s",
    "site_bytes",
    "both_users",
    "both_upload_s",
    "site_service_per_core_s",
)
SITE_SERVICE: Final = LOADS.index("site_service_s")
#: What a user at an option adds, in the order of the last axis of `Loads`' sums.
USERS, BYTES, UPLOAD, SERVICE = range(4)


class Loads:
    """The sums at one observation.

    Args:
        networks: for each access network, which of the options go through it, and whether two
            users share a cell of it, 0 on the diagonal, ``[N, N]``.
        site: row of each option's site in the block ``sites``, ``[M]``.
        upload_bytes: of each option, ``[M]``.
        upload_s: of each user and option, ``[N, M]``.
        service_s: of each option, ``[M]``.
        site_cores: of each remote site, ``[S]``.
    """

    def __init__(
        self,
        networks: Sequence[tuple[NDArray[np.intp] | slice, Array]],
        site: NDArray[np.intp],
        upload_bytes: Array,
        upload_s: Array,
        service_s: Array,
        site_cores: Array,
    ) -> None:
        users, options = upload_s.shape
        sites = len(site_cores)
        self._networks = networks
        self._other = 1.0 - np.eye(users)
        self._site = site
        self._site_cores = site_cores
        added = np.empty((users, options, sites, 4))
        here = (site[:, None] == np.arange(sites)).astype(np.float64)
        added[..., USERS] = here
        added[..., BYTES] = here * (upload_bytes / SCALES["_bytes"])[:, None]
        added[..., UPLOAD] = here * (upload_s / SCALES["_s"])[..., None]
        added[..., SERVICE] = here * (service_s / SCALES["_s"])[:, None]
        self._added = added.reshape(users, options, -1)

    def of(self, weights: Array) -> Array:
        """Each load on a logarithmic scale, ``[B, N, M, L]``, at ``weights`` ``[B, N, M]``."""
        own = self._own(weights, slice(None))
        result = np.empty((*weights.shape, len(LOADS)))
        for options, same_cell in self._networks:
            here = own if len(self._networks) == 1 else self._own(weights, options)
            result[:, :, options] = self._of(own, here, same_cell, len(weights), options)
        return result

    def _own(self, weights: Array, options: NDArray[np.intp] | slice) -> Array:
        """What each user adds by some of the options, ``[N, B·S·Q]``."""
        # One product per user, then one over users: faster than a product of three.
        added = self._added[:, options]
        own = np.matmul(weights[..., options].transpose(1, 0, 2), added)
        return np.asarray(own.reshape(len(added), -1))

    def _of(
        self,
        own: Array,
        here: Array,
        same_cell: Array,
        cases: int,
        options: NDArray[np.intp] | slice,
    ) -> Array:
        """The loads at the options of one access network.

        Args:
            own: what each user adds, ``[N, B·S·Q]``.
            here: what of it goes through this network.
            same_cell: of this network.
        """
        shape = (len(own), cases, len(self._site_cores), 4)
        both = (same_cell @ here).reshape(shape)
        site = (self._other @ own).reshape(shape)
        cell = both.sum(axis=2, keepdims=True)
        sums = np.empty((*shape[:3], len(LOADS)))
        for index, part in enumerate(
            (
                *(cell[..., USERS], cell[..., BYTES], cell[..., UPLOAD]),
                *(site[..., USERS], site[..., SERVICE], site[..., BYTES]),
                *(both[..., USERS], both[..., UPLOAD], site[..., SERVICE] / self._site_cores),
            )
        ):
            sums[..., index] = part
        return np.log1p(sums).transpose(1, 0, 2, 3)[:, :, self._site[options]]
