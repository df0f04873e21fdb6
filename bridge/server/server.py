# SPDX-License-Identifier: MIT
"""A pool of simulators offered over ZeroMQ: what ``tandem serve`` runs.

One thread reads and writes all sockets; each simulator has a thread of its own (`Session`), which
spends its time waiting for ns-3. A connection is known by the routing id that its ROUTER socket
gave it, so no client can speak for another.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import logging
import math
import os
import queue
import time
from types import TracebackType
from typing import Final

import zmq

from tandem.bridge.core.errors import TandemError
from tandem.bridge.core.ownership import Owner
from tandem.bridge.remote.errors import (
    ConnectionLost,
    ProtocolError,
    QuotaExceeded,
    RemoteError,
    to_message,
)
from tandem.bridge.remote.keys import LOCAL_USER
from tandem.bridge.remote.messages import (
    ClientMessage,
    Hello,
    Open,
    Welcome,
    request_codec,
)
from tandem.bridge.remote.sockets import Access, ServerSockets
from tandem.bridge.remote.wire import PROTOCOL_VERSION, Arrays, WireError, encode
from tandem.bridge.server.catalogue import Catalogue
from tandem.bridge.server.clients import Client, Clients
from tandem.bridge.server.config import ServerConfig
from tandem.bridge.server.connections import Connections, spare_descriptors
from tandem.bridge.server.session import JobResult, Session
from tandem.bridge.server.telemetry import INTERVAL_S, TOPIC, Counters, Snapshot

_LOG = logging.getLogger(__name__)
_TICK_MS: Final = 100
_REQUESTS_PER_TURN: Final = 64
_SHUTDOWN_S: Final = 5.0
_LOG_CHARACTERS: Final = 300
#: Connections beside those of clients: who has not introduced itself yet, and who watches.
_STRANGERS: Final = 64
_WATCHERS: Final = 64
#: Their parts of the descriptors; the rest is for what ZeroMQ accepts before it can be cut off.
_WATCHERS_PART: Final = 8
_CLIENTS_PART: Final = 2


class Server:
    """Serves until `stop` is called; see the module.

    Args:
        catalogue: scenarios on offer.
        config: limits.
        access: addresses and keys.

    Raises:
        AddressError: an address that others can reach, without keys.
        RemoteError: an address that is in use.
    """

    def __init__(self, catalogue: Catalogue, config: ServerConfig, access: Access) -> None:
        self._owner = Owner("this server")
        self._catalogue = catalogue
        self._config = config
        self._codec = request_codec(config.max_array_bytes)
        self._version = importlib.metadata.version("ns3-tandem")
        self._results: queue.SimpleQueue[tuple[Session, JobResult]] = queue.SimpleQueue()
        self._counters = Counters()
        self._stopping = False
        self._wake = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        try:
            self._sockets = ServerSockets(access, config.max_array_bytes, config.heartbeat_s)
        except BaseException:
            os.close(self._wake)
            raise
        spare = spare_descriptors(config.simulators)
        watchers = min(_WATCHERS, spare // _WATCHERS_PART)
        most = min(config.connections + _STRANGERS, spare // _CLIENTS_PART)
        self._connections = Connections(self._sockets.monitor, most, config.silence_s)
        self._listening = [self._connections]
        if self._sockets.telemetry_monitor is not None:
            self._listening.append(Connections(self._sockets.telemetry_monitor, watchers, math.inf))
        self._clients = Clients(self._sockets, self._connections)
        self.address = self._sockets.address
        self.telemetry_address = self._sockets.telemetry_address

    def stop(self) -> None:
        """End `run` soon; may be called from a signal handler or another thread."""
        self._stopping = True
        with contextlib.suppress(OSError):
            os.eventfd_write(self._wake, 1)

    def run(self) -> None:
        """Serve until `stop`."""
        self._owner.check()
        front = self._sockets.front
        poller = zmq.Poller()
        for source in (front, self._wake, *(one.monitor for one in self._listening)):
            poller.register(source, zmq.POLLIN)
        next_telemetry_s = time.monotonic()
        while not self._stopping:
            ready = dict(poller.poll(_TICK_MS))
            if self._wake in ready:
                with contextlib.suppress(BlockingIOError):
                    os.eventfd_read(self._wake)
            self._deliver_results()
            if self._connections.lost():
                self._clients.plan_probes()
            if front in ready:
                self._receive()
            now_s = time.monotonic()
            for connections in self._listening:
                connections.watch()
                connections.enforce(now_s)
            self._clients.probe(now_s)
            self._clients.retry_unsent(now_s)
            if now_s >= next_telemetry_s:
                next_telemetry_s = now_s + INTERVAL_S
                self._clients.forget_idle(now_s, self._config.idle_timeout_s)
                self._publish()
            self._clients.sweep()

    def close(self) -> None:
        """Tell the clients, end all simulators and close the sockets."""
        self._owner.check()
        goodbye = to_message(0, ConnectionLost("the server is shutting down"))
        for identity in self._clients:
            self._clients.send(identity, encode(goodbye))
            self._clients.forget(identity)
        self._clients.join(time.monotonic() + _SHUTDOWN_S)
        self._sockets.close()
        os.close(self._wake)

    def snapshot(self) -> Snapshot:
        """The state of the server now, as published."""
        return self._counters.snapshot(
            self.address, self._version, self._config.simulators, self._clients.rows()
        )

    # --- requests -------------------------------------------------------------------------------

    def _receive(self) -> None:
        """Handle waiting requests, a limited number per turn: a flood must not block the rest."""
        for _ in range(_REQUESTS_PER_TURN):
            try:
                frames = self._sockets.front.recv_multipart(zmq.NOBLOCK, copy=False)
            except zmq.Again:
                return
            identity = frames[0].bytes
            request = 0
            try:
                message, arrays = self._codec.decode([frame.buffer for frame in frames[1:]])
                request = message.id
                self._handle(identity, frames[-1], message, arrays)
            except WireError as error:
                self._refuse(identity, request, ProtocolError(f"the request is refused: {error}"))
            except TandemError as error:
                self._refuse(identity, request, error)
            except Exception as error:  # a bug here, or no descriptor left, must not end the server
                _LOG.exception("a request failed")
                failure = f"the server failed on this request ({type(error).__name__}); see its log"
                self._refuse(identity, request, RemoteError(failure))

    def _handle(
        self, identity: bytes, last: zmq.Frame, message: ClientMessage, arrays: Arrays
    ) -> None:
        client = self._clients.get(identity)
        if client is None:
            if not isinstance(message, Hello):
                raise ConnectionLost(
                    "the server does not know this connection: it was restarted, or freed what "
                    "was idle for too long"
                )
            self._greet(identity, last, message)
            return
        if message.id <= client.last_id:
            raise ProtocolError(
                f"request {message.id} after request {client.last_id}: numbers must grow, so it "
                "is a repetition or out of order"
            )
        if client.busy:
            raise ProtocolError(f"request {message.id} while another one is being carried out")
        if isinstance(message, Hello):
            raise ProtocolError("a second hello on the same connection")
        client.last_id = message.id
        client.last_s = time.monotonic()
        if isinstance(message, Open):
            self._open(identity, client, message)
        elif client.session is None:
            raise ProtocolError(f"a {message.type} request before a simulator was opened")
        else:
            client.session.submit(message, arrays)
        client.busy = True

    def _greet(self, identity: bytes, frame: zmq.Frame, hello: Hello) -> None:
        if hello.protocol != PROTOCOL_VERSION:
            raise ProtocolError(
                f"the client (ns3-tandem {hello.package}) speaks protocol {hello.protocol}, this "
                f"server (ns3-tandem {self._version}) speaks {PROTOCOL_VERSION}: install the same "
                "version on both"
            )
        if len(self._clients) >= self._config.connections:
            raise QuotaExceeded(f"the server holds {len(self._clients)} connections, its limit")
        user = self._user(frame)
        descriptor = int(frame.get(zmq.SRCFD))
        self._clients.add(identity, Client(user, descriptor, name=hello.name, last_id=hello.id))
        welcome = Welcome(
            id=hello.id,
            protocol=PROTOCOL_VERSION,
            package=self._version,
            scenarios=self._catalogue.names,
            limits=self._config.limits,
        )
        self._clients.send(identity, encode(welcome))
        _LOG.info("%s (%s) is connected", hello.name, user)

    def _open(self, identity: bytes, client: Client, message: Open) -> None:
        if client.session is not None:
            raise ProtocolError("this connection has a simulator: close it, or connect once more")
        executable = self._catalogue.admit(message.scenario, message.arguments)
        if self._clients.simulators >= self._config.simulators:
            raise QuotaExceeded(
                f"all {self._config.simulators} simulators of this server are in use: try later"
            )
        held = self._clients.simulators_of(client.user)
        if held >= self._config.simulators_per_client:
            raise QuotaExceeded(
                f"client {client.user!r} has {held} simulators, its limit on "
                "this server: close one first"
            )
        session = Session(
            client.name, self._config.session_limits, self._hand_over, self._catalogue.folders
        )
        self._clients.give(identity, session, message.scenario)
        session.submit(message, {}, executable)

    def _user(self, frame: zmq.Frame) -> str:
        """Who the key of this connection belongs to."""
        if not self._sockets.secured:
            return LOCAL_USER
        try:
            key = str(frame.get("User-Id")).encode()
        except zmq.ZMQError:
            return LOCAL_USER
        return self._sockets.names().get(key, key.decode())

    def _refuse(self, identity: bytes, request: int, error: TandemError) -> None:
        self._counters.refuse(type(error).__name__)
        client = self._clients.get(identity)
        who = "a stranger" if client is None else f"{client.name} ({client.user})"
        _LOG.warning("refused %s: %s", who, str(error)[:_LOG_CHARACTERS])
        self._clients.send(identity, encode(to_message(request, error, self._catalogue.folders)))

    # --- replies --------------------------------------------------------------------------------

    def _hand_over(self, session: Session, result: JobResult) -> None:
        """In the session's thread: pass a result to the thread of the sockets."""
        self._results.put((session, result))
        with contextlib.suppress(OSError):
            os.eventfd_write(self._wake, 1)

    def _deliver_results(self) -> None:
        while True:
            try:
                session, result = self._results.get_nowait()
            except queue.Empty:
                return
            self._counters.note(result)
            identity = self._clients.owner(session)
            client = None if identity is None else self._clients.get(identity)
            if identity is None or client is None:
                continue
            client.busy = False
            client.last_s = time.monotonic()
            client.epochs += result.epochs
            if result.over:
                self._clients.release(client)
            self._clients.send(identity, result.frames)

    def _publish(self) -> None:
        publisher = self._sockets.publisher
        if publisher is not None:
            # OSError: /proc cannot be read while no descriptor is left.
            with contextlib.suppress(zmq.Again, OSError):
                publisher.send_multipart(
                    [TOPIC, self.snapshot().model_dump_json().encode()], zmq.NOBLOCK
                )

    def __enter__(self) -> Server:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
