# SPDX-License-Identifier: MIT
"""What a run has recorded so far, on disk after every epoch: a log that a crash cannot damage.

``journal.bin`` is a sequence of entries, each written with one system call: length and CRC-32 of
the rest, a JSON header, raw arrays. A killed process leaves whole entries and at most one torn
one at the end, which readers leave out. The file is locked while its run is alive, so that a second
run in the same folder is refused, and a reader can tell a killed run from a running one.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import math
import os
import struct
import time
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from tandem.bridge.runs.folder import RunFolderError

JOURNAL: Final = "journal.bin"
#: At most so much is lost when the machine, not only the process, fails.
SYNC_S: Final = 5.0
_PREFIX: Final = struct.Struct("<QII")  # bytes of the rest, its CRC-32, bytes of the JSON header


@dataclass(frozen=True, slots=True)
class Entry:
    """One call to a `RunWriter`.

    Attributes:
        call: which.
        values: its plain arguments.
        arrays: its arrays.
        end: offset in the file after this entry.
    """

    call: str
    values: Mapping[str, Any]
    arrays: Mapping[str, NDArray[Any]]
    end: int


class Journal:
    """Appends entries to a folder's journal; holds its lock until `close`.

    Args:
        folder: of the run.
        keep_bytes: how much of an existing journal is gone on with.

    Raises:
        RunFolderError: another run holds the lock, or the folder cannot be written.
    """

    def __init__(self, folder: Path, keep_bytes: int = 0) -> None:
        self.path = folder / JOURNAL
        try:
            self._fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise RunFolderError(f"cannot write {self.path}: {error.strerror}") from error
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.ftruncate(self._fd, keep_bytes)
        except BlockingIOError:
            os.close(self._fd)
            raise RunFolderError(
                f"another run is writing to {folder}: choose another --out, or wait for its end"
            ) from None
        self._bytes = keep_bytes
        self._synced_s = time.monotonic()

    def append(
        self, call: str, values: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]
    ) -> None:
        """Write one entry; it outlives this process from the moment this returns.

        Raises:
            RunFolderError: the disk is full or broken; everything before is safe.
        """
        entry = _encode(call, values, arrays)
        try:
            written = os.pwrite(self._fd, entry, self._bytes)
            if written != len(entry):
                # A full disk takes a part, and says so only when asked for the rest.
                os.pwrite(self._fd, entry[written:], self._bytes + written)
            now_s = time.monotonic()
            if now_s - self._synced_s >= SYNC_S:
                os.fdatasync(self._fd)
                self._synced_s = now_s
        except OSError as error:
            with contextlib.suppress(OSError):
                os.ftruncate(self._fd, self._bytes)
            raise RunFolderError(
                f"cannot write {self.path}: {error.strerror}; every epoch before this one is in "
                "it. Make room, then read the run or go on with it"
            ) from error
        self._bytes += len(entry)

    def close(self, *, delete: bool) -> None:
        """Give up the lock; harmless when called twice."""
        if self._fd >= 0:
            if delete:
                self.path.unlink(missing_ok=True)
            os.close(self._fd)
            self._fd = -1

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close(delete=False)


def read(folder: Path) -> Iterator[Entry]:
    """The whole entries of a journal, in order; ends at the first torn or damaged one."""
    with (folder / JOURNAL).open("rb") as file:
        end = 0
        while len(prefix := file.read(_PREFIX.size)) == _PREFIX.size:
            size, checksum, header_bytes = _PREFIX.unpack(prefix)
            left = os.fstat(file.fileno()).st_size - file.tell()
            if size > left or header_bytes > size:
                return
            rest = file.read(size)
            if zlib.crc32(rest) != checksum:
                return
            end += _PREFIX.size + size
            yield _decode(rest, header_bytes, end)


def is_locked(folder: Path) -> bool:
    """Whether a living run writes to the folder."""
    try:
        with (folder / JOURNAL).open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def _encode(call: str, values: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> bytes:
    specs = []
    parts = []
    for name, given in arrays.items():
        array = np.asarray(given, order="C")
        specs.append([name, _descr(array.dtype), list(array.shape)])
        parts.append(array.tobytes())
    header = json.dumps({"call": call, "values": values, "arrays": specs}).encode()
    rest = b"".join([header, *parts])
    return _PREFIX.pack(len(rest), zlib.crc32(rest), len(header)) + rest


def _decode(rest: bytes, header_bytes: int, end: int) -> Entry:
    header = json.loads(rest[:header_bytes])
    arrays: dict[str, NDArray[Any]] = {}
    offset = header_bytes
    for name, descr, shape in header["arrays"]:
        dtype = _dtype(descr)
        count = math.prod(shape)
        arrays[name] = np.frombuffer(rest, dtype, count, offset).reshape(shape).copy()
        offset += count * dtype.itemsize
    return Entry(header["call"], header["values"], arrays, end)


def _descr(dtype: np.dtype[Any]) -> Any:
    """``"<f8"``, or name and type of each column."""
    if dtype.names is None:
        return dtype.str
    return [[name, dtype[name].str] for name in dtype.names]


def _dtype(descr: Any) -> np.dtype[Any]:
    if isinstance(descr, str):
        return np.dtype(descr)
    return np.dtype([(name, kind) for name, kind in descr])
