# SPDX-License-Identifier: MIT
"""One simulator of a server (`tandem serve`), over one ZeroMQ connection."""

from __future__ import annotations

import importlib.metadata
import logging
import os
import platform
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from tandem.bridge.core.backend import SimulatorOptions
from tandem.bridge.core.errors import SimulatorDied
from tandem.bridge.core.frame import Frame
from tandem.bridge.core.plays import portions
from tandem.bridge.core.schema import Schema
from tandem.bridge.remote.connection import Connection
from tandem.bridge.remote.errors import ProtocolError
from tandem.bridge.remote.messages import (
    ACTION,
    SCHEMA,
    Ask,
    Asked,
    Branch,
    Branched,
    Close,
    Hello,
    Limits,
    Open,
    Opened,
    Published,
    Request,
    Reset,
    Step,
    Welcome,
    branch_prefix,
    read_frame,
)
from tandem.bridge.remote.wire import PROTOCOL_VERSION, Arrays

#: What the network and the server's own work may take on top of the simulator's limit.
_MARGIN_S: Final = 10.0
_CLOSE_TIMEOUT_S: Final = 2.0
_NAME_CHARACTERS: Final = 64
_PACKAGE: Final = importlib.metadata.version("ns3-tandem")
_LOG = logging.getLogger(__name__)

ReplyT = TypeVar("ReplyT")


class ServerLink:
    """A `tandem.bridge.backends.link.Link` over a connection, which becomes this link's own.

    Args:
        connection: to the server.
        address: of the server, for messages.
        hello_timeout_s: limit of the server's first answer.
        scenario: name of a scenario that the server offers; of an absolute path its last part.
        arguments: as for a local simulator; those that name files are refused.
        options: the server may allow fewer branch slots and less time.

    Raises:
        ConnectionLost, AccessRefused, QuotaExceeded, ProtocolError: see
            `tandem.bridge.remote.errors`.
        ScenarioError: the scenario refuses its arguments.
    """

    def __init__(
        self,
        connection: Connection,
        address: str,
        hello_timeout_s: float,
        scenario: str | os.PathLike[str],
        arguments: Mapping[str, object],
        options: SimulatorOptions,
    ) -> None:
        self._connection = connection
        self._awaited = 0
        self.episode_pid = 0
        #: Servers do not tell their folders.
        self.ns3_folder = ""
        try:
            hello = Hello(id=1, protocol=PROTOCOL_VERSION, package=_PACKAGE, name=_own_name())
            message, _ = self._call(hello, None, hello_timeout_s)
            self.limits: Limits = _expect(message, Welcome).limits
            connection.max_array_bytes = self.limits.max_array_bytes
            self._step_limit_s = _step_limit_s(options.step_timeout_s, self.limits)
            request = Open(
                id=1,
                scenario=_offered_name(scenario),
                arguments={name: _plain(value) for name, value in arguments.items()},
                branch_slots=min(options.branch_slots, self.limits.max_branches),
                step_timeout_s=options.step_timeout_s,
            )
            message, arrays = self._call(request, None, self.limits.start_timeout_s + _MARGIN_S)
            opened = _expect(message, Opened)
            self.command: tuple[str, ...] = (*opened.command, f"@{address}")
            self.pid = opened.pid
            self.program_digest = opened.program_digest
            self.schema_text, self.schema = _read_schema(arrays)
        except BaseException:
            connection.close()
            raise

    @property
    def usable(self) -> bool:
        """Whether requests can still be sent, as far as is known."""
        return self._connection.usable

    def send_reset(self, seed: int) -> None:
        """As `Link.send_reset`."""
        self._send(Reset(id=1, seed=seed), None)

    def send_step(self, action: NDArray[Any]) -> None:
        """As `Link.send_step`."""
        self._send(Step(id=1), {ACTION: action})

    def receive(self) -> Frame:
        """As `Link.receive`."""
        message, arrays = self._connection.receive(self._awaited, self._step_limit_s)
        reply = _expect(message, Published)
        self.episode_pid = reply.episode_pid
        return read_frame(self.schema, reply.state, arrays)

    def branch(
        self, sequences: Sequence[Sequence[NDArray[Any]]], parallel: int | None, future: int
    ) -> list[list[Frame]]:
        """As `Link.branch`, in as many requests as the server's limit asks for."""
        branches: list[list[Frame]] = []
        for lot in portions(sequences, self.limits.max_branches):
            start = len(branches)
            part = np.stack([action for sequence in lot for action in sequence])
            request = Branch(id=1, epochs=list(map(len, lot)), parallel=parallel, future=future)
            try:
                message, arrays = self._call(request, {ACTION: part}, self._step_limit_s)
            except SimulatorDied as error:
                if error.branch is not None:
                    error.branch += start
                raise
            states = _expect(message, Branched).states
            if len(states) != len(lot):
                raise ProtocolError(f"{len(lot)} branches were asked for, {len(states)} came")
            branches += [
                [
                    read_frame(self.schema, state, arrays, branch_prefix(number, epoch))
                    for epoch, state in enumerate(epochs)
                ]
                for number, epochs in enumerate(states)
            ]
        return branches

    def ask(self, policy: str) -> NDArray[Any]:
        """As `Link.ask`."""
        message, arrays = self._call(Ask(id=1, policy=policy), None, self._step_limit_s)
        _expect(message, Asked)
        if ACTION not in arrays:
            raise ProtocolError("the server sent no action")
        return arrays[ACTION].copy()

    def close(self, *, idle: bool) -> None:
        """As `Link.close`; the server frees what belongs to a connection that ends."""
        try:
            if idle and self._connection.usable:
                self._call(Close(id=1), None, _CLOSE_TIMEOUT_S)
        except Exception as error:
            _LOG.debug("closing: %s", error)
        finally:
            self._connection.close()

    def _call(
        self, request: Request, arrays: Mapping[str, NDArray[Any]] | None, timeout_s: float
    ) -> tuple[object, Arrays]:
        self._send(request, arrays)
        return self._connection.receive(self._awaited, timeout_s)

    def _send(self, request: Request, arrays: Mapping[str, NDArray[Any]] | None) -> None:
        self._awaited = self._connection.take_id()
        self._connection.send(request.model_copy(update={"id": self._awaited}), arrays)


def _offered_name(scenario: str | os.PathLike[str]) -> str:
    """What a server is asked for: it offers names.

    A name that is also that of an executable here has become an absolute path.
    """
    text = os.fspath(scenario)
    return Path(text).name if Path(text).is_absolute() else text


def _step_limit_s(own_s: float | None, limits: Limits) -> float:
    """The server stops the simulator at its own limit, so that its answer comes in time."""
    limit_s = limits.step_timeout_s
    return _MARGIN_S + (limit_s if own_s is None else min(own_s, limit_s))


def _read_schema(arrays: Arrays) -> tuple[str, Schema]:
    if SCHEMA not in arrays:
        raise ProtocolError("the server sent no schema")
    try:
        text = arrays[SCHEMA].tobytes().decode()
        return text, Schema.parse(text)
    except (ValueError, KeyError, TypeError) as error:
        raise ProtocolError(f"the server's schema cannot be read: {error}") from error


def _expect(message: object, kind: type[ReplyT]) -> ReplyT:
    if not isinstance(message, kind):
        raise ProtocolError(f"the server sent {type(message).__name__} instead of {kind.__name__}")
    return message


def _plain(value: object) -> bool | int | float | str:
    """A scenario argument as it travels."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, bool | int | float | str):
        return value
    return os.fspath(value) if isinstance(value, Path) else str(value)


def _own_name() -> str:
    """How a server's log and `tandem top` call this client."""
    host = re.sub(r"[^A-Za-z0-9_.-]", "-", platform.node()) or "client"
    suffix = f"-{os.getpid()}"
    return host[: _NAME_CHARACTERS - len(suffix)] + suffix
