# SPDX-License-Identifier: MIT
"""What is believed about the system at one moment: the mean of the posterior, or a draw from it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tandem.agents.inference.model.facts import Facts
from tandem.agents.inference.problem import JointProblem

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Beliefs:
    """Corrections of the base; N users, V device options, M network options, W split ones.

    The first five are logarithms of factors.

    Attributes:
        device: on service times of the devices: of device options, then of split options,
            ``[N, V + W]``.
        service: on service times at the sites, ``[M]``.
        size: on sizes of requests, ``[M]``.
        uplink, downlink: on times on the way, ``[N, M]``.
        uplink_rows: coefficients of the base's rows, ``[D]``.
        wait: coefficients of each option's wait: of the backlog and of others' jobs, ``[2, M]``.
        wait_s: what is added to each option's wait, seconds, ``[M]``; the recent excess in it.
    """

    device: Array
    service: Array
    size: Array
    uplink: Array
    downlink: Array
    uplink_rows: Array
    wait: Array
    wait_s: Array

    def facts(self, problem: JointProblem) -> Facts:
        """Tables of the options, corrected."""
        table, network = problem.options, problem.network_options
        service_s, upload_bytes = table.service_s.copy(), table.upload_bytes.copy()
        service_s[network] *= np.exp(self.service)
        upload_bytes[network] *= np.exp(self.size)
        return Facts(service_s, upload_bytes, table.reply_bytes, table.device_service_s)
