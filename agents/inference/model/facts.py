# SPDX-License-Identifier: MIT
"""What a model takes for granted about the options: service times and sizes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tandem.agents.inference.options import OptionTable

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Facts:
    """Service times and sizes of the K options; from a table, or corrected by experience.

    Attributes:
        service_s: one request alone on one worker of its site, seconds, ``[K]``.
        upload_bytes: size of a request on the wire, ``[K]``.
        reply_bytes: size of a result on the wire, ``[K]``.
        device_service_s: the device's part of a split request, seconds, ``[K]``.
    """

    service_s: Array
    upload_bytes: Array
    reply_bytes: Array
    device_service_s: Array

    @classmethod
    def of(cls, options: OptionTable) -> Facts:
        """What the scenario's table says."""
        return cls(
            options.service_s, options.upload_bytes, options.reply_bytes, options.device_service_s
        )
