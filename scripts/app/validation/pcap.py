# SPDX-License-Identifier: MIT
"""How many bytes of TCP a packet trace of a wire holds."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tandem.bridge.core.errors import TandemError

FILE_HEADER: Final = struct.Struct("<IHHiIII")
RECORD_HEADER: Final = struct.Struct("<IIII")
MAGICS: Final = (0xA1B2C3D4, 0xA1B23C4D)  # times in us, in ns
PPP: Final = 9
PPP_BYTES: Final = 2
IP_BYTES: Final = 20
TCP_PROTOCOL: Final = 6
TCP_HEADER: Final = struct.Struct(">HHIIBB")
SYN: Final = 0x02
SERVER_PORT: Final = 9000
MODULUS: Final = 2**32


def stream_bytes(path: Path) -> int:
    """Bytes that the streams to the server hold, each counted once.

    Raises:
        TandemError: it is no trace of a point-to-point link.
    """
    begins: dict[tuple[bytes, int], int] = {}
    lengths: dict[tuple[bytes, int], int] = {}
    for packet in _packets(path):
        if len(packet) < IP_BYTES + TCP_HEADER.size or packet[9] != TCP_PROTOCOL:
            continue
        tcp = packet[4 * (packet[0] & 15) : int.from_bytes(packet[2:4], "big")]
        port, peer, sequence, _, offset, flags = TCP_HEADER.unpack_from(tcp)
        if peer != SERVER_PORT:
            continue
        key = (packet[12:16], port)
        if flags & SYN:
            begins[key] = (sequence + 1) % MODULUS
            continue
        # Connections of the warm-up are open when the trace begins: no SYN.
        begin = begins.setdefault(key, sequence)
        end = (sequence - begin) % MODULUS + len(tcp) - 4 * (offset >> 4)
        lengths[key] = max(lengths.get(key, 0), end)
    return sum(lengths.values())


def _packets(path: Path) -> Iterator[bytes]:
    """The IP packets of a trace."""
    data = path.read_bytes()
    magic, _, _, _, _, _, link = FILE_HEADER.unpack_from(data)
    if magic not in MAGICS or link != PPP:
        raise TandemError(f"{path} is no packet trace of a point-to-point link")
    at = FILE_HEADER.size
    while at < len(data):
        _, _, kept, _ = RECORD_HEADER.unpack_from(data, at)
        at += RECORD_HEADER.size
        yield data[at + PPP_BYTES : at + kept]
        at += kept
