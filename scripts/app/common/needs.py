# SPDX-License-Identifier: MIT
"""Optional dependencies of commands."""

from __future__ import annotations

import importlib.util

from tandem.bridge.core.errors import TandemError


def need_torch(what: str) -> None:
    """Raise an error that says how to install PyTorch, before an import fails.

    Raises:
        TandemError: it is missing.
    """
    if importlib.util.find_spec("torch") is None:
        raise TandemError(f"{what} needs PyTorch: pip install 'ns3-tandem[agents]'")


def need_plotly(what: str) -> None:
    """Raise an error that says how to install plotly, before an import fails.

    Raises:
        TandemError: it is missing.
    """
    if importlib.util.find_spec("plotly") is None:
        raise TandemError(f"{what} needs plotly: pip install 'ns3-tandem[report]'")
