# SPDX-License-Identifier: MIT
"""A client's connection to a server: every wait ends, with a reply or with the reason why not."""

from __future__ import annotations

import contextlib
import math
import threading
import time
from collections.abc import Mapping
from typing import Any, Final

import zmq
import zmq.utils.monitor
from numpy.typing import NDArray

from tandem.bridge.core.descriptors import keep_standard_descriptors
from tandem.bridge.core.ownership import Owner
from tandem.bridge.remote import endpoint
from tandem.bridge.remote.errors import (
    AccessRefused,
    ConnectionLost,
    NoServer,
    ProtocolError,
    QuotaExceeded,
    RemoteError,
    RemoteTimeout,
    from_message,
)
from tandem.bridge.remote.keys import ClientKeys
from tandem.bridge.remote.messages import Failed, Probe, Reply, Request, ServerMessage, reply_codec
from tandem.bridge.remote.sockets import set_heartbeat
from tandem.bridge.remote.wire import DEFAULT_MAX_ARRAY_BYTES, MAX_HEADER_BYTES, Arrays, encode

DEFAULT_HEARTBEAT_S: Final = 2.0
#: Replies of branches hold a frame per branch, so they may be larger than requests.
MAX_REPLY_BYTES: Final = 256 * 1024 * 1024
_SLICE_MS: Final = 100
_RETRY_S: Final = 0.05
_LOCK_S: Final = 2.0
#: After so many hang-ups in a row during the handshake the server counts as refusing.
_HANG_UPS: Final = 3

_ABSENT: Final = zmq.EVENT_CLOSED | zmq.EVENT_CONNECT_RETRIED
#: A server with keys always hangs up on a client that has none, or those for another server. A
#: server that is just shutting down does it once.
_HUNG_UP: Final = zmq.EVENT_DISCONNECTED | zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL
_REFUSED: Final = zmq.EVENT_HANDSHAKE_FAILED_AUTH | zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL
_LOST: Final = _ABSENT | _HUNG_UP | _REFUSED


class Connection:
    """One DEALER socket; requests one at a time. Not thread-safe, except for `close`.

    Args:
        address: of the server.
        keys: needed where the server is on another machine.
        connect_timeout_s: limit of connecting; a server that is not there yet is tried again.
        heartbeat_s: between two signs of life; a server that misses three is lost.
        known: this server has accepted these keys before. If it hangs up, it is shutting down, or
            a tunnel or proxy in front of it has no server behind it yet: it is tried again.

    Raises:
        AddressError: an address that cannot be used.
        NoServer: nobody listens there.
        AccessRefused: the keys do not fit.
    """

    def __init__(
        self,
        address: str,
        keys: ClientKeys | None,
        *,
        connect_timeout_s: float,
        heartbeat_s: float = DEFAULT_HEARTBEAT_S,
        known: bool = False,
    ) -> None:
        place = endpoint.parse(address)
        if not place.private and keys is None:
            raise AccessRefused(
                f"{address} is another machine, which needs keys: give your own secret key and the "
                "server's public key (`tandem keys new`)"
            )
        keep_standard_descriptors()
        self._place = place
        self._keys = keys
        self._heartbeat_s = heartbeat_s
        self._owner = Owner("this connection")
        self._lock = threading.Lock()
        self._closed = False
        self._gone = False
        self._hang_ups_allowed = math.inf if known else _HANG_UPS
        self._next_id = 1
        self._codec = reply_codec(MAX_REPLY_BYTES)
        #: Limit of what `send` accepts; the server's welcome may change it.
        self.max_array_bytes = DEFAULT_MAX_ARRAY_BYTES
        self._connect(connect_timeout_s)

    def send(self, message: Request, arrays: Mapping[str, NDArray[Any]] | None = None) -> None:
        """Send a request.

        Raises:
            ConnectionLost: the server is gone, or the connection closed.
            QuotaExceeded: the arrays are larger than the server allows; nothing was sent.
        """
        self._owner.check()
        size = sum(array.nbytes for array in (arrays or {}).values())
        if size > self.max_array_bytes:
            raise QuotaExceeded(
                f"the request's arrays have {size} bytes, the server's limit is "
                f"{self.max_array_bytes}: split it"
            )
        with self._lock:
            self._check_open()
            try:
                self._socket.send_multipart(encode(message, arrays), zmq.NOBLOCK)
            except zmq.ZMQError as error:
                raise self._lost() from error

    def take_id(self) -> int:
        """The number of the next request."""
        number = self._next_id
        self._next_id += 1
        return number

    def receive(self, request: int, timeout_s: float) -> tuple[ServerMessage, Arrays]:
        """Wait for the reply to a request.

        Raises:
            ConnectionLost: the server went away, or does not know this connection.
            RemoteTimeout: no reply within ``timeout_s``.
            TandemError: what the server says went wrong.
        """
        self._owner.check()
        deadline_s = time.monotonic() + timeout_s
        while True:
            with self._lock:
                self._check_open()
                found = self._poll(deadline_s)
            if found is None:
                if time.monotonic() >= deadline_s:
                    raise RemoteTimeout(
                        f"the server at {self._place.text} did not answer within {timeout_s:g} s"
                    )
                continue
            message, arrays = found
            if isinstance(message, Failed):
                error = from_message(message)
                self._gone = self._gone or isinstance(error, ConnectionLost)
                raise error
            if isinstance(message, Probe) or 0 < message.id < request:
                continue  # an answer that nobody waits for any more
            if not isinstance(message, Reply) or message.id != request:
                raise ProtocolError(f"the server answered request {message.id} before it was made")
            return message, arrays

    @property
    def usable(self) -> bool:
        """Whether requests can still be sent, as far as is known."""
        return not (self._closed or self._gone)

    def close(self) -> None:
        """Disconnect; may be called again, and from any thread."""
        self._owner.check()
        self._closed = True
        if self._lock.acquire(timeout=_LOCK_S):
            try:
                self._drop_socket()
            finally:
                self._lock.release()

    # --- internals ------------------------------------------------------------------------------

    def _connect(self, timeout_s: float) -> None:
        deadline_s = time.monotonic() + timeout_s
        self._hung_up = 0
        while True:
            self._new_socket()
            try:
                if self._handshake(deadline_s):
                    return
            except BaseException:
                self._drop_socket()
                raise
            self._drop_socket()
            if time.monotonic() + _RETRY_S >= deadline_s:
                found = "what answers hangs up" if self._hung_up else "no server answers"
                raise NoServer(
                    f"{found} at {self._place.text} (tried for {timeout_s:g} s): start a server "
                    f"with `tandem serve --bind {self._place.text}`"
                )
            time.sleep(_RETRY_S)

    def _new_socket(self) -> None:
        self._monitor: zmq.Socket[bytes] | None = None
        try:
            socket: zmq.Socket[bytes] = zmq.Context.instance().socket(zmq.DEALER)
        except zmq.ZMQError as error:
            raise _no_socket(error) from None
        self._socket = socket
        socket.setsockopt(zmq.LINGER, 0)
        socket.setsockopt(zmq.IPV6, self._place.ipv6)
        # Lost means lost: a new connection starts from a clean state (see RemoteSimulator).
        socket.setsockopt(zmq.RECONNECT_IVL, -1)
        socket.setsockopt(zmq.MAXMSGSIZE, MAX_REPLY_BYTES + MAX_HEADER_BYTES)
        set_heartbeat(socket, self._heartbeat_s)
        if self._keys is not None:
            socket.setsockopt(zmq.CURVE_SECRETKEY, self._keys.own.secret)
            socket.setsockopt(zmq.CURVE_PUBLICKEY, self._keys.own.public)
            socket.setsockopt(zmq.CURVE_SERVERKEY, self._keys.server)
        try:
            self._monitor = socket.get_monitor_socket(_LOST | zmq.EVENT_HANDSHAKE_SUCCEEDED)
            socket.connect(self._place.text)
        except zmq.ZMQError as error:
            self._drop_socket()
            raise _no_socket(error) from None

    def _handshake(self, deadline_s: float) -> bool:
        """Wait for the end of ZeroMQ's handshake; false if nobody listens."""
        monitor = self._monitor
        assert monitor is not None
        while True:
            left_ms = round(1000 * (deadline_s - time.monotonic()))
            if not monitor.poll(max(0, min(_SLICE_MS, left_ms))):
                if left_ms <= 0:
                    return False
                continue
            event = int(zmq.utils.monitor.recv_monitor_message(monitor)["event"])
            if event & zmq.EVENT_HANDSHAKE_SUCCEEDED:
                return True
            if event & _REFUSED:
                raise AccessRefused(self._refusal(event))
            if event & _HUNG_UP:
                self._hung_up += 1
                if self._hung_up >= self._hang_ups_allowed:
                    raise AccessRefused(self._refusal(event))
                return False
            if event & _ABSENT:
                self._hung_up = 0  # that server is gone, another one will come
                return False

    def _refusal(self, event: int) -> str:
        if event & zmq.EVENT_HANDSHAKE_FAILED_AUTH:
            return (
                f"the server at {self._place.text} refused the keys: your public key is not in its "
                "folder of clients"
            )
        if self._keys is None:
            return (
                f"the server at {self._place.text} hung up: it needs keys (give your own secret "
                "key and the server's public key), speaks something else, or is a tunnel without "
                "a server behind it"
            )
        return (
            f"the server at {self._place.text} hung up on the keys: its own public key is not the "
            "one that was given, yours does not belong to your secret key, or it uses no keys"
        )

    def _poll(self, deadline_s: float) -> tuple[ServerMessage, Arrays] | None:
        """One slice of waiting."""
        left_ms = round(1000 * (deadline_s - time.monotonic()))
        poller = zmq.Poller()
        poller.register(self._socket, zmq.POLLIN)
        assert self._monitor is not None
        poller.register(self._monitor, zmq.POLLIN)
        ready = dict(poller.poll(max(0, min(_SLICE_MS, left_ms))))
        if self._socket in ready:
            frames = self._socket.recv_multipart(zmq.NOBLOCK)
            return self._codec.decode(frames)
        if self._monitor in ready:
            event = zmq.utils.monitor.recv_monitor_message(self._monitor)
            if int(event["event"]) & _LOST:
                raise self._lost()
        return None

    def _lost(self) -> ConnectionLost:
        self._gone = True
        return ConnectionLost(
            f"the connection to {self._place.text} is lost: the server ended, hung up or does not "
            f"answer for {3 * self._heartbeat_s:g} s"
        )

    def _check_open(self) -> None:
        if self._closed:
            raise ConnectionLost(f"the connection to {self._place.text} is closed")
        if self._gone:
            raise self._lost()

    def _drop_socket(self) -> None:
        monitor, self._monitor = self._monitor, None
        if monitor is not None:
            with contextlib.suppress(zmq.ZMQError):
                self._socket.disable_monitor()
            # Not left to the garbage collector: a logged error holds frames, and these the socket.
            monitor.close(linger=0)
        self._socket.close(linger=0)


def _no_socket(error: zmq.ZMQError) -> RemoteError:
    return RemoteError(
        f"cannot make a socket ({error.strerror}): close other environments, or raise the limit "
        "of open files with `ulimit -n`"
    )
