# SPDX-License-Identifier: MIT
"""In how many futures an option asks to judge."""

from __future__ import annotations

from typing import Final

import typer

HELP: Final = (
    "Judge in so many futures of each state, against the action that is best in the others; 0: in "
    "the one that comes, against hindsight."
)


def judging_futures(given: int) -> int:
    """A number of futures: 0, or 2 and more.

    Raises:
        typer.BadParameter: a single one, which cannot both choose and judge.
    """
    if given == 1:
        raise typer.BadParameter(
            "--futures 1: one future chooses and another one judges, so give 2 or more, or 0 to "
            "judge against hindsight"
        )
    return given
