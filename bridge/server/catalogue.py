# SPDX-License-Identifier: MIT
"""What a server offers: scenarios by name, and the arguments that clients may set."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from tandem.bridge.core.arguments import Argument, Declaration, declaration_for, to_texts
from tandem.bridge.core.errors import UnknownArgument
from tandem.bridge.remote.errors import AccessRefused, QuotaExceeded

#: Upper limits of arguments that cost memory, unless the server's owner sets others.
DEFAULT_ARGUMENT_LIMITS: Final[Mapping[str, float]] = {
    "users": 64,
    "backgroundStations": 64,
    "values": 65_536,
    "queues": 4096,
    "rows": 65_536,
    "recordCapacity": 1_000_000,
    "rlcBuffer": 1e8,
    "backlog": 1e8,
}
#: Enumerations, numbers with units: no slashes, no blanks, no leading dash.
_TEXT: Final = re.compile(r"[A-Za-z0-9_+][A-Za-z0-9_.:+,-]*|-?[0-9.]+(e[+-]?[0-9]+)?|")


class Catalogue:
    """The allow-list of a server.

    Args:
        offers: executable by the scenario's public name; never taken from a client.
        limits: largest value by argument name, over `DEFAULT_ARGUMENT_LIMITS`.
    """

    def __init__(
        self, offers: Mapping[str, Path], limits: Mapping[str, float] | None = None
    ) -> None:
        self._offers = dict(offers)
        self._limits = {**DEFAULT_ARGUMENT_LIMITS, **(limits or {})}

    @property
    def names(self) -> list[str]:
        """Scenarios on offer, sorted."""
        return sorted(self._offers)

    @property
    def folders(self) -> list[Path]:
        """Where the executables lie; clients do not see these."""
        return [executable.parent for executable in self._offers.values()]

    def admit(self, scenario: str, arguments: Mapping[str, Any]) -> Path:
        """The executable for what a client asks for.

        Raises:
            AccessRefused: the scenario is not on offer, or an argument is not the client's to set.
            QuotaExceeded: an argument is beyond this server's limit.
            InvalidArgument: the scenario has no such argument, or does not take the value.
        """
        executable = self._offers.get(scenario)
        if executable is None:
            raise AccessRefused(
                f"this server offers no scenario {scenario!r}; it offers {', '.join(self.names)}"
            )
        texts = to_texts(arguments)
        declaration = declaration_for(executable, texts)
        for name, text in texts.items():
            self._check(declaration, name, text)
        return executable

    def _check(self, declaration: Declaration, name: str, text: str) -> None:
        argument = declaration.arguments.get(name)
        if argument is None:
            raise UnknownArgument(
                f"scenario {declaration.scenario!r} has no argument {name!r}; it has "
                f"{', '.join(sorted(a.name for a in declaration.arguments.values() if _open(a)))}"
            )
        if not _open(argument):
            is_file = argument.type == "file"
            why = "names a file of the server" if is_file else "belongs to the bridge"
            raise AccessRefused(
                f"argument {name!r} cannot be set from another machine: it {why}; run that "
                "simulation locally"
            )
        if not _TEXT.fullmatch(text):
            raise AccessRefused(
                f"argument {name}={text!r} is refused: values from another machine are numbers and "
                "words of letters, digits and _ . : + , -"
            )
        number = _number(text)
        declared = math.inf if argument.high is None else argument.high
        limit = self._limit(name)
        if limit is not None and number > limit and limit < declared:
            raise QuotaExceeded(
                f"argument {name}={text} is beyond this server's limit of {limit:g}"
            )
        declaration.check(name, text)
        if argument.type == "undeclared" and not number >= 0:
            raise AccessRefused(
                f"argument {name}={text} is refused: the scenario does not declare what {name} "
                "takes (Arguments in agent-link/arguments.h), so another machine can only set it "
                "to a number from 0"
            )

    def _limit(self, name: str) -> float | None:
        """The limit by the end of the name: ``lteRlcBuffer``, of one cell, has ``rlcBuffer``'s."""
        lower = name.lower()
        return min(
            (limit for key, limit in self._limits.items() if lower.endswith(key.lower())),
            default=None,
        )


def _open(argument: Argument) -> bool:
    """Whether another machine may set an argument."""
    return argument.type != "file" and argument.owner != "bridge"


def _number(text: str) -> float:
    """The number in a text; NaN, which is beyond no limit, if there is none."""
    try:
        return float(text)
    except ValueError:
        return math.nan
