# SPDX-License-Identifier: MIT
"""Scenario arguments from the command line: ``--set key=value``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

from tandem.scripts.app.common.errors import OptionError

_NONE: Final[Mapping[str, str]] = MappingProxyType({})


def parse_assignments(
    assignments: Iterable[str], decided: Mapping[str, str] = _NONE
) -> dict[str, object]:
    """``["edgeCores=4"]`` → ``{"edgeCores": "4"}``; the scenario says what it takes.

    Args:
        assignments: the values of ``--set``.
        decided: arguments that something else decides already: what that is and what to do.

    Raises:
        OptionError: an item is not ``key=value``, or a key comes twice or is decided already.
    """
    arguments: dict[str, object] = {}
    for assignment in assignments:
        name, separator, value = assignment.partition("=")
        name = name.strip().removeprefix("--")
        if not separator or not name:
            raise OptionError(f"--set {assignment!r} is not key=value, as in edgeCores=4")
        if name in arguments:
            raise OptionError(f"--set gives {name!r} twice")
        if name in decided:
            raise OptionError(f"--set {name}={value}: {decided[name]}")
        arguments[name] = value
    return arguments
