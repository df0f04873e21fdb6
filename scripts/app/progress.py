# SPDX-License-Identifier: MIT
"""The progress bar of every command."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

_BAR_WIDTH: Final = 20


class ProgressBar:
    """A bar that is on the screen; made by `progress`."""

    def __init__(self, shown: Progress, task: TaskID) -> None:
        self._shown = shown
        self._task = task

    def advance(self, steps: int = 1) -> None:
        """Add to the number done."""
        self._shown.advance(self._task, steps)

    def reach(self, done: int) -> None:
        """Set the number done."""
        self._shown.update(self._task, completed=done)

    def describe(self, description: str) -> None:
        """Change the text before the bar."""
        self._shown.update(self._task, description=description)

    def note(self, text: str) -> None:
        """Change the text behind the count, which is the unit at first."""
        self._shown.update(self._task, note=text)


@contextmanager
def progress(
    description: str,
    total: int,
    unit: str,
    *,
    console: Console | None = None,
    quiet: bool = False,
    done: int = 0,
) -> Iterator[ProgressBar]:
    """A progress bar, removed at the end; nothing is shown where there is no terminal.

    Args:
        description: stands before the bar.
        total: what 100 % is.
        unit: what is counted, in the plural.
        console: where it is drawn; default: standard error.
        quiet: show nothing.
        done: where it starts.

    >>> with progress("oracle", oracle.branches, "branches") as bar:  # doctest: +SKIP
    ...     solution = oracle.solve(walk, bar.advance)
    """
    console = console or Console(stderr=True)
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=_BAR_WIDTH),
        MofNCompleteColumn(),
        TextColumn("{task.fields[note]}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=quiet or not console.is_terminal,
    ) as shown:
        yield ProgressBar(
            shown, shown.add_task(description, total=total, completed=done, note=unit)
        )
