# SPDX-License-Identifier: MIT
"""What a station of `wifi-contention` gets: a fair throughput among those that have data."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from tandem.agents.networking.domain import NetworkDomain, log_share


def fair_share(stations: NDArray[np.void]) -> NDArray[np.float64]:
    """Utility of each row of the table ``stations``, ``[rows]``."""
    return log_share(stations["throughput_bps"])


WIFI_CONTENTION: Final = NetworkDomain(
    table="stations",
    participant="ap",
    columns=("throughput_bps", "timeouts"),
    name="fair",
    utility=fair_share,
)
