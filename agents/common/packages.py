# SPDX-License-Identifier: MIT
"""Packages that only some agents and commands need, and how to get them."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from typing import Final

from tandem.agents.common.errors import PolicyError


@dataclass(frozen=True)
class Package:
    """A package that may be missing.

    Attributes:
        name: as people call it.
        extra: of this package, which brings it.
    """

    name: str
    extra: str


#: By the name that is imported.
PACKAGES: Final = {
    "torch": Package("PyTorch", "agents"),
    "stable_baselines3": Package("Stable-Baselines3", "sb3"),
    "plotly": Package("plotly", "report"),
}


def is_there(name: str) -> bool:
    """Whether a package of `PACKAGES` is installed; it is not imported."""
    return importlib.util.find_spec(name) is not None


def require(name: str, what: str, otherwise: str = "") -> None:
    """Raise an error that says how to install a package, before an import fails.

    Args:
        name: of `PACKAGES`.
        what: needs it.
        otherwise: how to do without it.

    Raises:
        PolicyError: it is missing.
    """
    if not is_there(name):
        package = PACKAGES[name]
        raise PolicyError(
            f"{what} needs {package.name}: pip install 'ns3-tandem[{package.extra}]'{otherwise}"
        )
