# SPDX-License-Identifier: MIT
"""A folder of this process for the parts that it does, on a node of a cluster.

Ray kills its workers, so nobody tidies up at their end. Each process therefore locks its folder,
and the next one removes those of which the lock is free.
"""

from __future__ import annotations

import contextlib
import fcntl
import functools
import os
import shutil
import tempfile
from pathlib import Path
from typing import Final

PREFIX: Final = "tandem-parts-"
_LOCK: Final = "lock"


@functools.cache
def scratch_folder() -> Path:
    """The folder; parts come one after the other and find the same paths in it.

    So what one part has read into memory serves the next one.
    """
    remove_abandoned()
    folder = Path(tempfile.mkdtemp(prefix=PREFIX))
    _locked(folder, os.O_CREAT)
    return folder


def remove_abandoned() -> None:
    """Remove the folders of processes that have ended."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        # Another user's, or one that is being made or removed.
        with contextlib.suppress(OSError):
            descriptor = _locked(folder)
            shutil.rmtree(folder, ignore_errors=True)
            os.close(descriptor)


def _locked(folder: Path, more: int = 0) -> int:
    """The descriptor that holds the lock until this process ends.

    Raises:
        OSError: another process holds it.
    """
    descriptor = os.open(folder / _LOCK, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW | more)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor
