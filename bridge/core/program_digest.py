# SPDX-License-Identifier: MIT
"""A fingerprint of a simulator's program and libraries: equal digests mean equal results."""

from __future__ import annotations

import contextlib
import functools
import hashlib
from pathlib import Path
from typing import Final

_READ_BYTES: Final = 1 << 20


def program_digest(pid: int, executable: Path) -> str:
    """Digest of a running scenario's executable and of the ns-3 libraries that it has loaded."""
    files = {executable.resolve(), *loaded_ns3(pid)}
    digest = hashlib.sha256()
    for file in sorted(files, key=lambda file: file.name):
        digest.update(f"{file.name}:{file_digest(file)}\n".encode())
    return digest.hexdigest()


def loaded_ns3(pid: int) -> set[Path]:
    """The ns-3 libraries that a running scenario has really loaded."""
    found = set()
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/maps").read_text(encoding="utf-8").splitlines():
            mapped = line.partition("/")[2]
            if mapped and "libns3" in Path(mapped).name:
                found.add(Path("/" + mapped))
    return found


def ns3_folder(pid: int) -> str:
    """Where they were loaded from; several folders are separated by colons."""
    return ":".join(sorted({str(file.parent) for file in loaded_ns3(pid)}))


def file_digest(path: Path) -> str:
    """SHA-256 of a file's content; read again only when its date or size changes."""
    status = path.stat()
    return _digest(path, status.st_size, status.st_mtime_ns)


@functools.cache
def _digest(path: Path, size: int, modified_ns: int) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_READ_BYTES):
            digest.update(block)
    return digest.hexdigest()
