# SPDX-License-Identifier: MIT
"""What a UE of `lte-power` gets: proportionally fair throughput."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from tandem.agents.networking.domain import NetworkDomain, log_share


def fair_share(ues: NDArray[np.void]) -> NDArray[np.float64]:
    """Utility of each row of the table ``ues``, ``[rows]``."""
    return log_share(ues["throughput_bps"])


LTE_POWER: Final = NetworkDomain(
    table="ues",
    participant="cell",
    columns=("throughput_bps", "power_dbm"),
    name="fair",
    utility=fair_share,
)
