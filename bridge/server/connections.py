# SPDX-License-Identifier: MIT
"""Open connections of a socket: who stays silent or is one too many is cut off.

ZeroMQ accepts whoever comes, for as long as it likes. Its monitor tells the descriptor of each
connection, and each message tells the descriptor that it came from.
"""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import resource
import socket
import time
from pathlib import Path
from typing import Final

import zmq
import zmq.utils.monitor

_LOG = logging.getLogger(__name__)
#: Control socket, output, and what watches the processes of one simulator.
_SIMULATOR_DESCRIPTORS: Final = 8
#: However few descriptors there are.
_LEAST: Final = 8
#: However many the system allows.
_ENOUGH: Final = 65_536


class Connections:
    """The connections of one listening socket, by their descriptors.

    Args:
        monitor: of the socket, for accepted and disconnected connections.
        limit: how many may be open; beyond it those go that have been silent for longest.
        silence_s: how long one may be open before it introduces itself; infinite where nobody
            does.
    """

    def __init__(self, monitor: zmq.Socket[bytes], limit: int, silence_s: float) -> None:
        self.monitor = monitor
        self._limit = limit
        self._silence_s = silence_s
        self._silent: dict[int, float] = {}  # since when; the oldest first
        self._known: dict[int, bytes] = {}
        self._lost = False

    def __len__(self) -> int:
        return len(self._silent) + len(self._known)

    def lost(self) -> bool:
        """Whether a connection was lost since this was last asked."""
        self.watch()
        lost, self._lost = self._lost, False
        return lost

    def watch(self) -> None:
        """Take in who came and who went."""
        while True:
            try:
                event = zmq.utils.monitor.recv_monitor_message(self.monitor, zmq.NOBLOCK)
            except zmq.Again:
                return
            descriptor = int(event["value"])
            self._silent.pop(descriptor, None)
            self._known.pop(descriptor, None)
            if event["event"] == zmq.EVENT_ACCEPTED:
                self._silent[descriptor] = time.monotonic()
            else:
                self._lost = True

    def introduce(self, descriptor: int, identity: bytes) -> None:
        """Let a connection stay: its client has introduced itself."""
        self.watch()
        if self._silent.pop(descriptor, None) is not None:
            self._known[descriptor] = identity

    def dismiss(self, descriptor: int, identity: bytes) -> None:
        """A client was let go; its connection has as long as a new one."""
        if self._known.get(descriptor) == identity:
            del self._known[descriptor]
            self._silent[descriptor] = time.monotonic()

    def enforce(self, now_s: float) -> None:
        """Cut those off that are silent for too long or too many."""
        excess = len(self) - self._limit
        for number, (descriptor, since_s) in enumerate([*self._silent.items()]):
            if number < excess or now_s - since_s > self._silence_s:
                self._cut(descriptor, since_s)

    def _cut(self, descriptor: int, since_s: float) -> None:
        try:
            connection = socket.socket(fileno=_copy(descriptor))
        except OSError:  # closed meanwhile
            self._silent.pop(descriptor, None)
            return
        try:
            # ZeroMQ tells the end of a connection before it closes the descriptor. So what is not
            # told by now was still open when it was copied, and no other file has its number.
            self.watch()
            if self._silent.get(descriptor) != since_s:
                return
            del self._silent[descriptor]
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        finally:
            if connection.fileno() == descriptor:
                connection.detach()  # ZeroMQ closes it
            connection.close()
        _LOG.info("cut a connection that was silent for %.1f s", time.monotonic() - since_s)


def _copy(descriptor: int) -> int:
    """A descriptor of the same connection; the same one if there is none to spare."""
    try:
        return os.dup(descriptor)
    except OSError as error:
        if error.errno != errno.EMFILE:
            raise
        return descriptor


def raise_descriptor_limit() -> None:
    """Let this process have as many descriptors as it can use."""
    now, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _ENOUGH if most == resource.RLIM_INFINITY else min(_ENOUGH, most)
    if now != resource.RLIM_INFINITY and now < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))


def spare_descriptors(simulators: int) -> int:
    """How many descriptors are left for connections, beside those of the simulators."""
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    used = sum(1 for _ in Path("/proc/self/fd").iterdir()) + _SIMULATOR_DESCRIPTORS * simulators
    return max(_LEAST, limit - used)
