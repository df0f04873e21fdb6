# SPDX-License-Identifier: MIT
"""Proportional fairness: the sum of the logarithms of goodput, less what queues cost."""

from __future__ import annotations

import numpy as np


def fair(result):
    """Reward of one decision; ``result`` is a `tandem.bridge.core.objective.EpochResult`."""
    goodput_bps, delay_s, backlog = result.observation["stations"].T
    return float(np.log1p(goodput_bps / 1e5).mean() - 2.0 * delay_s.mean() - 0.01 * backlog.mean())
