# SPDX-License-Identifier: MIT
"""What packet traces say about uploads: TCP streams put together, cut into requests.

Independent of the simulator's own books: the only thing shared is the layout of the header that
precedes every upload.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from ipaddress import IPv4Address
from pathlib import Path
from typing import NamedTuple

from scapy.utils import RawPcapReader

SERVER_PORT = 9000
MAGIC = 0x544E4451
HEADER = struct.Struct(">IQIIIIII")
MODULUS = 2**32

# Link types of libpcap; 802.11 frames are those of a station to its AP.
DLT_PPP, DLT_RADIOTAP = 9, 127
QOS_DATA, RETRY = 0x88, 0x08
QOS_HEADER_BYTES, LLC_BYTES = 26, 8
TCP_PROTOCOL, IP_TCP_BYTES = 6, 20 + 20
TCP_HEADER = struct.Struct(">HHIIBB")
SYN, RST = 0x02, 0x04


class Message(NamedTuple):
    """An upload as far as it is in the stream."""

    request_id: int
    attempt: int
    user: int
    option: int
    declared_bytes: int  # what the header says
    seen_bytes: int  # what is there


@dataclass
class Upstream:
    """One direction of one connection, user to site."""

    port: int
    user_address: str
    site_address: str
    first_sequence: int = 0
    parts: dict[int, bytes] = field(default_factory=dict)
    mac_duplicates: int = 0
    tcp_duplicates: int = 0
    reset: bool = False

    def add(self, sequence: int, flags: int, payload: bytes, mac_retry: bool) -> None:
        """Note a segment; one that brings nothing new counts as a duplicate."""
        if flags & SYN:
            self.first_sequence = sequence + 1
        self.reset = self.reset or bool(flags & RST)
        if not payload:
            return
        at = (sequence - self.first_sequence) % MODULUS
        if len(self.parts.get(at, b"")) >= len(payload):
            if mac_retry:
                self.mac_duplicates += 1
            else:
                self.tcp_duplicates += 1
            return
        self.parts[at] = payload

    def stream(self) -> bytes:
        """The bytes from the beginning of the stream up to the first gap."""
        stream = b""
        for at in sorted(self.parts):
            if at > len(stream):
                break
            stream += self.parts[at][len(stream) - at :]
        return stream

    def messages(self) -> list[Message]:
        """The uploads in the stream, the last one perhaps cut off."""
        stream = self.stream()
        found = []
        at = 0
        while at + HEADER.size <= len(stream):
            magic, request, attempt, user, option, _, upload, _ = HEADER.unpack_from(stream, at)
            assert magic == MAGIC, f"port {self.port}: no request header at byte {at}"
            seen = min(upload, len(stream) - at)
            found.append(Message(request, attempt, user, option, upload, seen))
            at += upload
        return found


def read_upstreams(path: Path) -> list[Upstream]:
    """The connections in a trace (802.11 with radiotap, or PPP), in order of their first packet."""
    streams: dict[tuple[str, str, int], Upstream] = {}
    with RawPcapReader(str(path)) as packets:
        unwrap = {DLT_PPP: unwrap_ppp, DLT_RADIOTAP: unwrap_radiotap}[packets.linktype]
        for frame, _ in packets:
            packet, retry = unwrap(frame)
            if len(packet) < IP_TCP_BYTES or packet[9] != TCP_PROTOCOL:
                continue
            source, destination = str(IPv4Address(packet[12:16])), str(IPv4Address(packet[16:20]))
            tcp = packet[4 * (packet[0] & 15) : int.from_bytes(packet[2:4], "big")]
            port, peer, sequence, _, offset, flags = TCP_HEADER.unpack_from(tcp)
            if peer == SERVER_PORT:
                key = (source, destination, port)
                # Connections of the warm-up are open when the trace begins: no SYN.
                stream = streams.setdefault(key, Upstream(port, source, destination, sequence))
                stream.add(sequence, flags, tcp[4 * (offset >> 4) :], retry)
    return list(streams.values())


def unwrap_ppp(frame: bytes) -> tuple[bytes, bool]:
    """The IP packet in a PPP frame; never a retransmission."""
    return frame[2:], False


def unwrap_radiotap(frame: bytes) -> tuple[bytes, bool]:
    """The IP packet in an 802.11 QoS data frame, empty for others; whether it is a retry."""
    mac = frame[int.from_bytes(frame[2:4], "little") :]
    if mac[0] != QOS_DATA:
        return b"", False
    return mac[QOS_HEADER_BYTES + LLC_BYTES :], bool(mac[1] & RETRY)
