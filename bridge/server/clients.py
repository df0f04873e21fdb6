# SPDX-License-Identifier: MIT
"""Who is connected to a server, which simulator each client has, and what it was not sent yet."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

import zmq

from tandem.bridge.remote.messages import Probe
from tandem.bridge.remote.sockets import ServerSockets
from tandem.bridge.remote.wire import encode
from tandem.bridge.server.connections import Connections
from tandem.bridge.server.session import Session
from tandem.bridge.server.telemetry import ClientRow

_LOG = logging.getLogger(__name__)
#: Sending may succeed for a moment after a connection was lost, so all clients are probed again.
_PROBE_AGAIN_S: Final = (0.0, 0.05, 0.25, 1.0)
#: A client that takes no reply for so long counts as gone.
_REPLY_PATIENCE_S: Final = 30.0
#: One request at a time means one reply; more come from a client that breaks the rules.
_UNSENT_REPLIES: Final = 64


@dataclass
class Client:
    """One connection.

    Attributes:
        user: whom the connection's key belongs to.
        descriptor: of the connection.
        name: what the client calls itself.
        last_id: number of its last request.
        scenario: of its simulator, "" without one.
        session: its simulator.
        busy: whether a request of it is being carried out.
        epochs: simulated for it.
        last_s: time of its last request or result.
        unsent: replies that it did not take yet.
        unsent_since_s: time since which it has taken none.
    """

    user: str
    descriptor: int
    name: str = ""
    last_id: int = 0
    scenario: str = ""
    session: Session | None = None
    busy: bool = False
    epochs: int = 0
    last_s: float = field(default_factory=time.monotonic)
    unsent: list[list[bytes]] = field(default_factory=list)
    unsent_since_s: float = 0.0

    def row(self, now_s: float) -> ClientRow:
        """The client as telemetry shows it."""
        return ClientRow(
            client=self.user,
            name=self.name,
            scenario=self.scenario,
            state="busy" if self.busy else "waiting",
            epochs=self.epochs,
            idle_s=0.0 if self.busy else now_s - self.last_s,
        )


class Clients:
    """All connections by the routing id that the ROUTER socket gave them.

    Args:
        sockets: replies and probes leave through these.
        connections: of the clients' socket.
    """

    def __init__(self, sockets: ServerSockets, connections: Connections) -> None:
        self._sockets = sockets
        self._connections = connections
        self._clients: dict[bytes, Client] = {}
        self._owners: dict[Session, bytes] = {}
        self._leaving: list[Session] = []
        self._probes_s: list[float] = []

    def __len__(self) -> int:
        return len(self._clients)

    def __iter__(self) -> Iterator[bytes]:
        """The routing ids, as they are now."""
        return iter(list(self._clients))

    def get(self, identity: bytes) -> Client | None:
        """The client behind a connection, or ``None``."""
        return self._clients.get(identity)

    def add(self, identity: bytes, client: Client) -> None:
        """Take a client in."""
        self._connections.introduce(client.descriptor, identity)
        self._clients[identity] = client

    def rows(self) -> list[ClientRow]:
        """All clients as telemetry shows them."""
        now_s = time.monotonic()
        return [client.row(now_s) for client in self._clients.values()]

    # --- their simulators -----------------------------------------------------------------------

    @property
    def simulators(self) -> int:
        """How many there are. Those that were dropped use their memory until they have ended."""
        return len(self._owners) + len(self._leaving)

    def simulators_of(self, user: str) -> int:
        """How many one user has, over all of its connections."""
        return sum(self._clients[identity].user == user for identity in self._owners.values())

    def give(self, identity: bytes, session: Session, scenario: str) -> None:
        """Give a client its simulator."""
        client = self._clients[identity]
        client.session, client.scenario = session, scenario
        self._owners[session] = identity

    def owner(self, session: Session) -> bytes | None:
        """The connection that a simulator belongs to; ``None`` once that has let it go."""
        return self._owners.get(session)

    def release(self, client: Client) -> None:
        """End a client's simulator; the client stays."""
        session, client.session = client.session, None
        client.scenario = ""
        if session is not None:
            del self._owners[session]
            session.drop()
            self._leaving.append(session)

    def forget(self, identity: bytes) -> None:
        """Let a client go, and its simulator with it."""
        client = self._clients.pop(identity, None)
        if client is None:
            return
        self.release(client)
        self._connections.dismiss(client.descriptor, identity)
        _LOG.info("%s (%s) is gone", client.name, client.user)

    def forget_idle(self, now_s: float, limit_s: float) -> None:
        """Let those go that asked for nothing for longer than the limit."""
        for identity, client in list(self._clients.items()):
            if not client.busy and now_s - client.last_s > limit_s:
                _LOG.warning("%s asked nothing for %g s", client.name, limit_s)
                self.forget(identity)

    def sweep(self) -> None:
        """Strike out the dropped simulators that have ended."""
        self._leaving = [session for session in self._leaving if session.alive]

    def join(self, deadline_s: float) -> None:
        """Wait until all dropped simulators have ended, at most until the deadline."""
        for session in self._leaving:
            if not session.join(max(0.0, deadline_s - time.monotonic())):
                _LOG.warning("a simulator is still in its warm-up; it ends with this process")

    # --- their replies --------------------------------------------------------------------------

    def send(self, identity: bytes, frames: list[bytes]) -> None:
        """Send now, later if the client is slow, or not at all if it is gone."""
        client = self._clients.get(identity)
        if client is not None and client.unsent:
            client.unsent.append(frames)
            if len(client.unsent) > _UNSENT_REPLIES:
                _LOG.warning("%s keeps asking without taking its replies", client.name)
                self.forget(identity)
            return
        try:
            self._sockets.front.send_multipart([identity, *frames], zmq.NOBLOCK)
        except zmq.Again:
            if client is not None:
                client.unsent.append(frames)
                client.unsent_since_s = time.monotonic()
        except zmq.ZMQError:  # EHOSTUNREACH
            self.forget(identity)

    def retry_unsent(self, now_s: float) -> None:
        """Try to send what slow clients did not take yet."""
        for identity, client in list(self._clients.items()):
            if not client.unsent:
                continue
            if now_s - client.unsent_since_s > _REPLY_PATIENCE_S:
                _LOG.warning("%s does not take its replies", client.name)
                self.forget(identity)
                continue
            waiting, client.unsent = client.unsent, []
            since_s = client.unsent_since_s
            for frames in waiting:
                self.send(identity, frames)
            if len(client.unsent) == len(waiting):
                client.unsent_since_s = since_s  # it has taken none

    # --- who is still there ---------------------------------------------------------------------

    def plan_probes(self) -> None:
        """Look for clients that are gone: a connection was lost."""
        now_s = time.monotonic()
        self._probes_s = [now_s + delay_s for delay_s in _PROBE_AGAIN_S]

    def probe(self, now_s: float) -> None:
        """Send all clients a probe if one is due, and let those go that cannot be reached."""
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
                self.forget(identity)
