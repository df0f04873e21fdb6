# SPDX-License-Identifier: MIT
"""Servers that go away in mid-handshake are waited for; those that refuse are not."""

from __future__ import annotations

import contextlib
import logging
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from remote_servers import free_address, serving, wait_until

from tandem.bridge.backends.remote import RemoteSimulator, Target
from tandem.bridge.core.errors import NoEpisode
from tandem.bridge.remote import AccessRefused, ConnectionLost, NoServer, connection
from tandem.bridge.remote.sockets import Access

ECHO = {"values": 1, "epochs": 0}
LIMIT_S = 30.0
GREETING_BYTES = 10
SIGNATURE = b"\xff\0\0\0\0\0\0\0\1\x7f"
NO_LINGER = struct.pack("ii", 1, 0)


def hang_up(client: socket.socket, how: str) -> None:
    """As a server that dies at one of the moments of a handshake."""
    with client, contextlib.suppress(OSError):
        if how != "at once":
            client.recv(GREETING_BYTES)
        if how == "in mid-greeting":
            client.send(SIGNATURE)
        if how == "reset":
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)


@contextlib.contextmanager
def hanging_up(address: str, *ways: str) -> Iterator[Callable[[], int]]:
    """Accepts whoever comes and hangs up, in these ways in turn; how often so far."""
    host, _, port = address.removeprefix("tcp://").partition(":")
    count = 0
    with socket.create_server((host, int(port))) as listener:

        def serve() -> None:
            nonlocal count
            while True:
                client = listener.accept()[0]
                hang_up(client, ways[count % len(ways)])
                count += 1

        def work() -> None:
            with contextlib.suppress(OSError):  # the listener is shut down
                serve()

        thread = threading.Thread(target=work)
        thread.start()
        try:
            yield lambda: count
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


def calls_between_attempts(monkeypatch: pytest.MonkeyPatch, call: Callable[[int], None]) -> None:
    """Have ``call(attempts)`` called after each failed attempt to connect."""
    attempts = 0

    def sleep(seconds: float) -> None:
        nonlocal attempts
        attempts += 1
        call(attempts)
        time.sleep(seconds)

    clock = type("Clock", (), {"monotonic": staticmethod(time.monotonic), "sleep": sleep})
    monkeypatch.setattr(connection, "time", clock)


@pytest.mark.parametrize("how", ["at once", "after the greeting", "in mid-greeting", "reset"])
def test_a_server_that_dies_in_mid_handshake_is_waited_for(
    how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two hang-ups, nobody, two hang-ups, nobody, then a server."""
    address = free_address()
    with contextlib.ExitStack() as stack:
        listeners = [stack.enter_context(contextlib.ExitStack()) for _ in range(2)]
        listeners[0].enter_context(hanging_up(address, how))

        def change(attempts: int) -> None:
            if attempts == 2:
                listeners[0].close()
            elif attempts == 3:
                listeners[1].enter_context(hanging_up(address, how))
            elif attempts == 5:
                listeners[1].close()
            elif attempts == 6:
                stack.enter_context(serving(access=Access(address, telemetry="")))

        calls_between_attempts(monkeypatch, change)
        target = Target(address, connect_timeout_s=LIMIT_S)
        simulator = RemoteSimulator("echo", ECHO, target=target)
        assert simulator.reset(1).decision == 0
        simulator.close()


def test_what_always_hangs_up_is_a_refusal() -> None:
    address = free_address()
    target = Target(address, connect_timeout_s=LIMIT_S)
    with (
        hanging_up(address, "in mid-greeting", "reset") as count,
        pytest.raises(AccessRefused, match="needs keys"),
    ):
        RemoteSimulator("echo", ECHO, target=target)
    assert count() == connection._HANG_UPS


def test_an_episode_goes_on_behind_a_tunnel_that_hangs_up() -> None:
    """A tunnel accepts for as long as its server is away; the keys were right before."""
    address = free_address()
    access = Access(address, telemetry="")
    target = Target(address, resume_timeout_s=LIMIT_S)
    with serving(access=access):
        simulator = RemoteSimulator("echo", ECHO, target=target)
        simulator.reset(1)
        simulator.step([1.0])
    simulator.post([2.0])
    frames = []
    waiting = threading.Thread(target=lambda: frames.append(simulator.wait()))
    with hanging_up(address, "at once") as count:
        waiting.start()
        assert wait_until(lambda: count() > connection._HANG_UPS, LIMIT_S)
    with serving(access=access):
        waiting.join()
        assert frames[0].decision == 2
        np.testing.assert_array_equal(frames[0].observation["values"], [2.0])
        simulator.close()


@pytest.mark.parametrize("resume_timeout_s", [0.0, 0.3])
def test_after_a_loss_reset_says_why_or_begins_anew(
    resume_timeout_s: float, caplog: pytest.LogCaptureFixture
) -> None:
    address = free_address()
    access = Access(address, telemetry="")
    target = Target(address, connect_timeout_s=0.3, resume_timeout_s=resume_timeout_s)
    with serving(access=access):
        simulator = RemoteSimulator("echo", ECHO, target=target)
        simulator.reset(1)
    with caplog.at_level(logging.WARNING), pytest.raises(ConnectionLost) as lost:
        simulator.step([1.0])
    assert isinstance(lost.value, NoServer) == bool(resume_timeout_s)
    assert len(caplog.records) == (1 if resume_timeout_s else 0)  # waited for once
    with pytest.raises(NoEpisode, match="reset"):
        simulator.step([1.0])
    for _ in range(2):
        with pytest.raises(NoServer, match=r"no server answers .*tandem serve"):
            simulator.reset(1)
    with serving(access=access):
        assert simulator.reset(3).decision == 0
        assert simulator.step([4.0]).decision == 1
        simulator.close()
        with pytest.raises(NoEpisode, match="closed"):
            simulator.reset(1)
