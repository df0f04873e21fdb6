# SPDX-License-Identifier: MIT
"""What a run has recorded so far, on disk after every epoch: a log that a crash cannot damage.

``journal.bin`` is `MAGIC`, then a sequence of entries, each written with one system call: length
and CRC-32 of the rest, then values and arrays as `tandem.bridge.core.arrays` packs them. When
the process is killed, only the last entry can be torn, and readers leave that one out. The file
is locked while its run is alive: a second run in the same folder is refused, and a reader can tell
a killed run from a running one.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import struct
import time
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final

from numpy.typing import NDArray

from tandem.bridge.core.arrays import pack, unpack
from tandem.bridge.core.ownership import Owner, finalize
from tandem.bridge.runs.folder import JOURNAL, RunFolderError

#: If the machine fails, not only the process, at most this much time of the run is lost.
SYNC_S: Final = 5.0
#: First bytes of the file; the number is raised with every change of the format.
MAGIC: Final = b"tandem-journal-2\n"
_PREFIX: Final = struct.Struct("<QI")  # bytes of the rest, its CRC-32
_CALL: Final = "call"
_VALUES: Final = "values"


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
        keep_bytes: how much of an existing journal to keep; new entries follow it.

    Raises:
        RunFolderError: another run holds the lock, or the folder cannot be written.
    """

    def __init__(self, folder: Path, keep_bytes: int = 0) -> None:
        self._owner = Owner("this run")
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
        self._finalizer = finalize(self, _close, self._fd)
        self._bytes = keep_bytes
        self._synced_s = time.monotonic()

    def append(
        self, call: str, values: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]
    ) -> None:
        """Write one entry; it outlives this process from the moment this returns.

        Raises:
            RunFolderError: the disk is full or broken; everything before is safe.
        """
        self._owner.check()
        content = pack({_CALL: call, _VALUES: dict(values)}, arrays)
        entry = _PREFIX.pack(len(content), zlib.crc32(content)) + content
        if not self._bytes:
            entry = MAGIC + entry
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
                "it. Make room, then read or resume the run"
            ) from error
        self._bytes += len(entry)

    def close(self, *, delete: bool) -> None:
        """Release the lock; harmless when called twice."""
        self._owner.check()
        if self._finalizer.alive:
            if delete:
                self.path.unlink(missing_ok=True)
            self._finalizer()

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close(delete=False)


def _close(_owner: Owner, fd: int) -> None:
    """The lock ends with the last copy of its descriptor, so that forked ones must not last."""
    os.close(fd)


def read(folder: Path, begin: int = 0) -> Iterator[Entry]:
    """The whole entries of a journal, in order; ends at the first torn or damaged one.

    Args:
        folder: of the run.
        begin: the ``end`` of the entry before the first one wanted; 0: from the start.

    Raises:
        ValueError: the journal was written by a version with another format.
    """
    with (folder / JOURNAL).open("rb") as file:
        magic = file.read(len(MAGIC))
        if not MAGIC.startswith(magic):
            raise ValueError("another version wrote it; read or resume the run with that version")
        end = max(len(magic), begin)
        file.seek(end)
        while len(prefix := file.read(_PREFIX.size)) == _PREFIX.size:
            size, checksum = _PREFIX.unpack(prefix)
            left = os.fstat(file.fileno()).st_size - file.tell()
            if size > left:
                return
            content = file.read(size)
            if zlib.crc32(content) != checksum:
                return
            end += _PREFIX.size + size
            head, arrays = unpack(content)
            yield Entry(head[_CALL], head[_VALUES], arrays, end)
