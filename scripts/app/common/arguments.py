# SPDX-License-Identifier: MIT
"""Scenario arguments from the command line: ``--set key=value``."""

from __future__ import annotations

from collections.abc import Iterable

from tandem.scripts.app.common.errors import OptionError


def parse_assignments(assignments: Iterable[str]) -> dict[str, object]:
    """``["edgeCores=4"]`` → ``{"edgeCores": "4"}``; the scenario says what it takes.

    Raises:
        OptionError: an item is not ``key=value``, or a key comes twice.
    """
    arguments: dict[str, object] = {}
    for assignment in assignments:
        name, separator, value = assignment.partition("=")
        name = name.strip().removeprefix("--")
        if not separator or not name:
            raise OptionError(f"--set {assignment!r} is not key=value, as in edgeCores=4")
        if name in arguments:
            raise OptionError(f"--set gives {name!r} twice")
        arguments[name] = value
    return arguments
