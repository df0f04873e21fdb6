# SPDX-License-Identifier: MIT
"""Request tables for tests of pure functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tandem.agents.inference.request_table import COMPONENTS

INTEGERS = [
    "request_id",
    "user",
    "decision",
    "option",
    "variant",
    "site",
    "cell",
    "status",
    "upload_bytes",
    "reply_bytes",
    "tcp_retransmissions",
    "mac_retransmissions",
]
REALS = [
    "arrival_s",
    "response_time_s",
    *COMPONENTS,
    "accuracy_top5_percent",
    "accuracy_top1_percent",
]
DTYPE = np.dtype([(name, np.int64) for name in INTEGERS] + [(name, np.float64) for name in REALS])

MakeRequests = Callable[..., NDArray[np.void]]


def make_rows(*rows: dict[str, Any]) -> NDArray[np.void]:
    """A request table, one row per dictionary; columns that are absent are 0."""
    table = np.zeros(len(rows), DTYPE)
    for index, row in enumerate(rows):
        for name, value in row.items():
            table[name][index] = value
    return table
