# SPDX-License-Identifier: MIT
"""What the users' last requests tell about the sites, read from an observation."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from tandem.agents.api import Observation
from tandem.agents.inference.problem import JointProblem

Array = NDArray[np.float64]

#: Columns of the block ``users`` that are read.
OPTION: Final = "last_option"
QUEUE: Final = "last_site_queue_s"


class SiteHistory:
    """Reads how long the last requests waited at each site."""

    def __init__(self, problem: JointProblem) -> None:
        self._options = problem.options
        self._codes = problem.sites.codes[1:]
        columns = problem.user_columns
        self._columns = (
            (columns[OPTION], columns[QUEUE]) if OPTION in columns and QUEUE in columns else None
        )

    def waits(self, observation: Observation) -> list[tuple[Array, Array]]:
        """For each site: half of what the other users' last requests took there, and how long each
        request waited; seconds, both ``[R]`` for the R users who were there."""
        nothing = np.zeros(0)
        if self._columns is None:
            return [(nothing, nothing)] * len(self._codes)
        last, queue_s = observation["users"][:, self._columns].T
        known = last >= 0.0
        option = np.where(known, last, 0.0).astype(np.intp)
        site = np.where(known, self._options.site[option], -1)
        found = []
        for code in self._codes:
            here = site == code
            service_s = self._options.service_s[option[here]]
            found.append(((service_s.sum() - service_s) / 2.0, queue_s[here]))
        return found
