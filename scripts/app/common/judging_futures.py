# SPDX-License-Identifier: MIT
"""Parses ``--futures``."""

from __future__ import annotations

from typing import Final

from tandem.scripts.app.common.errors import OptionError

HELP: Final = (
    "Futures in which each state is judged, against the action that is best in the others; 0: only "
    "the one that comes, against the best in hindsight."
)


def judging_futures(given: int) -> int:
    """A number of futures: 0, or 2 and more.

    Raises:
        OptionError: a single one, which cannot both choose and judge.
    """
    if given == 1:
        raise OptionError(
            "--futures 1: one future chooses and another one judges, so give 2 or more, or 0 to "
            "judge against hindsight"
        )
    return given
