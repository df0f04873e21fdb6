# SPDX-License-Identifier: MIT
"""A simulator on a server, with the interface of a local one."""

from __future__ import annotations

import functools
import importlib.metadata
import logging
import os
import platform
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tandem.bridge.core.errors import InvalidAction, NoEpisode, SchemaMismatch
from tandem.bridge.core.schema import Schema, check_branching
from tandem.bridge.core.simulator import DEFAULT_BRANCH_SLOTS, Frame, Status
from tandem.bridge.remote.connection import DEFAULT_HEARTBEAT_S, Connection
from tandem.bridge.remote.endpoint import DEFAULT_ADDRESS
from tandem.bridge.remote.errors import ConnectionLost, NoServer, ProtocolError
from tandem.bridge.remote.keys import ClientKeys
from tandem.bridge.remote.messages import (
    ACTION,
    SCHEMA,
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
    read_frame,
)
from tandem.bridge.remote.wire import PROTOCOL_VERSION, Arrays

DEFAULT_CONNECT_TIMEOUT_S: Final = 10.0
DEFAULT_RESUME_TIMEOUT_S: Final = 60.0
_RESUMES_PER_REQUEST: Final = 5
#: What the network and the server's own work may take on top of the simulator's limit.
_MARGIN_S: Final = 10.0
_CLOSE_TIMEOUT_S: Final = 2.0
_SEED_LIMIT: Final = 2**64
_NAME_CHARACTERS: Final = 64
_PACKAGE: Final = importlib.metadata.version("ns3-tandem")
_LOG = logging.getLogger(__name__)

ReplyT = TypeVar("ReplyT")


@dataclass(frozen=True, slots=True)
class Target:
    """Which server, and how patiently.

    Attributes:
        address: ``tcp://host:port`` or ``ipc:///path``.
        keys: needed where the server is on another machine.
        connect_timeout_s: a server that is not there yet is waited for so long.
        resume_timeout_s: the same for a server that was lost in mid-episode; 0 never resumes.
        heartbeat_s: between two signs of life; a server that misses three is lost.
    """

    address: str = DEFAULT_ADDRESS
    keys: ClientKeys | None = None
    connect_timeout_s: float = DEFAULT_CONNECT_TIMEOUT_S
    resume_timeout_s: float = DEFAULT_RESUME_TIMEOUT_S
    heartbeat_s: float = DEFAULT_HEARTBEAT_S


class RemoteSimulator:
    """One simulator of a server; the methods are those of `tandem.bridge.core.simulator.Simulator`.

    A connection that is lost in mid-episode is resumed: the simulator is opened again, the episode
    replayed from its seed and its actions, and the last frame compared with the one known. Since
    simulations are deterministic the agent sees the same as without the loss. Where that does not
    hold (another machine, another version) it raises instead.

    Args:
        scenario: name of a scenario that the server offers.
        arguments: as for a local simulator; those that name files are refused.
        target: the server.
        branch_slots: as for a local simulator; the server may allow fewer.
        step_timeout_s: limit of an epoch; ``None`` takes the server's.

    Raises:
        ConnectionLost, AccessRefused, QuotaExceeded, ProtocolError: see
            `tandem.bridge.remote.errors`.
        ScenarioError: the scenario refuses its arguments.
    """

    def __init__(
        self,
        scenario: str | os.PathLike[str],
        arguments: Mapping[str, object] | None = None,
        *,
        target: Target,
        branch_slots: int = DEFAULT_BRANCH_SLOTS,
        step_timeout_s: float | None = None,
    ) -> None:
        self._target = target
        self._scenario = os.fspath(scenario)
        self._arguments = {name: _plain(value) for name, value in (arguments or {}).items()}
        self._branch_slots = branch_slots
        self._step_timeout_s = step_timeout_s
        self._seed: int | None = None
        self._actions: list[NDArray[Any]] = []
        self._pending: Reset | Step | None = None
        self._pending_action: NDArray[Any] | None = None
        self._frame: Frame | None = None
        self._running = False
        self._closed = False
        self.episode_pid = 0
        self._open(target.connect_timeout_s)

    # --- episodes -------------------------------------------------------------------------------

    def reset(self, seed: int) -> Frame:
        """As `Simulator.reset`."""
        self.begin(seed)
        return self.wait()

    def begin(self, seed: int) -> None:
        """As `Simulator.begin`; connects again where the connection was lost.

        Raises:
            NoServer, AccessRefused, …: why there is no connection.
        """
        if not 0 <= seed < _SEED_LIMIT:
            raise ValueError(f"seed is {seed}, allowed are 0 to 2^64 - 1")
        if self._closed:
            raise NoEpisode("the environment is closed: make a new one")
        if self._pending is not None or not self._connection.usable:
            self._abandon()
        self._running = False
        self._seed = seed
        self._actions = []
        self._frame = None
        self._pending = Reset(id=1, seed=seed)
        self._pending_action = None
        self._send_pending()
        self._running = True

    def step(self, action: ArrayLike) -> Frame:
        """As `Simulator.step`."""
        self.post(action)
        return self.wait()

    def post(self, action: ArrayLike) -> None:
        """As `Simulator.post`."""
        self._check_idle()
        self._pending_action = self._checked(action)
        self._pending = Step(id=1)
        self._send_pending()

    def wait(self) -> Frame:
        """As `Simulator.wait`."""
        if not self._running or self._pending is None:
            raise NoEpisode("no episode is running: call reset() first")
        try:
            frame = self._resuming(self._receive_pending, self._send_pending)
        except KeyboardInterrupt:
            raise  # wait() may be called again
        except BaseException as error:
            self._pending = None
            self._running = isinstance(error, InvalidAction)
            raise
        if self._pending_action is not None:
            self._actions.append(self._pending_action)
        self._pending = self._pending_action = None
        self._frame = frame
        self._running = frame.status == Status.DECISION
        return frame

    def branch(
        self,
        actions: Sequence[ArrayLike],
        *,
        horizon: int = 1,
        parallel: int | None = None,
        future: int = 0,
    ) -> list[Frame]:
        """As `Simulator.branch`."""
        check_branching(self.schema, horizon, future)
        self._check_idle()
        batch = [self._checked(action) for action in actions]
        frames: list[Frame] = []
        for start in range(0, len(batch), self.limits.max_branches):
            part = np.stack(batch[start : start + self.limits.max_branches])
            frames += self._resuming(
                functools.partial(self._branch, part, horizon, parallel, future)
            )
        return frames

    def program_digest(self) -> str:
        """As `Simulator.program_digest`: of the server's."""
        return self._program_digest

    def close(self) -> None:
        """Free the simulator; may be called again, and from any thread."""
        if self._closed:
            return
        self._closed = True
        self._running = False
        try:
            if self._pending is None:
                self._call(Close(id=1), None, _CLOSE_TIMEOUT_S)
        except Exception as error:  # the server frees what belongs to a connection that ends
            _LOG.debug("closing: %s", error)
        finally:
            self._connection.close()

    # --- the thin path --------------------------------------------------------------------------

    def exchange(self, action: Any) -> int:
        """As `Simulator.exchange`."""
        return self.step(action).status

    def observe(self) -> dict[str, NDArray[Any]]:
        """As `Simulator.observe`."""
        return dict(self._last().observation)

    def take_records(self) -> dict[str, NDArray[Any]]:
        """As `Simulator.take_records`."""
        return dict(self._last().records)

    # --- requests -------------------------------------------------------------------------------

    def _send_pending(self) -> None:
        assert self._pending is not None
        number = self._connection.take_id()
        self._pending = self._pending.model_copy(update={"id": number})
        try:
            self._connection.send(self._pending, self._arrays())
        except ConnectionLost:
            _LOG.debug("lost while sending; wait() resumes")

    def _arrays(self) -> dict[str, NDArray[Any]] | None:
        return None if self._pending_action is None else {ACTION: self._pending_action}

    def _receive_pending(self) -> Frame:
        assert self._pending is not None
        message, arrays = self._connection.receive(self._pending.id, self._step_limit_s())
        return self._published(message, arrays)

    def _published(self, message: object, arrays: Arrays) -> Frame:
        reply = _expect(message, Published)
        self.episode_pid = reply.episode_pid
        return read_frame(self.schema, reply.state, arrays)

    def _branch(
        self, part: NDArray[Any], horizon: int, parallel: int | None, future: int
    ) -> list[Frame]:
        request = Branch(id=1, horizon=horizon, parallel=parallel, future=future)
        message, arrays = self._call(request, {ACTION: part}, self._step_limit_s())
        states = _expect(message, Branched).states
        if len(states) != len(part):
            raise ProtocolError(f"{len(part)} branches were asked for, {len(states)} came")
        return [
            read_frame(self.schema, state, arrays, f"{number}.")
            for number, state in enumerate(states)
        ]

    def _call(
        self, request: Request, arrays: Mapping[str, NDArray[Any]] | None, timeout_s: float
    ) -> tuple[object, Arrays]:
        number = self._connection.take_id()
        self._connection.send(request.model_copy(update={"id": number}), arrays)
        return self._connection.receive(number, timeout_s)

    def _step_limit_s(self) -> float:
        """The server stops the simulator at its own limit, so that its answer comes in time."""
        own_s = self._step_timeout_s
        limit_s = self.limits.step_timeout_s
        return _MARGIN_S + (limit_s if own_s is None else min(own_s, limit_s))

    def _last(self) -> Frame:
        if self._frame is None:
            raise NoEpisode("no episode is running: call reset() first")
        return self._frame

    def _check_idle(self) -> None:
        if self._pending is not None:
            raise NoEpisode("an interrupted step is still under way: call wait() or reset()")
        if not self._running:
            raise NoEpisode("no episode is running: call reset() first")

    def _abandon(self) -> None:
        """Forget an interrupted request: its reply is of no use any more, nor is its connection."""
        self._pending = self._pending_action = None
        self._running = False
        self._connection.close()
        self._open(self._target.connect_timeout_s)

    def _checked(self, action: Any) -> NDArray[Any]:
        """The action as it travels.

        Raises:
            InvalidAction: no numbers, another shape than the action block's, or out of range.
        """
        try:
            array = np.asarray(action)
        except ValueError as error:
            raise InvalidAction(f"the action is no regular array: {error}") from error
        if array.dtype.kind not in "iubf":
            raise InvalidAction(f"the action has element type {array.dtype}, expected numbers")
        block = self.schema.action
        if array.shape != block.shape:
            raise InvalidAction(
                f"action '{block.name}' has shape {array.shape}, expected {block.shape}"
            )
        wrong = ~((array >= block.low) & (array <= block.high))  # so that NaN is wrong
        if block.dtype != "float64":
            wrong |= array != np.round(array)
        if wrong.any():
            index = int(np.flatnonzero(wrong)[0])
            kind = "" if block.dtype == "float64" else "whole numbers "
            raise InvalidAction(
                f"action '{block.name}' is {array.ravel()[index]} at index {index}, allowed are "
                f"{kind}{block.low:g} to {block.high:g}"
            )
        return np.array(array, np.float64 if array.dtype.kind == "f" else np.int64, order="C")

    # --- connecting and resuming ----------------------------------------------------------------

    def _open(self, timeout_s: float, *, known: bool = False) -> None:
        target = self._target
        self._connection = Connection(
            target.address,
            target.keys,
            connect_timeout_s=timeout_s,
            heartbeat_s=target.heartbeat_s,
            known=known,
        )
        try:
            hello = Hello(id=1, protocol=PROTOCOL_VERSION, package=_PACKAGE, name=_own_name())
            message, _ = self._call(hello, None, target.connect_timeout_s)
            self.limits: Limits = _expect(message, Welcome).limits
            self._connection.max_array_bytes = self.limits.max_array_bytes
            request = Open(
                id=1,
                scenario=self._scenario,
                arguments=self._arguments,
                branch_slots=min(self._branch_slots, self.limits.max_branches),
                step_timeout_s=self._step_timeout_s,
            )
            message, arrays = self._call(request, None, self.limits.start_timeout_s + _MARGIN_S)
            opened = _expect(message, Opened)
            self.command: tuple[str, ...] = (*opened.command, f"@{target.address}")
            self.pid = opened.pid
            self._program_digest = opened.program_digest
            self._adopt_schema(arrays)
        except BaseException:
            self._connection.close()
            raise

    def _adopt_schema(self, arrays: Arrays) -> None:
        if SCHEMA not in arrays:
            raise ProtocolError("the server sent no schema")
        try:
            text = arrays[SCHEMA].tobytes().decode()
            schema = Schema.parse(text)
        except (ValueError, KeyError, TypeError) as error:
            raise ProtocolError(f"the server's schema cannot be read: {error}") from error
        if getattr(self, "schema", schema) != schema:
            raise SchemaMismatch(
                f"the server at {self._target.address} came back with another version of scenario "
                f"{self._scenario!r}: the episode cannot go on there; start a new environment"
            )
        self.schema_text = text
        self.schema = schema

    def _resuming(
        self, request: Callable[[], ReplyT], send: Callable[[], None] | None = None
    ) -> ReplyT:
        """Carry out a request, on a new connection if this one is lost."""
        for attempt in range(_RESUMES_PER_REQUEST + 1):
            try:
                if attempt:
                    self._resume()
                    if send is not None:
                        send()
                return request()
            except ConnectionLost as error:
                # Without a server it was waited for long enough.
                final = isinstance(error, NoServer) or attempt == _RESUMES_PER_REQUEST
                if final or self._closed or self._target.resume_timeout_s <= 0:
                    raise
                _LOG.warning("%s; resuming", error)
        raise AssertionError("unreachable")

    def _resume(self) -> None:
        """Open the scenario again and replay the episode up to the last known frame."""
        self._connection.close()
        self._open(self._target.resume_timeout_s, known=True)
        if self._frame is None or self._seed is None:
            return
        message, arrays = self._call(Reset(id=1, seed=self._seed), None, self._step_limit_s())
        frame = self._published(message, arrays)
        for action in self._actions:
            message, arrays = self._call(Step(id=1), {ACTION: action}, self._step_limit_s())
            frame = self._published(message, arrays)
        if not _equal(frame, self._frame):
            raise SchemaMismatch(
                f"replaying the episode at {self._target.address} gave another result: its server "
                "runs another version or on another kind of machine; reset() starts a new episode"
            )


def _expect(message: object, kind: type[ReplyT]) -> ReplyT:
    if not isinstance(message, kind):
        raise ProtocolError(f"the server sent {type(message).__name__} instead of {kind.__name__}")
    return message


def _equal(left: Frame, right: Frame) -> bool:
    """Bit for bit; NaN equals NaN."""
    if (left.status, left.epoch) != (right.status, right.epoch):
        return False
    pairs = [(left.observation, right.observation), (left.records, right.records)]
    return all(
        mine.keys() == theirs.keys()
        and all(mine[name].tobytes() == theirs[name].tobytes() for name in mine)
        for mine, theirs in pairs
    )


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
