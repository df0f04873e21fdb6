# SPDX-License-Identifier: MIT
"""``tandem explain``: why one request was slow."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tandem.scripts.app.inspection import measures
from tandem.scripts.app.inspection.story import find_request, story_of
from tandem.scripts.app.inspection.story_text import (
    print_story,
)
from tandem.scripts.app.tables import wide_console


def explain(
    folder: Annotated[Path, typer.Argument(help="Run folder.")],
    request: Annotated[
        int | None, typer.Option(help="Number of the request; default: the slowest one.")
    ] = None,
    episode: Annotated[int | None, typer.Option(help="Episode that it is in.")] = None,
) -> None:
    """Explain why a request took so long.

    Where its time went, what its upload met on the radio, and which requests delayed it.

    Packet counts need a run recorded with --frames. Example: tandem explain runs/a --request 12
    """
    run = measures.load_run(folder)
    story = story_of(run, find_request(run, request, episode))
    print_story(wide_console(), run, story)
