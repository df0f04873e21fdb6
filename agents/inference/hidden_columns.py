# SPDX-License-Identifier: MIT
"""Values that stand in for columns of the observation, for agents that shall not see them."""

from __future__ import annotations

from typing import Final

#: Columns of a user that has not transmitted.
NO_RATE: Final = {"snr_db": 0.0, "rate_bps": 0.0, "mcs": 0.0, "goodput_bps": 0.0}
#: A new connection to any site: ns-3's initial window of 10 segments, no threshold below 1 MiB.
NO_TRANSPORT: Final = {
    "*_cwnd_bytes": 14_000.0,
    "*_ssthresh_bytes": 1_048_576.0,
    "*_idle_s": 0.0,
    "*_rtt_s": 0.0,
}
#: Columns of a site that do not depend on its load; an idle site has 0 in all others.
SITE_FACTS: Final = ("cores",)
