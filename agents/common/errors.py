# SPDX-License-Identifier: MIT
"""Errors of agents."""

from __future__ import annotations

from tandem.bridge.core.errors import TandemError


class PolicyError(TandemError, ValueError):
    """A policy does not exist or does not fit the scenario."""
