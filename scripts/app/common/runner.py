# SPDX-License-Identifier: MIT
"""The choice of where simulators run; apart from what runs them, which takes long to import."""

from __future__ import annotations

from enum import Enum


class Runner(str, Enum):
    """Where training simulators run."""

    LOCAL = "local"
    RAY = "ray"
