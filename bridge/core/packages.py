# SPDX-License-Identifier: MIT
"""Packages that only some agents and commands need, and how to get them."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from typing import Final

from tandem.bridge.core.errors import TandemError


class MissingPackage(TandemError):
    """A package that something needs is not installed."""


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
    "kaleido": Package("kaleido", "report"),
    "matplotlib": Package("matplotlib", "profiles"),
    "tensorboard": Package("TensorBoard", "tensorboard"),
    "ray": Package("Ray", "ray"),
    "minari": Package("Minari", "offline"),
    "pybind11": Package("pybind11", "compat"),
}


def is_there(name: str) -> bool:
    """Whether a package is installed; it is not imported."""
    return importlib.util.find_spec(name) is not None


def not_installed(name: str) -> str:
    """Says that a package of `PACKAGES` is missing, and how to get it."""
    package = PACKAGES[name]
    return f"{package.name} is not installed: pip install 'ns3-tandem[{package.extra}]'"


def require(name: str, what: str, otherwise: str = "") -> None:
    """Raise an error that says how to install a package, before an import fails.

    Args:
        name: of `PACKAGES`.
        what: needs it.
        otherwise: how to do without it.

    Raises:
        MissingPackage: it is not installed.
    """
    if not is_there(name):
        raise MissingPackage(f"{what}: {not_installed(name)}{otherwise}")
