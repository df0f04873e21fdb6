# SPDX-License-Identifier: MIT
"""Runs one part and keeps its error as text."""

from __future__ import annotations

import traceback

from tandem.bridge.core.errors import TandemError
from tandem.bridge.parts.api import Ended, Failure, Folders, P, R, Task


def attempt(task: Task[P, R], part: P, folders: Folders) -> Ended[R]:
    """The part's result, or why it has none.

    Errors of other libraries cannot always be pickled, so that only their text travels. What ends
    the process, as Ctrl-C does, is passed on.
    """
    try:
        return task.run(part, folders), None
    except TandemError as error:
        return None, Failure(str(error))
    except Exception as error:
        return None, Failure(f"{type(error).__name__}: {error}", traceback.format_exc())
