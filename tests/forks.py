# SPDX-License-Identifier: MIT
"""What a forked copy of a test's own process gets when it tries something."""

from __future__ import annotations

import os
from collections.abc import Callable


def errors_in_a_fork(uses: list[Callable[[], object]]) -> list[str]:
    """The message of the error that each use raises in a forked child, "" for none."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:  # never returns: this copy of the test runner must not go on
        try:
            for use in uses:
                try:
                    use()
                    said = ""
                except Exception as error:
                    said = " ".join(str(error).split())
                os.write(writing, said.encode() + b"\n")
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as said_there:
        lines = said_there.read().splitlines()
    os.waitpid(child, 0)
    return lines
