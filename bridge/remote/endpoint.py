# SPDX-License-Identifier: MIT
"""Addresses: which are this machine's own, and which need keys."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from tandem.bridge.core.errors import TandemError

DEFAULT_PORT: Final = 5570
DEFAULT_ADDRESS: Final = f"tcp://127.0.0.1:{DEFAULT_PORT}"
MAX_PORT: Final = 65_535
#: Longest path of a Unix socket (``sun_path``), bytes.
MAX_IPC_BYTES: Final = 107


class AddressError(TandemError, ValueError):
    """An address that cannot be used."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A parsed ZeroMQ address.

    Attributes:
        text: as ZeroMQ takes it.
        path: of the socket file, for ``ipc``.
        host, port: for ``tcp``; port 0 lets the system choose (servers only).
        private: only this machine can reach it.
    """

    text: str
    path: Path | None
    host: str
    port: int
    private: bool

    @property
    def ipv6(self) -> bool:
        """Whether ZeroMQ needs its IPv6 option."""
        return ":" in self.host

    def beside(self) -> str:
        """Where a server at this address publishes its telemetry by default."""
        if self.path is not None:
            return f"{self.text}.telemetry"
        host = f"[{self.host}]" if self.ipv6 else self.host
        return f"tcp://{host}:{self.port + 1 if self.port else 0}"


def parse(address: str) -> Endpoint:
    """Read ``tcp://host:port`` or ``ipc:///path``.

    Raises:
        AddressError: neither of them; the message shows both forms.
    """
    scheme, separator, rest = address.partition("://")
    if separator and scheme == "ipc" and rest.startswith("/") and "\0" not in rest:
        if len(rest.encode()) > MAX_IPC_BYTES:
            raise AddressError(
                f"{address!r} is too long: a socket's path has {MAX_IPC_BYTES} bytes"
            )
        return Endpoint(address, Path(rest), "", 0, private=True)
    if separator and scheme == "tcp":
        host, _, port_text = rest.rpartition(":")
        host = {"*": "0.0.0.0", "localhost": "127.0.0.1"}.get(host, host)
        try:
            parts = urlsplit(f"tcp://{host}:{port_text}")
            if parts.hostname and port_text.isdecimal() and int(port_text) <= MAX_PORT:
                return Endpoint(
                    f"tcp://{host}:{int(port_text)}",
                    None,
                    parts.hostname,
                    int(port_text),
                    private=_is_loopback(parts.hostname),
                )
        except ValueError:
            pass
    raise AddressError(
        f"address {address!r} is not understood: give tcp://HOST:PORT, as in {DEFAULT_ADDRESS}, "
        "or ipc:///ABSOLUTE/PATH"
    )


def _is_loopback(host: str) -> bool:
    """Names are not looked up: what a name means may change, so only numbers count."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
