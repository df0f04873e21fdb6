# SPDX-License-Identifier: MIT
"""Where a request can be served: the user's own device, and the scenario's remote sites."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

#: Code of the user's own device, in options and in the column ``site`` of the request table.
DEVICE: Final = 0
DEVICE_LABEL: Final = "device"


@dataclass(frozen=True)
class Sites:
    """The remote sites of a scenario in order; their codes are 1, 2, …

    Attributes:
        remote: their names, such as ``("edge", "cloud")``.
    """

    remote: tuple[str, ...] = ("edge", "cloud")

    @classmethod
    def from_meta(cls, meta: Mapping[str, Any]) -> Sites:
        """The ``sites`` of a scenario's ``meta``; an edge and a cloud where it has none."""
        named = tuple(str(site["name"]) for site in meta.get("sites") or ())
        return cls(named) if named else cls()

    @property
    def labels(self) -> tuple[str, ...]:
        """Names in the order of the codes, the device first."""
        return (DEVICE_LABEL, *self.remote)

    @property
    def codes(self) -> range:
        """All codes."""
        return range(len(self.labels))

    def label(self, code: int) -> str:
        """The name of a code."""
        return self.labels[code]
