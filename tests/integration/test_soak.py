# SPDX-License-Identifier: MIT
"""A soak of a few seconds: everything of ``make soak`` but its length."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

SOAK = Path(__file__).parents[1] / "soak" / "soak.py"
SHORT_S = 5


def test_a_short_soak_loses_nothing() -> None:
    done = subprocess.run(
        [sys.executable, SOAK, str(SHORT_S)],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "nothing grows, nothing is left" in done.stdout
    for done_and_survived in ("killed: ", "branches ", "resets ", "server, Python: RSS"):
        assert done_and_survived in done.stdout
