# SPDX-License-Identifier: MIT
"""Names and codes of the record table ``requests`` that the inference scenarios publish.

The scenarios declare the table in C++ and the schema carries it; this module only names the
columns that rewards and analyses read, refuses a table that lacks one of them, and says what
rewards and analyses make of a request that did not end well.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

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

#: Of a scenario that watches energy; the second one if it is told what a device draws.
ENERGY_COLUMNS: Final = ("radio_energy_j", "device_energy_j")


class RequestStatus(IntEnum):
    """How a request ended: the codes of the column ``status``.

    An ``OPEN`` request had not ended when its episode did. What its row holds is what was known
    then: its ``response_time_s`` is the time that it had been open, and so a lower bound.
    """

    OK = 0
    TIMEOUT = 1
    OPEN = 2


class Rows(Protocol):
    """Rows of the table whose columns are read by name: a structured array or a data frame."""

    def __getitem__(self, name: str, /) -> Any: ...


def ended(requests: Rows) -> NDArray[np.bool_]:
    """Which requests were answered or timed out; the others were open at the episode's end."""
    return np.asarray(requests["status"] != RequestStatus.OPEN, dtype=np.bool_)


def counted(requests: Rows) -> NDArray[np.bool_]:
    """Which requests count in rewards and in statistics of the response time.

    Those that ended, and the open ones that have already been open for longer than those that ended
    took on average. To leave these out would hide the slowest requests; they count with the time
    that they have been open. The others have only just arrived, and their short times would make
    the mean too small. If none has ended, all open ones count.
    """
    has_ended = ended(requests)
    response_s = np.asarray(requests["response_time_s"], dtype=np.float64)
    mean_s = response_s[has_ended].mean() if has_ended.any() else 0.0
    return np.asarray(has_ended | (response_s > mean_s), dtype=np.bool_)


def answer_accuracy(requests: Rows) -> NDArray[np.float64]:
    """Top-5 accuracy of each request's answer, percent.

    0 for a request that timed out. An open request counts with the accuracy of its variant: the
    answer may still come.
    """
    answered = np.asarray(requests["status"] != RequestStatus.TIMEOUT)
    return np.asarray(requests["accuracy_top5_percent"] * answered, dtype=np.float64)


def missing_columns(names: Iterable[str] | None) -> tuple[str, ...]:
    """Required columns that ``names`` lacks (all of them when ``names`` is ``None``)."""
    present = set() if names is None else set(names)
    return tuple(column for column in REQUIRED if column not in present)
