# SPDX-License-Identifier: MIT
"""Atomic file replacement: a reader finds the old file or the new one, never a part of it.

The content is written to a temporary file in the same folder, flushed to the disk, and renamed.
The folder is flushed as well, so that the rename outlives a failure of the machine.
"""

from __future__ import annotations

import contextlib
import errno
import os
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Final

#: End of the name of a file that is being written.
UNFINISHED: Final = ".tmp"
#: Tries to make a folder whose parents another process makes and removes at the same time.
TRIES: Final = 20


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Replace ``path`` by what the body writes, if the body ends without an exception.

    Yields:
        A temporary path in the same folder. The body creates the file there; it gets the mode of
        any new file.

    Raises:
        OSError: the folder is missing, not writable or full. ``path`` is then as it was.
    """
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}{UNFINISHED}")
    try:
        yield temporary
        _flush(temporary)
        temporary.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise
    _flush(path.parent)


def replace_bytes(path: Path, content: bytes) -> None:
    """Replace ``path`` by a file with these bytes; raises `OSError` as `replacing` does."""
    with replacing(path) as temporary:
        temporary.write_bytes(content)


def replace_text(path: Path, text: str) -> None:
    """Replace ``path`` by a file with this text in UTF-8; raises `OSError` as `replacing` does."""
    replace_bytes(path, text.encode())


def try_to_make(folder: Path) -> None:
    """Find out whether a folder can be made and written to; leaves nothing behind.

    Raises:
        OSError: it cannot.
    """
    if folder.is_dir():
        if not os.access(folder, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, "it may not be written to", str(folder))
        return
    if folder.exists():
        raise NotADirectoryError(errno.ENOTDIR, "it is a file", str(folder))
    for left in reversed(range(TRIES)):
        try:
            _make_and_remove([path for path in (folder, *folder.parents) if not path.exists()])
        except (FileNotFoundError, FileExistsError):
            if not left:
                raise
        else:
            return


def _make_and_remove(absent: list[Path]) -> None:
    """Folders, each one in the next, none of which exists."""
    made: list[Path] = []
    try:
        for path in reversed(absent):
            path.mkdir()
            made.append(path)
    finally:
        for path in reversed(made):
            with contextlib.suppress(OSError):  # something has been put there meanwhile
                path.rmdir()


def unfinished(folder: Path) -> Iterator[Path]:
    """Temporary files in ``folder``: being written, or left by a process that was killed."""
    return folder.glob(f".*{UNFINISHED}")


def remove_unfinished(folder: Path) -> None:
    """Remove what killed processes left; call it only while no process writes to ``folder``."""
    for path in unfinished(folder):
        path.unlink(missing_ok=True)


def _flush(path: Path) -> None:
    """Wait until a file, or the entries of a folder, are on the disk."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
