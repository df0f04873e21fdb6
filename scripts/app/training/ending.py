# SPDX-License-Identifier: MIT
"""How every training run is played to its end."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from tandem.bridge.runs.writer import RunWriter
from tandem.scripts.app.common.stop_request import stop_requests


class PlayedRun(Protocol):
    """A run that can be played."""

    @property
    def facts(self) -> Mapping[str, object]:
        """What the folder's metadata tell of it in the end."""
        ...

    def run(self, stop_wanted: Callable[[], bool]) -> bool:
        """Train; returns False when ``stop_wanted()`` ended it before its end."""
        ...


def play_to_the_end(run: PlayedRun, writer: RunWriter) -> None:
    """Train until the end, or until a stop is asked for.

    Args:
        writer: of the run's folder; not entered yet.

    Raises:
        KeyboardInterrupt: it was interrupted; everything until then is in the folder.
    """
    with stop_requests() as stop_wanted, writer:
        complete = run.run(stop_wanted)
        writer.note(**run.facts)
        if not complete:
            raise KeyboardInterrupt
