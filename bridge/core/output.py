# SPDX-License-Identifier: MIT
"""What a simulator prints: kept for error messages in bounded space, shown, or written to a file.

A simulator writes straight into a file, so that no reader can hold it up. `KeptOutput` frees the
middle of that file as it grows (a hole in it: `fallocate`), so that the first and the last part
stay.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import subprocess
import tempfile
import threading
import time
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Final, Protocol, TypeAlias

from tandem.bridge.core.errors import TandemError, excerpt

#: Where a simulator's output goes: ``None`` keeps it for error messages, `SHOWN` shows it, anything
#: else is the path of a file.
OutputChoice: TypeAlias = str | os.PathLike[str] | None
#: The choice that lets a simulator write to the standard output and error of this process.
SHOWN: Final = "inherit"
#: How much of the beginning of a kept output stays.
HEAD_BYTES: Final = 64 << 10
#: How much of its end stays.
TAIL_BYTES: Final = 1 << 20
#: What it may take beyond that before its middle is freed.
SLACK_BYTES: Final = 1 << 20
#: Between two looks at how much was printed; shorter while there is much.
CHECK_S: Final = 0.25
BUSY_CHECK_S: Final = 0.02

_MESSAGE_BYTES: Final = 16384
"""What is read for an error message."""
_MESSAGE_LINES: Final = 20
_BLOCK_BYTES: Final = 4096
_STATED_BLOCK_BYTES: Final = 512  # unit of st_blocks
_KEEP_SIZE: Final = 1
_PUNCH_HOLE: Final = 2
_fallocate = ctypes.CDLL(None, use_errno=True).fallocate
_fallocate.argtypes = (ctypes.c_int, ctypes.c_int, ctypes.c_int64, ctypes.c_int64)


class Output(Protocol):
    """Where the processes of one simulator write."""

    @property
    def stdout(self) -> int | None:
        """As `subprocess.Popen` takes it."""
        ...

    @property
    def stderr(self) -> int | None:
        """As `subprocess.Popen` takes it."""
        ...

    def tail(self, lines: int = ...) -> str:
        """The last lines, for an error message."""
        ...

    def summary(self) -> str:
        """The lines that say what is wrong, with the first and the last.

        ns-3 names a wrong argument first, then lists all others.
        """
        ...

    def close(self) -> None:
        """Free what belongs to it; may be called again, and from any thread."""
        ...


def absolute(choice: OutputChoice) -> OutputChoice:
    """The same choice for any working folder."""
    return choice if choice is None or choice == SHOWN else Path(choice).absolute()


def open_output(choice: OutputChoice) -> Output:
    """Where a simulator is to write.

    Raises:
        TandemError: the file cannot be opened.
        OSError: no descriptor is left.
    """
    if choice is None:
        return KeptOutput()
    return ShownOutput() if choice == SHOWN else FileOutput(Path(choice))


class ShownOutput:
    """Standard output and error of this process."""

    def __init__(self) -> None:
        self.stdout = None if _is_open(1) else subprocess.DEVNULL
        self.stderr = None if _is_open(2) else subprocess.DEVNULL

    def tail(self, lines: int = _MESSAGE_LINES) -> str:
        """Says where it went."""
        return "(it was shown on the standard output and error of this process)"

    def summary(self) -> str:
        """As `tail`."""
        return self.tail()

    def close(self) -> None:
        """Nothing to free."""


class _FileBacked:
    """An output that goes into an open file, from its present end on."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._begin = os.fstat(file.fileno()).st_size
        self.stdout = file.fileno()
        self.stderr = subprocess.STDOUT
        self._guard = threading.Lock()
        self._unwanted = False

    def tail(self, lines: int = _MESSAGE_LINES) -> str:
        """The last lines; "" when the output is closed, or cannot be read (a pipe)."""
        with self._held(wait=True) as fd:
            size = 0 if fd is None else os.fstat(fd).st_size
            data = _read(fd, max(self._begin, size - _MESSAGE_BYTES))
        return "\n".join(_lines(data)[-lines:])

    def summary(self) -> str:
        """The lines that say what is wrong, with the first and the last."""
        with self._held(wait=True) as fd:
            size = 0 if fd is None else os.fstat(fd).st_size
            middle = max(self._begin + _MESSAGE_BYTES, size - _MESSAGE_BYTES)
            data = _read(fd, self._begin)
            data += _read(fd, middle) if middle < size else b""
        lines = [line for line in _lines(data) if line.strip()]
        return "\n".join(excerpt(lines, _MESSAGE_LINES))

    def close(self) -> None:
        """Close the file, or have whoever uses it at this moment close it."""
        self._unwanted = True
        self._close_if_idle()

    @contextlib.contextmanager
    def _held(self, *, wait: bool) -> Iterator[int | None]:
        """The descriptor, which stays open meanwhile; ``None`` if it is closed or in use."""
        # With a limit: a forked copy of this process may have inherited a lock that nobody frees.
        if not self._guard.acquire(timeout=1.0 if wait else 0.0):
            yield None
            return
        try:
            yield None if self._file.closed or self._unwanted else self._file.fileno()
        finally:
            self._guard.release()
            self._close_if_idle()

    def _close_if_idle(self) -> None:
        # Never waits: a garbage collection may close an output in the very thread that uses it.
        if self._unwanted and self._guard.acquire(blocking=False):
            try:
                self._file.close()
            finally:
                self._guard.release()


class FileOutput(_FileBacked):
    """A file of the user's. It is appended to, and not bounded.

    Raises:
        TandemError: it cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        try:
            file = path.open("a+b", buffering=0)
        except OSError as error:
            raise TandemError(
                f"the simulator's output cannot be written to {path}: {error.strerror}; give "
                f"another file, or {SHOWN!r} to see it"
            ) from error
        super().__init__(file)


class KeptOutput(_FileBacked):
    """An unnamed file, for error messages: its first `HEAD_BYTES` and last `TAIL_BYTES`."""

    def __init__(self) -> None:
        super().__init__(_unnamed_file())
        self.dropped_bytes = 0
        _KEEPER.add(self)

    def tail(self, lines: int = _MESSAGE_LINES) -> str:
        """The last lines; says before them what was dropped."""
        text = super().tail(lines)
        if not self.dropped_bytes:
            return text
        return f"({self.dropped_bytes} bytes of earlier output were dropped)\n{text}"

    def trim(self) -> bool:
        """Free the middle if there is too much of it; whether there was."""
        with self._held(wait=False) as fd:
            if fd is None:
                return False
            info = os.fstat(fd)
            taken = info.st_blocks * _STATED_BLOCK_BYTES
            end = (info.st_size - TAIL_BYTES) // _BLOCK_BYTES * _BLOCK_BYTES
            if taken <= HEAD_BYTES + TAIL_BYTES + SLACK_BYTES or end <= HEAD_BYTES:
                return False
            _punch(fd, HEAD_BYTES, end - HEAD_BYTES)
            self.dropped_bytes = end - HEAD_BYTES
            return True


class _Keeper:
    """The thread that trims every `KeptOutput` of this process."""

    def __init__(self) -> None:
        self._outputs: weakref.WeakSet[KeptOutput] = weakref.WeakSet()
        self._thread: threading.Thread | None = None
        self._changed = threading.Condition()

    def add(self, output: KeptOutput) -> None:
        """Look after an output for as long as it exists."""
        with self._changed:
            self._outputs.add(output)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="tandem-output", daemon=True)
                self._thread.start()
            self._changed.notify()

    def start_anew(self) -> None:
        """In a forked copy of this process: it has neither the thread nor simulators of its own."""
        self._outputs = weakref.WeakSet()
        self._thread = None
        self._changed = threading.Condition()

    def _run(self) -> None:
        while True:
            with self._changed:
                outputs = list(self._outputs)
                if not outputs:
                    self._changed.wait()
            busy = [output.trim() for output in outputs].count(True) > 0
            outputs.clear()  # so that it does not keep them
            time.sleep(BUSY_CHECK_S if busy else CHECK_S)


def _unnamed_file() -> IO[bytes]:
    """A file without a name whose middle can be freed: on disk, or else in memory."""
    with contextlib.suppress(FileNotFoundError, PermissionError):  # no folder for such files
        file = tempfile.TemporaryFile(prefix="tandem-", buffering=0)  # noqa: SIM115
        try:
            _punch(file.fileno(), 0, _BLOCK_BYTES)
        except OSError:  # not on this file system
            file.close()
        else:
            return file
    return os.fdopen(os.memfd_create("tandem-output", os.MFD_CLOEXEC), "w+b", buffering=0)


def _punch(fd: int, begin: int, size: int) -> None:
    """Free a part of a file; reading it gives zeros.

    Raises:
        OSError: the file system cannot.
    """
    if _fallocate(fd, _PUNCH_HOLE | _KEEP_SIZE, begin, size):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def _read(fd: int | None, begin: int) -> bytes:
    if fd is None:
        return b""
    with contextlib.suppress(OSError):
        # The file's position is shared with the processes that write it, so it is not used.
        return os.pread(fd, _MESSAGE_BYTES, begin)
    return b""


def _lines(data: bytes) -> list[str]:
    return data.decode(errors="replace").splitlines()


def _is_open(fd: int) -> bool:
    try:
        os.fstat(fd)
    except OSError:
        return False
    return True


_KEEPER: Final = _Keeper()
os.register_at_fork(after_in_child=_KEEPER.start_anew)
