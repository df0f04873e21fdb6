# SPDX-License-Identifier: MIT
"""Reading the telemetry of a server."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Final

import zmq
from pydantic import ValidationError

from tandem.bridge.remote import endpoint
from tandem.bridge.remote.errors import AccessRefused
from tandem.bridge.remote.keys import ClientKeys
from tandem.bridge.server.telemetry import MAX_BYTES, TOPIC, Snapshot

_FRAMES: Final = 2


class Watch:
    """A subscriber; reconnects by itself when the server comes back.

    Args:
        address: the server's telemetry address.
        keys: needed where the server is on another machine.
    """

    def __init__(self, address: str, keys: ClientKeys | None = None) -> None:
        place = endpoint.parse(address)
        if not place.private and keys is None:
            raise AccessRefused(
                f"{address} is another machine, which needs keys: --key and --server-key"
            )
        self._socket: zmq.Socket[bytes] = zmq.Context.instance().socket(zmq.SUB)
        self._socket.setsockopt(zmq.LINGER, 0)
        self._socket.setsockopt(zmq.IPV6, place.ipv6)
        self._socket.setsockopt(zmq.MAXMSGSIZE, MAX_BYTES)
        if keys is not None:
            self._socket.setsockopt(zmq.CURVE_SECRETKEY, keys.own.secret)
            self._socket.setsockopt(zmq.CURVE_PUBLICKEY, keys.own.public)
            self._socket.setsockopt(zmq.CURVE_SERVERKEY, keys.server)
        self._socket.setsockopt(zmq.SUBSCRIBE, TOPIC)
        self._socket.connect(place.text)

    def next(self, timeout_s: float) -> Snapshot | None:
        """The next snapshot; ``None`` if none comes in time. Other messages are skipped."""
        deadline_s = time.monotonic() + timeout_s
        while (left_s := deadline_s - time.monotonic()) > 0:
            if not self._socket.poll(max(1, round(left_s * 1000))):
                return None
            frames = self._socket.recv_multipart()
            if len(frames) != _FRAMES or frames[0] != TOPIC:
                continue
            try:
                return Snapshot.model_validate_json(frames[1])
            except ValidationError:
                continue
        return None

    def close(self) -> None:
        """Disconnect."""
        self._socket.close(linger=0)

    def __enter__(self) -> Watch:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
