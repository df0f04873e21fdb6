# SPDX-License-Identifier: MIT
"""``tandem doctor``: checks what tandem needs, and says how to fix what is missing."""

from __future__ import annotations

import typer
from rich.console import Console

from tandem.scripts.app.checks import (
    CHECKS,
    Verdict,
)


def doctor() -> None:
    """Check compiler, ns-3, shared memory and versions, and say how to fix faults.

    Exit status 1 if something that tandem cannot do without is missing.
    """
    console = Console()
    failed = 0
    for check in CHECKS:
        finding = check()
        failed += finding.verdict is Verdict.FAIL
        console.print(f"{finding.verdict.value} {finding.subject:<14}", end="")
        console.print(finding.found, highlight=False, markup=False, soft_wrap=True)
        if finding.fix:
            console.print(f"     → {finding.fix}", highlight=False, markup=False, soft_wrap=True)
    if failed:
        console.print(f"[red]{failed} to fix[/]")
        raise typer.Exit(1)
    console.print("everything that tandem needs is here")
