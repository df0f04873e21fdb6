# SPDX-License-Identifier: MIT
"""Processes that end when the process that started them ends, however it does.

``python -m tandem.bridge.parts.parent PID MODULE ARGUMENTS`` runs a module in this way.
"""

from __future__ import annotations

import ctypes
import os
import runpy
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


if __name__ == "__main__":
    _, parent, module, *arguments = sys.argv
    end_with_parent(int(parent))
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)
