# SPDX-License-Identifier: MIT
"""``tandem run`` in a process of its own, which ends with the one that began it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from typing import Final

from tandem.bridge.core.errors import TandemError

ENDING_WITH_PARENT: Final = "tandem.bridge.parts.parent"
PROGRAM: Final = "tandem.scripts.main"


class RunFailed(TandemError):
    """A run of a sweep failed; the message is what it printed."""


def one_run(options: Sequence[str]) -> None:
    """Run it with these options; if this process is told to end, the run ends in order first.

    Raises:
        RunFailed: its exit status is not 0.
    """
    program = [sys.executable, "-m", ENDING_WITH_PARENT, str(os.getpid()), PROGRAM]
    command = [*program, "run", *options]
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    try:
        _, errors = process.communicate()
    finally:
        process.terminate()
        process.wait()
    if process.returncode:
        raise RunFailed(errors.strip() or f"exit status {process.returncode}")
