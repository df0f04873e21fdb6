# SPDX-License-Identifier: MIT
"""Simulators on other machines, over ZeroMQ; see ``docs/remote.md``."""

from tandem.bridge.backends.remote_env import RemoteEnv, RemoteVectorEnv
from tandem.bridge.backends.remote_simulator import RemoteSimulator, Target
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
    "RemoteEnv",
    "RemoteError",
    "RemoteSimulator",
    "RemoteTimeout",
    "RemoteVectorEnv",
    "Target",
]
