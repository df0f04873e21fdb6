# SPDX-License-Identifier: MIT
"""``tandem explain``: why one request was slow."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tandem.bridge.runs.reader import load_run
from tandem.scripts.app.common.errors import OptionError
from tandem.scripts.app.inspection import measures
from tandem.scripts.app.inspection.decision_story import print_decision, story_of_decision
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
    decision: Annotated[
        int | None, typer.Option(help="Number of a decision in its episode, instead of a request.")
    ] = None,
) -> None:
    """Explain why a request took so long, or what happened at a decision.

    Of an inference scenario: where a request's time went, what its upload met on the
    radio, and which requests delayed it. With --decision, and of any other scenario: what was seen,
    played and got at a decision, beside what is usual in the run; by default the one with the
    lowest reward.

    Packet counts need a run recorded with --frames. Example: tandem explain runs/a --request 12
    """
    run = load_run(folder)
    if decision is not None or not measures.has_requests(run):
        if request is not None:
            raise OptionError(
                "--request is for runs of inference scenarios, without --decision: leave it out"
            )
        print_decision(wide_console(), run, story_of_decision(run, episode, decision))
        return
    story = story_of(run, find_request(run, request, episode))
    print_story(wide_console(), run, story)
