# SPDX-License-Identifier: MIT
"""Errors that only exist between machines, and how errors travel."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from tandem.bridge.core import errors
from tandem.bridge.core.errors import SimulatorDied, SimulatorLost, TandemError
from tandem.bridge.remote.messages import Failed
from tandem.bridge.remote.redact import without_folders


class RemoteError(TandemError):
    """A server refused a request or failed to carry it out."""


class ConnectionLost(RemoteError, SimulatorLost):
    """The server cannot be reached: it ended, restarted, or the network is down."""


class NoServer(ConnectionLost):
    """Nobody listened at the address within the time limit."""

    final = True


class AccessRefused(RemoteError, PermissionError):
    """The server does not let this client in, or does not offer what it asks for."""


class QuotaExceeded(RemoteError):
    """The request goes beyond what the server allows."""


class ProtocolError(RemoteError):
    """The other side speaks another version, or what it sent makes no sense."""


class RemoteTimeout(RemoteError, TimeoutError):
    """The server is connected, but did not answer within the deadline."""


_KINDS: Final[dict[str, type[TandemError]]] = {
    kind.__name__: kind
    for kind in (
        errors.ScenarioNotFound,
        errors.ScenarioError,
        errors.InvalidArgument,
        errors.UnknownArgument,
        errors.SchemaMismatch,
        errors.InvalidAction,
        errors.NoEpisode,
        errors.UnknownPolicy,
        errors.SimulatorTimeout,
        ConnectionLost,
        AccessRefused,
        QuotaExceeded,
        ProtocolError,
        RemoteTimeout,
        RemoteError,
    )
}


def to_message(request: int, error: TandemError, folders: Iterable[Path] = ()) -> Failed:
    """The reply that makes the client raise ``error``, without the folders of this machine.

    Args:
        request: number of the request that failed.
        error: what it raised.
        folders: see `without_folders`.
    """
    text = without_folders(str(error), folders)
    if isinstance(error, SimulatorDied):
        return Failed(
            id=request,
            error=SimulatorDied.__name__,
            text=text.partition(": ")[0],
            exit_status=error.exit_status,
            output=without_folders(error.stderr_tail, folders),
            command=[without_folders(word, folders) for word in error.command],
            branch=error.branch,
        )
    kind = next((base for base in type(error).__mro__ if base.__name__ in _KINDS), RemoteError)
    return Failed(id=request, error=kind.__name__, text=text)


def from_message(message: Failed) -> TandemError:
    """The exception that a reply stands for."""
    if message.error == SimulatorDied.__name__:
        return SimulatorDied.report(
            message.text,
            message.exit_status,
            message.output,
            message.command,
            message.branch,
        )
    return _KINDS.get(message.error, RemoteError)(message.text)
