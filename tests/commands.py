# SPDX-License-Identifier: MIT
"""The `tandem` command in this process: its imports take longer than most of its work."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from dataclasses import dataclass
from unittest.mock import patch

from tandem.scripts.main import main

#: So wide that no message is wrapped.
COLUMNS = "1000"


@dataclass(frozen=True)
class Finished:
    """What a command left behind."""

    returncode: int
    stdout: str
    stderr: str


def tandem(*arguments: str) -> Finished:
    """Run ``tandem ARGUMENTS``."""
    stdout, stderr = io.StringIO(), io.StringIO()
    status: object = 0
    with (
        patch.object(sys, "argv", ["tandem", *arguments]),
        patch.dict(os.environ, {"COLUMNS": COLUMNS}),
        contextlib.redirect_stdout(stdout),
        contextlib.redirect_stderr(stderr),
    ):
        try:
            main()
        except SystemExit as end:
            status = end.code or 0
    return Finished(int(str(status)), stdout.getvalue(), stderr.getvalue())
