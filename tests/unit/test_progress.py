# SPDX-License-Identifier: MIT
"""The progress bar: drawn on a terminal only."""

from __future__ import annotations

import io

from rich.console import Console

from tandem.scripts.app.progress import progress


def shown(console: Console, *, quiet: bool = False) -> str:
    """What a bar writes that has two of three runs done and changes its texts."""
    with progress("sweep", 3, "runs", console=console, quiet=quiet, done=1) as bar:
        bar.advance()
        bar.describe("second")
        bar.note("cost 12 ms")
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_a_terminal_sees_description_count_and_note() -> None:
    terminal = Console(file=io.StringIO(), force_terminal=True, width=100)
    text = shown(terminal)
    assert "second" in text
    assert "2/3" in text
    assert "cost 12 ms" in text


def test_a_pipe_and_quiet_see_nothing() -> None:
    assert shown(Console(file=io.StringIO())) == ""
    assert shown(Console(file=io.StringIO(), force_terminal=True), quiet=True).strip() == ""
