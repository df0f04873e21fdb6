# SPDX-License-Identifier: MIT
"""What a server offers, and its limits."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tandem.bridge.core.arguments import declared_arguments
from tandem.bridge.core.scenarios import scenario_executable
from tandem.scripts.app.common.errors import OptionError


def offers(scenarios: Sequence[str]) -> dict[str, Path]:
    """What a server offers: executables by the name that clients use.

    Raises:
        OptionError: two have the same name.
        ScenarioError: one does not list its arguments.
    """
    found: dict[str, Path] = {}
    for scenario in scenarios:
        executable = scenario_executable(scenario)
        if executable.name in found:
            raise OptionError(f"two scenarios are called {executable.name!r}: rename one")
        declared_arguments(executable)  # better now than when a client asks
        found[executable.name] = executable
    return found


def parse_limits(items: Sequence[str]) -> dict[str, float]:
    """``["users=20"]`` → ``{"users": 20.0}``."""
    limits: dict[str, float] = {}
    for item in items:
        name, _, value = item.partition("=")
        try:
            limits[name] = float(value)
        except ValueError:
            raise OptionError(f"--limit {item!r} is not ARGUMENT=MAX, as in users=20") from None
    return limits
