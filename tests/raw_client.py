# SPDX-License-Identifier: MIT
"""A client that sends whatever a test likes, valid or not."""

from __future__ import annotations

import json
from types import TracebackType
from typing import Any

import zmq

from tandem.bridge.remote.keys import ClientKeys
from tandem.bridge.remote.messages import Failed, ServerMessage, reply_codec
from tandem.bridge.remote.wire import PROTOCOL_VERSION, Arrays

ANSWER_LIMIT_MS = 20_000
_MAX_REPLY_BYTES = 1 << 24


class RawClient:
    """A DEALER socket without any of the client's own checks."""

    def __init__(self, address: str, keys: ClientKeys | None = None) -> None:
        self._socket: zmq.Socket[bytes] = zmq.Context.instance().socket(zmq.DEALER)
        self._socket.setsockopt(zmq.LINGER, 0)
        if keys is not None:
            self._socket.setsockopt(zmq.CURVE_SECRETKEY, keys.own.secret)
            self._socket.setsockopt(zmq.CURVE_PUBLICKEY, keys.own.public)
            self._socket.setsockopt(zmq.CURVE_SERVERKEY, keys.server)
        self._monitor = self._socket.get_monitor_socket(zmq.EVENT_DISCONNECTED)
        self._socket.connect(address)
        self._id = 0

    def send(self, frames: list[bytes]) -> None:
        """Send frames as they are."""
        self._socket.send_multipart(frames)

    def receive(self, limit_ms: int = ANSWER_LIMIT_MS) -> tuple[ServerMessage, Arrays] | None:
        """The next reply that is no probe; ``None`` if none comes in time."""
        while self._socket.poll(limit_ms):
            message, arrays = reply_codec(_MAX_REPLY_BYTES).decode(self._socket.recv_multipart())
            if message.type != "probe":
                return message, arrays
        return None

    def is_cut(self, limit_s: float) -> bool:
        """Whether the server ends the connection in time."""
        return bool(self._monitor.poll(limit_s * 1000))

    def ask(self, kind: str, *arrays: tuple[str, bytes, list[int]], **fields: Any) -> ServerMessage:
        """Send one well-formed header with ``(dtype, data, shape)`` arrays; the reply to it."""
        self._id += 1
        self.send(request(kind, *arrays, **{"id": self._id, **fields}))
        answer = self.receive()
        assert answer is not None, "the server did not answer"
        return answer[0]

    def refused(self, kind: str, *arrays: tuple[str, bytes, list[int]], **fields: Any) -> Failed:
        """As `ask`, of a request that must fail."""
        reply = self.ask(kind, *arrays, **fields)
        assert isinstance(reply, Failed), reply
        return reply

    def hello(self) -> ServerMessage:
        """Introduce oneself properly."""
        return self.ask("hello", protocol=PROTOCOL_VERSION, package="0", name="raw")

    def __enter__(self) -> RawClient:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._socket.disable_monitor()
        self._monitor.close()
        self._socket.close()


def request(kind: str, *arrays: tuple[str, bytes, list[int]], **fields: Any) -> list[bytes]:
    """The frames of a request as a client would send them."""
    specs = [{"name": "action", "dtype": dtype, "shape": shape} for dtype, _, shape in arrays]
    header = {"message": {"type": kind, **fields}, "arrays": specs}
    return [json.dumps(header).encode(), *(data for _, data, _ in arrays)]
