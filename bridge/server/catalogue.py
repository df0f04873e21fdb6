# SPDX-License-Identifier: MIT
"""What a server offers: scenarios by name, and the arguments that strangers may set."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tandem.bridge.core.errors import ScenarioError
from tandem.bridge.remote.errors import AccessRefused, QuotaExceeded

#: Arguments that name files of the server, or that the bridge itself sets.
RESERVED: Final = frozenset(
    {
        *("agent", "policy", "seed", "branchSlots", "spinUs"),
        *("requests", "trace", "options", "pcap", "flowmon", "netanim"),
    }
)
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


@dataclass(frozen=True, slots=True)
class Offer:
    """One scenario of a server.

    Attributes:
        executable: what is run; never taken from a client.
        arguments: names that the scenario understands.
    """

    executable: Path
    arguments: frozenset[str]


class Catalogue:
    """The allow-list of a server.

    Args:
        offers: scenario by public name.
        limits: largest value by argument name, over `DEFAULT_ARGUMENT_LIMITS`.
    """

    def __init__(
        self, offers: Mapping[str, Offer], limits: Mapping[str, float] | None = None
    ) -> None:
        self._offers = dict(offers)
        self._limits = {**DEFAULT_ARGUMENT_LIMITS, **(limits or {})}

    @property
    def names(self) -> list[str]:
        """Scenarios on offer, sorted."""
        return sorted(self._offers)

    def admit(self, scenario: str, arguments: Mapping[str, Any]) -> Path:
        """The executable for what a client asks for.

        Raises:
            AccessRefused: the scenario is not on offer, or an argument is not the client's to set.
            QuotaExceeded: an argument is beyond its limit.
            ScenarioError: the scenario has no such argument.
        """
        offer = self._offers.get(scenario)
        if offer is None:
            raise AccessRefused(
                f"this server offers no scenario {scenario!r}; it offers {', '.join(self.names)}"
            )
        for name, value in arguments.items():
            self._check(scenario, offer, name, value)
        return offer.executable

    def _check(self, scenario: str, offer: Offer, name: str, value: Any) -> None:
        if name in RESERVED:
            raise AccessRefused(
                f"argument {name!r} cannot be set from another machine: it names a file of the "
                "server or belongs to the bridge; run that simulation locally"
            )
        if name not in offer.arguments:
            raise ScenarioError(
                f"scenario {scenario!r} has no argument {name!r}; it has "
                f"{', '.join(sorted(offer.arguments - RESERVED))}"
            )
        if isinstance(value, str) and not _TEXT.fullmatch(value):
            raise AccessRefused(
                f"argument {name}={value!r} is refused: values from another machine are numbers "
                "and words of letters, digits and _ . : + , -"
            )
        limit = self._limit(name)
        number = _number(value)
        if limit is not None and not (number is not None and number <= limit):
            raise QuotaExceeded(
                f"argument {name}={value} is beyond this server's limit of {limit:g}"
            )

    def _limit(self, name: str) -> float | None:
        """Also of arguments that only one of several cells has: ``lteRlcBuffer``."""
        lower = name.lower()
        return min(
            (limit for key, limit in self._limits.items() if lower.endswith(key.lower())),
            default=None,
        )


def _number(value: Any) -> float | None:
    try:
        return float(value)
    except (TypeError, ValueError):
        return None
