# SPDX-License-Identifier: MIT
"""What a flow of `tcp-bottleneck` gets: throughput, and less delay is worth as much as more of it.

The utility is ``log(throughput / 1 Mbit/s) - log(rtt / base_rtt)``, the logarithm of Kleinrock's
power, as in Winstein and Balakrishnan, "TCP ex Machina" (SIGCOMM 2013), with equal weights. Its
equivalent is the throughput that, with empty queues, is worth as much.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from tandem.agents.networking.domain import NetworkDomain, log_share


def power(flows: NDArray[np.void]) -> NDArray[np.float64]:
    """Utility of each row of the table ``flows``, ``[rows]``."""
    # Before the first acknowledgement there is no round-trip time: 0 of both.
    stretch = np.maximum(flows["rtt_s"], flows["base_rtt_s"]) / np.maximum(
        flows["base_rtt_s"], np.finfo(np.float64).tiny
    )
    return np.asarray(log_share(flows["throughput_bps"]) - np.log(np.maximum(stretch, 1.0)))


TCP_BOTTLENECK: Final = NetworkDomain(
    table="flows",
    participant="flow",
    columns=("throughput_bps", "rtt_s", "base_rtt_s"),
    name="power",
    utility=power,
)
