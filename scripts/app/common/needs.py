# SPDX-License-Identifier: MIT
"""What a command needs that a bare installation lacks."""

from __future__ import annotations

import importlib.util

from tandem.bridge.core.errors import TandemError


def need_torch(what: str) -> None:
    """Say how to get PyTorch, before an import fails.

    Raises:
        TandemError: it is missing.
    """
    if importlib.util.find_spec("torch") is None:
        raise TandemError(f"{what} needs PyTorch: pip install 'ns3-tandem[agents]'")
