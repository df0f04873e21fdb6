# SPDX-License-Identifier: MIT
"""``tandem run`` in a process of its own, which ends with the one that began it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence

from tandem.bridge.core.errors import TandemError
from tandem.bridge.parts.parent import end_with_parent


class RunFailed(TandemError):
    """A run of a sweep failed; the message is what it printed."""


def one_run(options: Sequence[str]) -> None:
    """Run it with these options; if this process is told to end, the run ends in order first.

    Raises:
        RunFailed: its exit status is not 0.
    """
    command = [sys.executable, "-m", __name__, str(os.getpid()), "run", *options]
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


if __name__ == "__main__":
    end_with_parent(int(sys.argv.pop(1)))
    from tandem.scripts.main import main

    main()
