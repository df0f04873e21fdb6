# SPDX-License-Identifier: MIT
"""All parts of a command, with one bar over them."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing

from rich.console import Console

from tandem.bridge.parts.api import Done, Executor, Folders, P, R, Task
from tandem.scripts.app.progress import progress


def run_parts(
    executor: Executor,
    task: Task[P, R],
    parts: Sequence[P],
    folders: Folders,
    *,
    title: str,
    unit: str,
    console: Console,
    quiet: bool = False,
    told: bool = False,
) -> list[Done[P, R]]:
    """Do all parts; returns them in their order, also those that failed.

    Args:
        title, unit: of the bar.
        told: where there is no terminal for a bar, print a line for each part.

    Raises:
        KeyboardInterrupt: what was under way is stopped, and what is finished is kept.
        OtherBuild: a node of the cluster would not give the same results.
    """
    ended: list[Done[P, R]] = []
    total = int(sum(part.weight for part in parts))
    with (
        progress(title, total, unit, console=console, quiet=quiet) as bar,
        closing(executor.map(task, parts, folders)) as done,
    ):
        for one in done:
            ended.append(one)
            bar.advance(int(one.part.weight))
            if told and not quiet and not console.is_terminal:
                state = "" if one.failure is None else " failed"
                console.print(
                    f"{unit} {len(ended)} / {len(parts)}: {one.part.name}{state}", highlight=False
                )
    return sorted(ended, key=lambda one: one.number)
