# SPDX-License-Identifier: MIT
"""Coverage-guided fuzzing of the decoder: ``python fuzz_wire.py -max_total_time=60``.

Options are libFuzzer's. The first bytes of an input cut the rest into frames; corpus and crashes
stay in a temporary folder, so nothing is left behind.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["tandem.bridge.remote.wire"]):
    from tandem.bridge.remote import wire  # noqa: F401

from wire_samples import REPLIES, REQUESTS, decode_all

MOST_FRAMES = 4
LENGTH_BYTES = 2


def pack(frames: list[bytes]) -> bytes:
    """Frames as one input."""
    sizes = [len(frame).to_bytes(LENGTH_BYTES, "little") for frame in frames[:-1]]
    return bytes([len(frames)]) + b"".join(sizes) + b"".join(frames)


def unpack(data: bytes) -> list[bytes]:
    """The inverse of `pack`, of any bytes."""
    count = min(data[0] if data else 0, MOST_FRAMES)
    start = 1 + LENGTH_BYTES * max(0, count - 1)
    sizes, rest = data[1:start], data[start:]
    frames = []
    for number in range(count - 1):
        at = LENGTH_BYTES * number
        size = int.from_bytes(sizes[at : at + LENGTH_BYTES], "little")
        frames.append(rest[:size])
        rest = rest[size:]
    return [*frames, rest] if count else []


def test_one_input(data: bytes) -> None:
    """Called by the fuzzer; whatever it raises is a finding."""
    decode_all(unpack(data))


def main() -> None:
    """Fuzz until libFuzzer's own limits; it ends the process."""
    folder = Path(tempfile.mkdtemp(prefix="tandem-fuzz-"))
    corpus = folder / "corpus"
    corpus.mkdir()
    for number, frames in enumerate([*REQUESTS, *REPLIES]):
        assert unpack(pack(frames)) == frames
        (corpus / str(number)).write_bytes(pack(frames))
    child = os.fork()  # libFuzzer ends its process without telling Python
    if child == 0:
        arguments = [sys.argv[0], *sys.argv[1:], f"-artifact_prefix={folder}/", str(corpus)]
        atheris.Setup(arguments, test_one_input)
        atheris.Fuzz()
    _, status = os.waitpid(child, 0)
    findings = [path for path in folder.iterdir() if path.is_file()]
    for path in findings:
        print(f"finding {path.name}: {path.read_bytes()!r}", file=sys.stderr)
    for path in [*corpus.iterdir(), *findings]:
        path.unlink()
    corpus.rmdir()
    folder.rmdir()
    sys.exit(os.waitstatus_to_exitcode(status))


if __name__ == "__main__":
    main()
