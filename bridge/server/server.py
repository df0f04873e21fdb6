# SPDX-License-Identifier: MIT
"""A pool of simulators offered over ZeroMQ: what ``tandem serve`` runs.

One thread reads and writes all sockets; each simulator has a thread of its own (`Session`), which
spends its time waiting for ns-3. A connection is known by the routing id that its ROUTER socket
gave it, so nobody can speak for another.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import logging
import os
import queue
import time
from dataclasses import dataclass, field
from types import TracebackType
from typing import Final

import zmq
import zmq.utils.monitor

from tandem.bridge.core.errors import TandemError
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
    Limits,
    Open,
    Probe,
    Welcome,
    request_codec,
)
from tandem.bridge.remote.sockets import Access, ServerSockets
from tandem.bridge.remote.wire import PROTOCOL_VERSION, Arrays, WireError, encode
from tandem.bridge.server.catalogue import Catalogue
from tandem.bridge.server.session import Outcome, Session, SessionLimits
from tandem.bridge.server.telemetry import INTERVAL_S, TOPIC, ClientRow, Counters, Snapshot

_LOG = logging.getLogger(__name__)
_TICK_MS: Final = 100
#: After a lost connection ZeroMQ may need a moment until sending fails; all are asked again.
_PROBE_AGAIN_S: Final = (0.0, 0.05, 0.25, 1.0)
#: Replies that a client does not take are kept so long, then it counts as gone.
_REPLY_PATIENCE_S: Final = 30.0
#: One request at a time means one reply; more come from a client that breaks the rules.
_UNSENT_REPLIES: Final = 64
_REQUESTS_PER_TURN: Final = 64
_SHUTDOWN_S: Final = 5.0
_LOG_CHARACTERS: Final = 300


@dataclass(frozen=True)
class ServerConfig:
    """What a server allows.

    Attributes:
        simulators: that run at the same time, over all clients.
        simulators_per_client: the same, for each client key (for all of this machine's users
            together where no keys are in use).
        connections: held at the same time, with or without a simulator.
        max_array_bytes: arrays of one message together.
        max_branches: branches in one request.
        parallel: branches of one simulator that run at the same time.
        simulator_bytes: address space of each simulator process.
        start_timeout_s: limit of a warm-up.
        step_timeout_s: limit of an epoch, and of a batch of branches.
        idle_timeout_s: a simulator that is not asked anything for so long is freed.
        heartbeat_s: between two signs of life; a peer that misses three is gone.
    """

    simulators: int
    simulators_per_client: int
    connections: int = 256
    max_array_bytes: int = 16 * 1024 * 1024
    max_branches: int = 256
    parallel: int = field(default_factory=lambda: len(os.sched_getaffinity(0)))
    simulator_bytes: int = 8 * 1024**3
    start_timeout_s: float = 60.0
    step_timeout_s: float = 600.0
    idle_timeout_s: float = 3600.0
    heartbeat_s: float = 2.0

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if value <= 0:
                raise ValueError(f"{name} is {value}, it must be above 0")

    @property
    def limits(self) -> Limits:
        """What clients are told."""
        return Limits(
            max_array_bytes=self.max_array_bytes,
            max_branches=self.max_branches,
            simulators_per_client=self.simulators_per_client,
            start_timeout_s=self.start_timeout_s,
            step_timeout_s=self.step_timeout_s,
            idle_timeout_s=self.idle_timeout_s,
        )

    @property
    def session_limits(self) -> SessionLimits:
        """What bounds each simulator."""
        return SessionLimits(
            self.start_timeout_s,
            self.step_timeout_s,
            self.simulator_bytes,
            self.max_branches,
            self.parallel,
        )


@dataclass
class _Client:
    """One connection."""

    user: str
    name: str = ""
    last_id: int = 0
    scenario: str = ""
    session: Session | None = None
    busy: bool = False
    epochs: int = 0
    last_s: float = field(default_factory=time.monotonic)
    unsent: list[list[bytes]] = field(default_factory=list)
    unsent_since_s: float = 0.0


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
        self._catalogue = catalogue
        self._config = config
        self._codec = request_codec(config.max_array_bytes)
        self._version = importlib.metadata.version("ns3-tandem")
        self._clients: dict[bytes, _Client] = {}
        self._owners: dict[Session, bytes] = {}
        self._leaving: list[Session] = []
        self._outcomes: queue.SimpleQueue[tuple[Session, Outcome]] = queue.SimpleQueue()
        self._probes_s: list[float] = []
        self._counters = Counters()
        self._stopping = False
        self._wake = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        try:
            self._sockets = ServerSockets(access, config.max_array_bytes, config.heartbeat_s)
        except BaseException:
            os.close(self._wake)
            raise
        self.address = self._sockets.address
        self.telemetry_address = self._sockets.telemetry_address

    def stop(self) -> None:
        """End `run` soon; may be called from a signal handler or another thread."""
        self._stopping = True
        with contextlib.suppress(OSError):
            os.eventfd_write(self._wake, 1)

    def run(self) -> None:
        """Serve until `stop`."""
        front, monitor = self._sockets.front, self._sockets.monitor
        poller = zmq.Poller()
        for source in (front, monitor, self._wake):
            poller.register(source, zmq.POLLIN)
        next_telemetry_s = time.monotonic()
        while not self._stopping:
            ready = dict(poller.poll(_TICK_MS))
            if self._wake in ready:
                with contextlib.suppress(BlockingIOError):
                    os.eventfd_read(self._wake)
            self._deliver_outcomes()
            if monitor in ready:
                self._watch_connections()
            if front in ready:
                self._receive()
            now_s = time.monotonic()
            self._probe(now_s)
            self._retry_unsent(now_s)
            if now_s >= next_telemetry_s:
                next_telemetry_s = now_s + INTERVAL_S
                self._free_idle(now_s)
                self._publish()
            self._leaving = [session for session in self._leaving if session.alive]

    def close(self) -> None:
        """Tell the clients, end all simulators and close the sockets."""
        goodbye = to_message(0, ConnectionLost("the server is shutting down"))
        for identity in list(self._clients):
            self._send(identity, encode(goodbye))
            self._forget(identity)
        deadline_s = time.monotonic() + _SHUTDOWN_S
        for session in self._leaving:
            if not session.join(max(0.0, deadline_s - time.monotonic())):
                _LOG.warning("a simulator is still in its warm-up; it ends with this process")
        self._sockets.close()
        os.close(self._wake)

    def snapshot(self) -> Snapshot:
        """The state of the server now, as published."""
        now_s = time.monotonic()
        rows = [
            ClientRow(
                client=client.user,
                name=client.name,
                scenario=client.scenario,
                state="busy" if client.busy else "waiting",
                epochs=client.epochs,
                idle_s=0.0 if client.busy else now_s - client.last_s,
            )
            for client in self._clients.values()
        ]
        return self._counters.snapshot(self.address, self._version, self._config.simulators, rows)

    # --- requests -------------------------------------------------------------------------------

    def _receive(self) -> None:
        """Take what has come, but not so much that one who floods the server keeps it busy."""
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
            self._greet(identity, self._user(last), message)
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

    def _greet(self, identity: bytes, user: str, hello: Hello) -> None:
        if hello.protocol != PROTOCOL_VERSION:
            raise ProtocolError(
                f"the client (ns3-tandem {hello.package}) speaks protocol {hello.protocol}, this "
                f"server (ns3-tandem {self._version}) speaks {PROTOCOL_VERSION}: install the same "
                "version on both"
            )
        if len(self._clients) >= self._config.connections:
            raise QuotaExceeded(f"the server holds {len(self._clients)} connections, its limit")
        self._clients[identity] = _Client(user=user, name=hello.name, last_id=hello.id)
        welcome = Welcome(
            id=hello.id,
            protocol=PROTOCOL_VERSION,
            package=self._version,
            scenarios=self._catalogue.names,
            limits=self._config.limits,
        )
        self._send(identity, encode(welcome))
        _LOG.info("%s (%s) is connected", hello.name, user)

    def _open(self, identity: bytes, client: _Client, message: Open) -> None:
        if client.session is not None:
            raise ProtocolError("this connection has a simulator: close it, or connect once more")
        executable = self._catalogue.admit(message.scenario, message.arguments)
        users = [other.user for other in self._clients.values() if other.session is not None]
        # Those that were dropped still use their memory until they have ended.
        if len(users) + len(self._leaving) >= self._config.simulators:
            raise QuotaExceeded(
                f"all {self._config.simulators} simulators of this server are in use: try later"
            )
        if users.count(client.user) >= self._config.simulators_per_client:
            raise QuotaExceeded(
                f"client {client.user!r} has {users.count(client.user)} simulators, its limit on "
                "this server: close one first"
            )
        session = Session(client.name, self._config.session_limits, self._hand_over)
        client.session = session
        client.scenario = message.scenario
        self._owners[session] = identity
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
        self._send(identity, encode(to_message(request, error)))

    # --- replies --------------------------------------------------------------------------------

    def _hand_over(self, session: Session, outcome: Outcome) -> None:
        """In the session's thread: pass a result to the thread of the sockets."""
        self._outcomes.put((session, outcome))
        with contextlib.suppress(OSError):
            os.eventfd_write(self._wake, 1)

    def _deliver_outcomes(self) -> None:
        while True:
            try:
                session, outcome = self._outcomes.get_nowait()
            except queue.Empty:
                return
            self._counters.note(outcome)
            identity = self._owners.get(session)
            if identity is None:
                continue
            client = self._clients[identity]
            client.busy = False
            client.last_s = time.monotonic()
            client.epochs += outcome.epochs
            if outcome.over:
                self._release(client)
            self._send(identity, outcome.frames)

    def _send(self, identity: bytes, frames: list[bytes]) -> None:
        """Send now, later if the client is slow, or not at all if it is gone."""
        client = self._clients.get(identity)
        if client is not None and client.unsent:
            client.unsent.append(frames)
            if len(client.unsent) > _UNSENT_REPLIES:
                _LOG.warning("%s goes on asking without taking its replies", client.name)
                self._forget(identity)
            return
        try:
            self._sockets.front.send_multipart([identity, *frames], zmq.NOBLOCK)
        except zmq.Again:
            if client is not None:
                client.unsent.append(frames)
                client.unsent_since_s = time.monotonic()
        except zmq.ZMQError:  # EHOSTUNREACH
            self._forget(identity)

    def _retry_unsent(self, now_s: float) -> None:
        for identity, client in list(self._clients.items()):
            if not client.unsent:
                continue
            if now_s - client.unsent_since_s > _REPLY_PATIENCE_S:
                _LOG.warning("%s does not take its replies", client.name)
                self._forget(identity)
                continue
            waiting, client.unsent = client.unsent, []
            since_s = client.unsent_since_s
            for frames in waiting:
                self._send(identity, frames)
            if len(client.unsent) == len(waiting):
                client.unsent_since_s = since_s  # it has taken none

    # --- who is still there ---------------------------------------------------------------------

    def _watch_connections(self) -> None:
        """Some connection was lost: ask all who is left."""
        while True:
            try:
                event = zmq.utils.monitor.recv_monitor_message(self._sockets.monitor, zmq.NOBLOCK)
            except zmq.Again:
                return
            if event["event"] == zmq.EVENT_DISCONNECTED:
                now_s = time.monotonic()
                self._probes_s = [now_s + delay_s for delay_s in _PROBE_AGAIN_S]

    def _probe(self, now_s: float) -> None:
        if not self._probes_s or now_s < self._probes_s[0]:
            return
        self._probes_s = [due_s for due_s in self._probes_s if due_s > now_s]
        probe = encode(Probe(id=0))
        for identity, client in list(self._clients.items()):
            if client.unsent:
                continue  # its replies find out
            try:
                self._sockets.front.send_multipart([identity, *probe], zmq.NOBLOCK)
            except zmq.Again:
                continue  # slow, but there
            except zmq.ZMQError:
                self._forget(identity)

    def _free_idle(self, now_s: float) -> None:
        limit_s = self._config.idle_timeout_s
        for identity, client in list(self._clients.items()):
            if not client.busy and now_s - client.last_s > limit_s:
                _LOG.warning("%s asked nothing for %g s", client.name, limit_s)
                self._forget(identity)

    def _forget(self, identity: bytes) -> None:
        client = self._clients.pop(identity, None)
        if client is None:
            return
        self._release(client)
        _LOG.info("%s (%s) is gone", client.name, client.user)

    def _release(self, client: _Client) -> None:
        session, client.session = client.session, None
        client.scenario = ""
        if session is not None:
            del self._owners[session]
            session.drop()
            self._leaving.append(session)

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


def default_config(processors: int | None = None) -> ServerConfig:
    """Twice as many simulators as processors, all of them for any one client."""
    simulators = 2 * (processors or len(os.sched_getaffinity(0)))
    return ServerConfig(simulators=simulators, simulators_per_client=simulators)
