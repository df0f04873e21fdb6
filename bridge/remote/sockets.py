# SPDX-License-Identifier: MIT
"""The sockets of a server: where it listens, who may come in, and who is still there."""

from __future__ import annotations

import contextlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import zmq
import zmq.auth.thread

from tandem.bridge.remote import endpoint
from tandem.bridge.remote.endpoint import AddressError, Endpoint
from tandem.bridge.remote.errors import RemoteError
from tandem.bridge.remote.keys import AllowList, KeyPair

#: Signs of life that a peer may miss.
MISSED_HEARTBEATS: Final = 3
#: ZeroMQ itself cuts a connection only at a frame this much larger than allowed, so that what is
#: slightly too large can be answered.
_FRAME_HEADROOM: Final = 2
#: Subscribers send topics only, but the handshake with keys takes some hundred bytes as well.
_SUBSCRIPTION_BYTES: Final = 4096
_QUEUED_MESSAGES: Final = 64
_HANDSHAKE_MS: Final = 5000
_LINGER_MS: Final = 500
_DOMAIN: Final = b"tandem"
_COMINGS_AND_GOINGS: Final = zmq.EVENT_ACCEPTED | zmq.EVENT_DISCONNECTED


@dataclass(frozen=True, slots=True)
class Access:
    """Where a server listens and who may come in.

    Attributes:
        address: for clients.
        telemetry: for `tandem top`; "" for none, ``None`` for `Endpoint.beside` the address.
        keys: the server's own pair; without it only this machine can connect.
        clients: who may come in, with keys.
    """

    address: str
    telemetry: str | None = None
    keys: KeyPair | None = None
    clients: AllowList | None = None


class ServerSockets:
    """A ROUTER for clients, a PUB for telemetry, both with keys where others can reach them.

    Raises:
        AddressError: an address that cannot be used, or one that others can reach without keys.
        RemoteError: the address is in use or belongs to somebody else.
    """

    def __init__(self, access: Access, max_array_bytes: int, heartbeat_s: float) -> None:
        front = endpoint.parse(access.address)
        beside = front.beside() if access.telemetry is None else access.telemetry
        telemetry = endpoint.parse(beside) if beside else None
        for place in (front, telemetry):
            if place is not None and not place.private:
                _require_keys(place, access)
        _require_both(access)
        self._access = access
        self.secured = access.keys is not None
        self.context = zmq.Context()
        self._gate: zmq.auth.thread.ThreadAuthenticator | None = None
        self.publisher: zmq.Socket[bytes] | None = None
        self.telemetry_monitor: zmq.Socket[bytes] | None = None
        self.telemetry_address = ""
        self._files: list[Path] = []
        try:
            if access.clients is not None:
                self._gate = zmq.auth.thread.ThreadAuthenticator(self.context)
                self._gate.start()
                self._gate.configure_curve_callback(_DOMAIN.decode(), access.clients)
            self.front = self._socket(zmq.ROUTER, front, heartbeat_s)
            self.front.setsockopt(zmq.ROUTER_MANDATORY, 1)
            self.front.setsockopt(zmq.MAXMSGSIZE, _FRAME_HEADROOM * max_array_bytes)
            self.monitor = self.front.get_monitor_socket(_COMINGS_AND_GOINGS)
            self.address = self._bind(self.front, front)
            if telemetry is not None:
                self.publisher = self._socket(zmq.PUB, telemetry, heartbeat_s)
                self.publisher.setsockopt(zmq.MAXMSGSIZE, _SUBSCRIPTION_BYTES)
                self.telemetry_monitor = self.publisher.get_monitor_socket(_COMINGS_AND_GOINGS)
                self.telemetry_address = self._bind(self.publisher, telemetry)
        except BaseException:
            self.close()
            raise

    def names(self) -> dict[bytes, str]:
        """Clients on the allow-list by public key."""
        return {} if self._access.clients is None else self._access.clients.names()

    def close(self) -> None:
        """Close everything; unsent goodbyes get half a second."""
        if self._gate is not None:
            self._gate.stop()
        for socket in (getattr(self, "front", None), self.publisher):
            if socket is not None:
                socket.disable_monitor()
        self.context.destroy(linger=_LINGER_MS)
        for path in self._files:
            path.unlink(missing_ok=True)

    def _socket(self, kind: int, place: Endpoint, heartbeat_s: float) -> zmq.Socket[bytes]:
        socket: zmq.Socket[bytes] = self.context.socket(kind)
        socket.setsockopt(zmq.IPV6, place.ipv6)
        socket.setsockopt(zmq.LINGER, _LINGER_MS)
        socket.setsockopt(zmq.SNDHWM, _QUEUED_MESSAGES)
        socket.setsockopt(zmq.RCVHWM, _QUEUED_MESSAGES)
        socket.setsockopt(zmq.HANDSHAKE_IVL, _HANDSHAKE_MS)
        set_heartbeat(socket, heartbeat_s)
        # In a domain ZeroMQ refuses peers of its first two protocols. Without one, whatever does
        # not begin as version 3 (a browser, a port scanner) counts as such a peer; those know
        # neither a handshake with a deadline nor heartbeats.
        socket.setsockopt(zmq.ZAP_DOMAIN, _DOMAIN)
        if self._access.keys is not None:
            socket.setsockopt(zmq.CURVE_SERVER, 1)
            socket.setsockopt(zmq.CURVE_SECRETKEY, self._access.keys.secret)
            socket.setsockopt(zmq.CURVE_PUBLICKEY, self._access.keys.public)
        return socket

    def _bind(self, socket: zmq.Socket[bytes], place: Endpoint) -> str:
        """Bind and return the address, with the port that the system chose."""
        if place.path is not None:
            _check_free(place)
        mask = os.umask(0o177)  # an ipc socket is its owner's only, from its first moment
        try:
            socket.bind(place.text)
        except zmq.ZMQError as error:
            raise RemoteError(f"cannot listen on {place.text}: {error.strerror}") from None
        finally:
            os.umask(mask)
        if place.path is not None:
            self._files.append(place.path)
        address = socket.getsockopt(zmq.LAST_ENDPOINT)
        assert isinstance(address, bytes)
        return address.rstrip(b"\0").decode()


def set_heartbeat(socket: zmq.Socket[bytes], heartbeat_s: float) -> None:
    """Let ZeroMQ's own thread exchange signs of life, also while Python computes."""
    interval_ms = max(1, round(heartbeat_s * 1000))
    socket.setsockopt(zmq.HEARTBEAT_IVL, interval_ms)
    socket.setsockopt(zmq.HEARTBEAT_TIMEOUT, MISSED_HEARTBEATS * interval_ms)
    socket.setsockopt(zmq.HEARTBEAT_TTL, MISSED_HEARTBEATS * interval_ms)


def _require_keys(place: Endpoint, access: Access) -> None:
    if access.keys is None or access.clients is None:
        raise AddressError(
            f"{place.text} can be reached from other machines, which needs keys: make them with "
            "`tandem keys new server` and `tandem keys new CLIENT`, then give --keys and --allow; "
            f"or listen on {endpoint.DEFAULT_ADDRESS}"
        )


def _require_both(access: Access) -> None:
    """Refuse keys without a list of clients, and a list without keys: neither is a protection."""
    if access.keys is not None and access.clients is None:
        raise AddressError(
            "keys without a list of clients would let everybody in: give --allow, the folder with "
            "the clients' public keys"
        )
    if access.keys is None and access.clients is not None:
        raise AddressError(
            "a list of clients without the server's own keys would keep nobody out: give --keys, "
            "from `tandem keys new server`"
        )


def _check_free(place: Endpoint) -> None:
    """ZeroMQ would silently take a socket file over from a server that is still running."""
    import socket as plain

    path = place.path
    assert path is not None
    with contextlib.suppress(FileNotFoundError):
        if not stat.S_ISSOCK(path.lstat().st_mode):
            raise RemoteError(f"cannot listen on {place.text}: the file is no socket")
        with plain.socket(plain.AF_UNIX) as probe:
            try:
                probe.connect(str(path))
            except OSError:
                return  # left behind by a server that was killed
        raise RemoteError(f"cannot listen on {place.text}: another server does")
