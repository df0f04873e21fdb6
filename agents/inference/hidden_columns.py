# SPDX-License-Identifier: MIT
"""Values that stand in for columns of the observation, for agents that shall not see them."""

from __future__ import annotations

from typing import Final

#: Columns of a user that has not transmitted.
NO_RATE: Final = {"snr_db": 0.0, "rate_bps": 0.0, "mcs": 0.0, "goodput_bps": 0.0}
#: A new connection: ns-3's initial window of 10 segments, no threshold below 1 MiB.
NO_TRANSPORT: Final = {
    f"{site}_{name}": value
    for site in ("edge", "cloud")
    for name, value in {
        "cwnd_bytes": 14_000.0,
        "ssthresh_bytes": 1_048_576.0,
        "idle_s": 0.0,
        "rtt_s": 0.0,
    }.items()
}
#: Columns of a site that do not depend on its load; an idle site has 0 in all others.
SITE_FACTS: Final = ("cores",)
