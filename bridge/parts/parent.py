# SPDX-License-Identifier: MIT
"""Processes that end when the process that started them ends, however it does."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from typing import Final

#: Of ``prctl(2)``.
_SET_PARENT_DEATH_SIGNAL: Final = 1


def end_with_parent(parent: int) -> None:
    """From now on this process is killed when the thread that started it ends.

    Args:
        parent: process that started this one; if it has ended already, so does this one.
    """
    ctypes.CDLL(None).prctl(_SET_PARENT_DEATH_SIGNAL, int(signal.SIGKILL), 0, 0, 0)
    if os.getppid() != parent:
        sys.exit(1)
