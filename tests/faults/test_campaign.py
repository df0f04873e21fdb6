# SPDX-License-Identifier: MIT
"""A short campaign of random kills, of every kind; ``make faults`` runs the long one."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

KILLS = 18
SEED = 5


def test_a_short_campaign_leaks_and_loses_nothing() -> None:
    """In a process of its own, which adopts every orphan."""
    script = Path(__file__).with_name("campaign.py")
    done = subprocess.run(
        [sys.executable, str(script), f"--kills={KILLS}", f"--seed={SEED}", "--limit=100"],
        capture_output=True,
        text=True,
        check=False,
    )
    report = done.stdout + done.stderr
    assert done.returncode == 0, report
    injected = dict(re.findall(r"^([a-z, ]+?) +(\d+) +[\d.]+ s", done.stdout, re.MULTILINE))
    assert int(injected["all"]) >= KILLS, report
    assert {
        "simulator",
        "zygote",
        "its keeper",
        "branch child",
        "next episode",
        "agent",
        "server, client told",
    } <= set(injected)
    assert "leaks: 0 (" in report
    assert "lost requests: 0" in report
