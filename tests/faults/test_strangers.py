# SPDX-License-Identifier: MIT
"""Peers that speak another protocol, too slowly, or not at all: none keeps a connection."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Iterator

import pytest
import zmq
from raw_client import RawClient
from remote_servers import ServerProcess, free_address, serving, wait_until

from tandem.bridge.backends.remote import RemoteSimulator, Target
from tandem.bridge.server.watch import Watch

ECHO = {"values": 2, "epochs": 0}
ACTION = [3.0, 4.0]
#: The first bytes of a peer that speaks ZMTP 3 without keys.
GREETING = b"\xff" + bytes(8) + b"\x7f\x03\x00NULL" + bytes(48)
SILENCE_S = 1.0
DESCRIPTORS = 128
#: Longest wait for what a busy machine does late.
PATIENCE_S = 20.0

#: First bytes, and bytes that follow one by one.
STRANGERS = {
    "nothing": (b"", b""),
    "http": (b"GET / HTTP/1.1\r\nHost: server\r\n\r\n", b""),
    "ZMTP 1": (b"\x01\x00", b""),
    "ZMTP 1, slowly": (b"\x01\x00", b"\x7f" + b"x" * 1000),
    "ZMTP 2": (b"\xff" + bytes(8) + b"\x7f\x01\x05\x00\x00", b""),
    "half a greeting": (GREETING[:10], b""),
    "a greeting, slowly": (b"", GREETING + bytes(1000)),
    "no handshake": (GREETING, b""),
    "a handshake, slowly": (GREETING, b"\x04\xff" + b"x" * 1000),
}


def connect(address: str) -> socket.socket:
    host, port = address.removeprefix("tcp://").split(":")
    stranger = socket.create_connection((host, int(port)), timeout=PATIENCE_S)
    stranger.settimeout(0.05)
    return stranger


def is_cut(stranger: socket.socket) -> bool:
    """Whether the other side has ended the connection."""
    try:
        while stranger.recv(4096):
            pass
    except TimeoutError:
        return False
    except OSError:
        return True
    return True


@pytest.mark.parametrize("place", ["clients", "telemetry"])
def test_whoever_speaks_no_zmtp_is_cut_off(place: str) -> None:
    with serving() as server, contextlib.ExitStack() as stack:
        address = server.address if place == "clients" else server.telemetry_address
        start_s = time.monotonic()
        open_: dict[str, tuple[socket.socket, Iterator[int]]] = {}
        for name, (first, rest) in STRANGERS.items():
            stranger = stack.enter_context(connect(address))
            stranger.sendall(first)
            open_[name] = (stranger, iter(rest))
        while open_ and time.monotonic() < start_s + PATIENCE_S:
            for name, (stranger, rest) in [*open_.items()]:
                with contextlib.suppress(OSError):
                    stranger.sendall(bytes([next(rest, 0)]) if name.endswith("slowly") else b"")
                if is_cut(stranger):
                    del open_[name]
        assert not open_, sorted(open_)


def test_whoever_never_introduces_itself_is_cut_off() -> None:
    with serving(silence_s=SILENCE_S) as server:
        client = RemoteSimulator("echo", ECHO, target=Target(server.address))
        client.reset(1)
        with RawClient(server.address) as silent, RawClient(server.address) as wrong:
            wrong.send([b"{}"])
            assert wrong.receive() is not None
            assert silent.is_cut(PATIENCE_S)
            assert wrong.is_cut(PATIENCE_S)
        time.sleep(SILENCE_S)  # who has introduced itself may be silent for longer
        assert client.step(ACTION).decision == 1
        client.close()


def test_strangers_do_not_shut_clients_out() -> None:
    """Far more of them than a server with few descriptors can hold."""
    server = ServerProcess(
        free_address(), "--scenario", "echo", "--simulators", "2", descriptors=DESCRIPTORS
    )
    try:
        target = Target(server.address)
        inside = RemoteSimulator("echo", ECHO, target=target)
        inside.reset(1)
        with contextlib.ExitStack() as stack, zmq.Context() as context:
            for number in range(2 * DESCRIPTORS):
                stack.enter_context(connect(server.address))
                if number > DESCRIPTORS // 2:
                    continue
                speaks = context.socket(zmq.DEALER)
                speaks.setsockopt(zmq.LINGER, 0)
                stack.callback(speaks.close)
                speaks.connect(server.address)
            outside = RemoteSimulator("echo", ECHO, target=target)
            outside.reset(1)
            for number in range(1, 4):
                for client in (inside, outside):
                    assert client.step(ACTION).decision == number
            outside.close()
        inside.close()
    finally:
        server.end()


def test_watchers_are_limited() -> None:
    with serving() as server, contextlib.ExitStack() as stack, zmq.Context() as context:
        for _ in range(100):
            watcher = context.socket(zmq.SUB)
            watcher.setsockopt(zmq.LINGER, 0)
            stack.callback(watcher.close)
            watcher.connect(server.telemetry_address)
        most = server._listening[1]._limit
        assert wait_until(lambda: len(server._listening[1]) >= most, PATIENCE_S)
        assert wait_until(lambda: len(server._listening[1]) <= most, PATIENCE_S)
        with Watch(server.telemetry_address) as watch:
            assert watch.next(PATIENCE_S) is not None
