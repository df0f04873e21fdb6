# SPDX-License-Identifier: MIT
"""What a station of `wifi-contention` gets: a fair throughput among those that have data."""

from __future__ import annotations

from typing import Final

from tandem.agents.networking.domain import NetworkDomain, fair_share

WIFI_CONTENTION: Final = NetworkDomain(
    table="stations",
    participant="ap",
    columns=("throughput_bps", "timeouts"),
    name="fair",
    utility=fair_share,
)
