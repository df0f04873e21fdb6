# SPDX-License-Identifier: MIT
"""What a UE of `lte-power` gets: proportionally fair throughput."""

from __future__ import annotations

from typing import Final

from tandem.agents.networking.domain import NetworkDomain, fair_share

LTE_POWER: Final = NetworkDomain(
    table="ues",
    participant="cell",
    columns=("throughput_bps", "power_dbm"),
    name="fair",
    utility=fair_share,
)
