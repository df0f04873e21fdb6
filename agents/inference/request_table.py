# SPDX-License-Identifier: MIT
"""Names and codes of the record table ``requests`` that the inference scenarios publish.

The scenarios declare the table in C++ and the schema carries it; this module only names the
columns that rewards and analyses read, and refuses a table that lacks one of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum
from typing import Final

TABLE: Final = "requests"

#: The parts that add up to ``response_time_s``, in the order in which a request meets them.
COMPONENTS: Final = (
    "device_queue_s",
    "device_compute_s",
    "uplink_queue_s",
    "uplink_air_s",
    "uplink_backhaul_s",
    "site_queue_s",
    "site_compute_s",
    "downlink_s",
)

#: What objectives and analyses need; a scenario may publish more.
REQUIRED: Final = (
    "user",
    "decision",
    "option",
    "site",
    "status",
    "upload_bytes",
    "response_time_s",
    "accuracy_top5_percent",
    *COMPONENTS,
)


class Site(IntEnum):
    """Where a request was served: the codes of the column ``site``."""

    DEVICE = 0
    EDGE = 1
    CLOUD = 2

    @property
    def label(self) -> str:
        """Lower-case name, as on the command line and in reports."""
        return self.name.lower()


class RequestStatus(IntEnum):
    """How a request ended: the codes of the column ``status``."""

    OK = 0
    TIMEOUT = 1


def missing_columns(names: Iterable[str] | None) -> tuple[str, ...]:
    """Required columns that ``names`` lacks (all of them when ``names`` is ``None``)."""
    present = set() if names is None else set(names)
    return tuple(column for column in REQUIRED if column not in present)
