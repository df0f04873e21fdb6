# SPDX-License-Identifier: MIT
"""The protocol between a client and a server of simulators, over ZeroMQ; see ``docs/remote.md``."""

from __future__ import annotations

import importlib
import warnings
from typing import Any, Final

from tandem.bridge.remote.errors import (
    AccessRefused,
    ConnectionLost,
    NoServer,
    ProtocolError,
    QuotaExceeded,
    RemoteError,
    RemoteTimeout,
)
from tandem.bridge.remote.keys import ClientKeys

__all__ = [
    "AccessRefused",
    "ClientKeys",
    "ConnectionLost",
    "NoServer",
    "ProtocolError",
    "QuotaExceeded",
    "RemoteError",
    "RemoteTimeout",
]

#: Where a client's classes are now; until the next release they are found here, too.
_MOVED: Final = {
    "RemoteEnv": "tandem.bridge.backends.deprecated",
    "RemoteVectorEnv": "tandem.bridge.backends.deprecated",
    "RemoteSimulator": "tandem.bridge.backends.remote",
    "Target": "tandem.bridge.backends.remote",
}


def __getattr__(name: str) -> Any:
    if name not in _MOVED:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    warnings.warn(
        f"{__name__}.{name} goes in the next release: import it from {_MOVED[name]}",
        DeprecationWarning,
        stacklevel=2,
    )
    return getattr(importlib.import_module(_MOVED[name]), name)
